import { formatCount, formatDay, formatDuration, formatNumber, formatSeconds } from '../../format.ts';
import { revisionWarnings } from '../../revisions.ts';
import type { SweepReport } from '../../sweep/schema.ts';
import { limitsSection } from '../appendix.ts';
import { renderDocument, warningBox } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { idOf } from '../plot.ts';
import { facts, section } from '../section.ts';
import { marketsSection, silentSection, sweptDataSection, sweptSettingsSection } from './appendix.ts';
import { effectsOfStrategy } from './effects.ts';
import { looksSection } from './looks.ts';
import { luckSection } from './luck.ts';
import { mapsOfStrategy } from './maps.ts';
import { topSection } from './top-table.ts';
import { conditionsInWords, countedInWords, replaysInWords, sweepInWords } from './words.ts';

/** The report of a sweep as one HTML file, in the manner of a study's; it has no script at all. */
export function renderSweepHtml(report: SweepReport): string {
  return renderDocument({
    title: `${report.sweep.name} – Candor sweep`,
    isSynthetic: report.data.isSynthetic,
    masthead: masthead(report),
    sections: [
      topSection(report),
      luckSection(report),
      looksSection(report),
      ...report.strategies.map((strategy) => strategySection(report, strategy)),
      marketsSection(report),
      silentSection(report),
      limitsSection(report),
      sweptDataSection(report),
      sweptSettingsSection(report),
    ],
    footer: 'A sweep searches the past. It promises nothing about the future, and nothing here is advice.',
  });
}

function masthead(report: SweepReport): Markup {
  const { data, sweep, combinations, made, replays, warnings } = report;
  const span = `${formatDay(data.fromMs)} – ${formatDay(data.toMs)}, ${formatDuration(data.toMs - data.fromMs)}`;
  const candles = data.series.reduce((sum, series) => sum + series.candles, 0);
  return html`<header class="masthead"><p class="eyebrow">Candor · sweep</p><h1>${sweep.name}</h1>
<p class="lead">${sweepInWords(report)}</p>
<p>Nothing on this page is a verdict: a sweep finds where to look, and <code>candor study</code> asks whether there is
anything there.</p>
${warningBox([...revisionWarnings(report), ...warnings])}
${facts([
  ['Data', data.isSynthetic ? html`<b>invented prices</b>` : `${data.source}, trade candles`],
  ['Coins', `${sweep.coins.join(', ')}${sweep.account === 'shared' ? ' on one account' : ''}`],
  ['Span', span],
  ['Candles', `${formatNumber(candles)} of ${sweep.intervals.join(', ')}`],
  ['Combinations', formatNumber(combinations)],
  ['Ranked', conditionsInWords(report)],
  ['It took', `${formatSeconds(made.durationsMs['sweep'] ?? 0)} on ${formatCount(made.workers, 'thread')}`],
  ['Found equal by the reference engine', replaysInWords(replays)],
  ['Fingerprint', html`<code>${data.fingerprint.slice(0, 16)}</code>`],
])}</header>`;
}

/** Where the strategy does well: along every axis, and over two at a time. */
function strategySection(
  report: SweepReport,
  { name, summary, thesis, sets }: SweepReport['strategies'][number],
): Markup {
  const effects = report.effects.find(({ strategy }) => strategy === name);
  const maps = report.maps.filter(({ strategy }) => strategy === name);
  const leftOut =
    report.mapsLeftOut === 0
      ? ''
      : html`<p class="note">To keep this page light, the maps of ${formatCount(report.mapsLeftOut, 'market')}
whose best ranks lower are left out.</p>`;
  return section(
    report,
    idOf('strategy', name),
    name,
    html`<p class="lead">${summary}</p>
<p class="soft">Bets on ${thesis}. ${formatCount(sets, 'set')} of params were tried.</p>
<div class="blocks">${effects === undefined ? '' : effectsOfStrategy(effects, countedInWords(report))}
${mapsOfStrategy(report, maps)}</div>${leftOut}`,
  );
}
