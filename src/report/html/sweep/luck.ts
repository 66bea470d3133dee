import { max } from 'd3-array';
import { formatCount, formatNumber, formatPercent, formatR, formatShare } from '../../format.ts';
import { fragilityInWords } from '../../sweep/fragility.ts';
import type { Bins, Luck, SweepReport } from '../../sweep/schema.ts';
import { horizontalAxis, steppedLabel, verticalAxis } from '../axes.ts';
import { bars } from '../histograms.ts';
import { html, type Markup } from '../markup.ts';
import { EXTENT, percent, plot, round, type Scale, shape } from '../plot.ts';
import { facts, section } from '../section.ts';
import { combinationInWords, countedInWords } from './words.ts';

/** How much of the best is luck, as far as the sweep itself can tell. */
export function luckSection(report: SweepReport): Markup {
  const { distribution } = report;
  return section(
    report,
    'luck',
    'How lucky is the best?',
    html`${distributionFacts(report)}
<div class="blocks"><div>${histogram(report)}</div>
${distribution.luck === null ? '' : html`<div>${luckInWords(report, distribution.luck)}</div>`}</div>`,
  );
}

function distributionFacts(report: SweepReport): Markup {
  const { combinations, counted, distribution } = report;
  const { traded, positive, medianR } = distribution;
  const those = countedInWords(report);
  const filtered: [string, string][] =
    counted.where.length === 0 ? [] : [[`Combinations ${those}`, formatShare(counted.combinations, combinations)]];
  return facts([
    ['Combinations that traded', formatShare(traded, combinations)],
    ...filtered,
    [`Above zero, of those ${those}`, shareInWords(positive, counted.combinations)],
    ['Their median', formatR(medianR)],
  ]);
}

function shareInWords(count: number, total: number): string {
  return total === 0 ? 'n/a' : `${formatNumber(count)}, ${formatPercent(count / total, 0)}`;
}

function histogram(report: SweepReport): Markup {
  const { bins } = report.distribution;
  if (bins === null) return html`<p class="soft">No combination traded.</p>`;
  const { from, binWidth, all, counted } = bins;
  const low = from - binWidth;
  const end = from + (all.length + 1) * binWidth;
  const x = horizontalAxis(low, end, 8, steppedLabel(low, end, 8));
  // Room above the bars for the marks of the best.
  const y = verticalAxis(0, 1.15 * (max(all) ?? 1), 4, (value) => formatNumber(value));
  const isFiltered = report.counted.where.length > 0;
  const tops = report.top.slice(0, 10).flatMap(({ metrics }) => metrics.expectancyR ?? []);
  return html`<figure class="keep-together"><h3>Expectancy of all combinations
<small>in R a trade, after costs</small></h3>
<p class="legend">${isFiltered ? html`<span><i class="key rest"></i>all that traded</span>` : ''}
<span><i class="key lost"></i><i class="key won"></i>all ${countedInWords(report)}</span>
<span><i class="key top"></i>the first ten</span></p>
${plot({
  id: 'distribution',
  title: 'Histogram of the expectancy of all combinations in R',
  description: distributionInWords(report),
  heightPx: 220,
  x: x.scale,
  xTicks: x.ticks,
  y: y.scale,
  yTicks: y.ticks.filter(({ at }) => Number.isInteger(at)),
  shapes: [
    isFiltered ? bars({ from, binWidth, counts: all }, x.scale, y.scale, '', () => true) : '',
    bars({ from, binWidth, counts: counted }, x.scale, y.scale, 'loss', (middle) => middle < 0),
    bars({ from, binWidth, counts: counted }, x.scale, y.scale, 'gain', (middle) => middle >= 0),
    shape('base', `M${round(x.scale(0))} 0V${EXTENT}`),
  ],
  marks: tops.map((value) => topMark(value, x.scale)),
})}
<figcaption>${beyondInWords(bins)}${distributionInWords(report)}</figcaption></figure>`;
}

/** A small triangle above the bars. */
function topMark(value: number, x: Scale): Markup {
  const tip = html`<path class="tip" d="M-4 0h8l-4 8z"/>`;
  return html`<svg x="${percent(x(value))}" y="4" overflow="visible">${tip}</svg>`;
}

function distributionInWords(report: SweepReport): string {
  const { counted, distribution } = report;
  const those = countedInWords(report);
  if (counted.combinations === 0) return `There is no combination ${those}.`;
  const share = formatPercent(distribution.positive / counted.combinations, 0);
  return `${share} of those ${those} lie above zero; their median is ${formatR(distribution.medianR)}.`;
}

function beyondInWords({ below, above }: Bins): string {
  if (below + above === 0) return '';
  return `Beyond the edges: ${formatCount(below, 'combination')} below, ${formatNumber(above)} above. `;
}

const SILENCE: Readonly<Record<NonNullable<Luck['silence']>, string>> = {
  'few-trades': 'It has too few trades to tell luck from skill: nothing can be said of it.',
  'no-spread': 'All its trades came to the same, so it has no standard error: nothing can be said of it.',
  wild: 'Its trades spread so wildly that a handful of them makes the mean: nothing can be said of it.',
  'one-trade': 'A single trade made more than half of its gains: nothing can be said of it.',
};

function luckInWords(report: SweepReport, { combinations, beyondReach, best, silence }: Luck): Markup {
  const { t, reachT, expectancyR, trades } = best;
  const rank = report.top.find(({ combination }) => combination === best.combination)?.rank;
  const replayed = report.best.find((look) => look.rank === rank);
  const standing =
    t === null || reachT === null
      ? ''
      : html` Its mean stands <b>${formatNumber(t, 2)}</b> of its own standard errors from zero (its t).
If none of these ${formatNumber(combinations)} combinations were worth anything (a true mean of 0 R after costs), and
if they knew nothing of each other, the highest t would still be about <b>${formatNumber(reachT, 2)}</b>: half of such
sweeps more, half less.`;
  const fragile = replayed === undefined ? NOT_REPLAYED : fragilityInWords(replayed.fragility).join(' ');
  return html`<h3>What pure luck could show</h3>
<p>The highest expectancy is <b>${formatR(expectancyR)}</b> over ${formatCount(trades, 'trade')}:
${combinationInWords(report, best)}.${standing}</p>
<p>${fragile}</p>
<p><b>${verdictOf(best, silence)}</b> ${formatShare(beyondReach, combinations)} have a t beyond that reach.
Combinations share trades, so luck reaches less far than that; a market that only rose, or trades that are seldom and
large, reach further. Only random entries under the same stops, as in <code>candor study</code>, can say more.</p>`;
}

const NOT_REPLAYED = 'It was not replayed, so whether a single trade made it is not known here.';

function verdictOf({ t, reachT }: Luck['best'], silence: Luck['silence']): string {
  if (silence !== null) return SILENCE[silence];
  return t !== null && reachT !== null && t > reachT
    ? 'It lies beyond what luck would show: worth a study, and still no evidence.'
    : 'It lies within what luck would show, and this sweep alone cannot tell it from luck.';
}
