import type { CandleColumns } from '../../domain/candle.ts';
import { formatCount, formatDay, formatDuration, formatNumber } from '../format.ts';
import { revisionWarnings } from '../revisions.ts';
import type { Report } from '../schema.ts';
import { dataSection, limitsSection, readingSection, settingsSection, verifySection } from './appendix.ts';
import { candleDrawings, sharedSymbols } from './candles-chart.ts';
import { renderDocument, warningBox } from './document.ts';
import { lens } from './lens.ts';
import { html, type Markup } from './markup.ts';
import { facts } from './section.ts';
import { strategySection } from './strategy-section.ts';
import { inVerdictOrder, studyInWords, verdictSection } from './verdicts.ts';

export interface PageData {
  /** Of the study's own interval, for the charts; a coin without them has no chart. */
  readonly candles: readonly CandleColumns[];
}

/**
 * The report as one HTML file that needs nothing else: no network, no font, and no script to be read. It reads on a
 * phone, on a desk and on paper.
 */
export function renderHtml(report: Report, { candles }: PageData): string {
  const drawings = candleDrawings(report, candles);
  return renderDocument({
    title: `${report.study.name} – Candor report`,
    isSynthetic: report.data.isSynthetic,
    masthead: [sharedSymbols(drawings), masthead(report)],
    sections: [
      verdictSection(report),
      readingSection(report),
      ...inVerdictOrder(report.strategies).map((strategy) => strategySection(report, strategy, drawings)),
      limitsSection(report),
      dataSection(report),
      settingsSection(report),
      verifySection(report),
    ],
    footer: 'Candor judges strategies on the past. It promises nothing about the future, and nothing here is advice.',
    script: lens(report, candles),
  });
}

function masthead(report: Report): Markup {
  const { data, study } = report;
  const candles = data.series
    .filter(({ interval }) => interval === study.interval)
    .reduce((sum, series) => sum + series.candles, 0);
  const span = `${formatDay(data.fromMs)} – ${formatDay(data.toMs)}, ${formatDuration(data.toMs - data.fromMs)}`;
  return html`<header class="masthead"><p class="eyebrow">Candor · backtest report</p><h1>${study.name}</h1>
<p class="lead">${studyInWords(report)}</p>
${warningBox([...revisionWarnings(report), ...report.warnings, ...(report.made.notes ?? [])])}
${facts([
  ['Data', data.isSynthetic ? html`<b>invented prices</b>` : `${data.source}, trade candles`],
  ['Coins', study.coins.join(', ')],
  ['Span', span],
  ['Candles', `${formatNumber(candles)} of ${study.interval}, warm-up included`],
  ['Controls', `2 × ${formatCount(study.controls.draws, 'draw')} a strategy`],
  ['Fingerprint', html`<code>${data.fingerprint.slice(0, 16)}</code>`],
])}</header>`;
}
