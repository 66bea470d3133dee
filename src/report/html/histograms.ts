import { max } from 'd3-array';
import { formatCount, formatNumber, formatP, formatR, formatShare } from '../format.ts';
import type { Histogram, JudgedStrategy, ReportedControl } from '../schema.ts';
import { horizontalAxis, steppedLabel, verticalAxis } from './axes.ts';
import { html, type Markup } from './markup.ts';
import { EXTENT, idOf, percent, plot, round, type Scale, shape } from './plot.ts';

export const HEIGHT_PX = 170;

interface TradedStrategy {
  readonly name: string;
  readonly histogramR: Histogram | null;
  readonly metrics: Pick<JudgedStrategy['metrics'], 'trades' | 'expectancyR'>;
}

/** How the trades of a strategy ended, in multiples of what they risked. */
export function tradesHistogram({ name, histogramR, metrics }: TradedStrategy): Markup {
  if (histogramR === null) return html`<figure><h3>Results of the trades</h3><p class="soft">No trades.</p></figure>`;
  const high = max(histogramR.counts) ?? 1;
  const { low, end } = rangeOf(histogramR, []);
  const x = horizontalAxis(low, end, 6, steppedLabel(low, end, 6));
  const y = verticalAxis(0, high, 4, (value) => formatNumber(value));
  const trades = formatCount(metrics.trades ?? 0, 'trade');
  const description = `${trades} with a mean of ${formatR(metrics.expectancyR)} after costs.`;
  return html`<figure class="keep-together"><h3>Results of the trades <small>in R, after costs</small></h3>
${plot({
  id: idOf(name, 'trades'),
  title: `Histogram of the results of ${name} in R`,
  description,
  heightPx: HEIGHT_PX,
  x: x.scale,
  xTicks: x.ticks,
  y: y.scale,
  yTicks: y.ticks.filter(({ at }) => Number.isInteger(at)),
  shapes: [
    bars(histogramR, x.scale, y.scale, 'loss', (middle) => middle < 0),
    bars(histogramR, x.scale, y.scale, 'gain', (middle) => middle >= 0),
    here(metrics.expectancyR, x.scale),
  ],
})}
<figcaption>${description} The line is the mean.</figcaption></figure>`;
}

const CONTROL_WORDS = {
  'coin-flip': {
    title: 'Place among the coin flips',
    caption: 'Random entries, as many and as often long, with the same stops, targets, sizes and costs.',
  },
  rotation: {
    title: 'Place among the rotations',
    caption: 'Its own signals at other times: the same rhythm and the same clusters, without the timing.',
  },
} as const;

/** Mean R of every draw of a control, and where the strategy stands. */
export function controlHistogram(strategy: JudgedStrategy, control: ReportedControl): Markup {
  const words = CONTROL_WORDS[control.kind];
  const { meanR } = control;
  if (meanR === null) {
    return html`<figure class="half"><h3>${words.title}</h3><p class="soft">No draw made a trade.</p></figure>`;
  }
  const place = placeAmong(strategy, control);
  return html`<figure class="half keep-together"><h3>${words.title} <small>mean R of each draw</small></h3>
${controlPlot(strategy, control, meanR)}
<figcaption>${place} ${words.caption}</figcaption></figure>`;
}

/** The chart of `controlHistogram` alone. */
export function controlPlot(strategy: JudgedStrategy, control: ReportedControl, meanR: Histogram): Markup {
  const { expectancyR } = strategy.metrics;
  const { low, end } = rangeOf(meanR, expectancyR === null ? [] : [expectancyR]);
  const x = horizontalAxis(low, end, 5, steppedLabel(low, end, 5));
  // Room above the bars for the label.
  const y = verticalAxis(0, 1.15 * (max(meanR.counts) ?? 1), 4, (value) => formatNumber(value));
  return plot({
    id: idOf(strategy.name, control.kind),
    title: `${CONTROL_WORDS[control.kind].title}: ${strategy.name}`,
    description: `${placeAmong(strategy, control)} Its mean is ${formatR(expectancyR)}.`,
    heightPx: HEIGHT_PX,
    x: x.scale,
    xTicks: x.ticks,
    y: y.scale,
    yTicks: y.ticks,
    shapes: [bars(meanR, x.scale, y.scale, '', () => true), here(expectancyR, x.scale)],
    marks: expectancyR === null ? '' : hereLabel(expectancyR, x.scale),
  });
}

/** How many draws of a control a strategy beats, in a sentence. */
export function placeAmong({ metrics, pValues }: JudgedStrategy, control: ReportedControl): string {
  if (metrics.expectancyR === null) return 'It made no trades.';
  const p = control.kind === 'coin-flip' ? pValues.coinFlip : pValues.rotation;
  return `Better than ${formatShare(control.draws - control.asGood, control.draws)}, p = ${formatP(p)}.`;
}

function rangeOf({ from, binWidth, counts }: Histogram, more: readonly number[]): { low: number; end: number } {
  const margin = binWidth;
  return {
    low: Math.min(from, ...more) - margin,
    end: Math.max(from + counts.length * binWidth, ...more) + margin,
  };
}

/** Equal bins from `from` on. */
interface Bars {
  readonly from: number;
  readonly binWidth: number;
  readonly counts: readonly number[];
}

export function bars(histogram: Bars, x: Scale, y: Scale, tone: string, wanted: (middle: number) => boolean): Markup {
  const { from, binWidth, counts } = histogram;
  const base = y(0);
  const shapes = counts.map((count, i) => {
    const left = from + i * binWidth;
    if (count === 0 || !wanted(left + binWidth / 2)) return '';
    const start = round(x(left));
    // A sliver of paper between two bars, without leaving the neighbour's place.
    const width = round((x(left + binWidth) - x(left)) * 0.92);
    return `M${start} ${base}V${round(y(count))}h${width}V${base}z`;
  });
  return shape(`bars ${tone}`, shapes.join(''));
}

export function here(value: number | null, x: Scale): Markup | string {
  return value === null ? '' : shape('here', `M${round(x(value))} 0V${EXTENT}`);
}

/** On the side with more room. */
function hereLabel(value: number, x: Scale): Markup {
  const place = x(value);
  const [dx, anchor] = place > EXTENT / 2 ? [-6, 'end'] : [6, 'start'];
  const where = html`x="${percent(place)}" y="0" dx="${dx}" dy=".8em" text-anchor="${anchor}"`;
  return html`<text class="strong" ${where}>${formatR(value)}</text>`;
}
