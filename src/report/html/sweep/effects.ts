import { area, line } from 'd3-shape';
import { formatNumber, formatR } from '../../format.ts';
import type { AxisEffect, AxisValue, SweepReport } from '../../sweep/schema.ts';
import { steppedLabel, verticalAxis } from '../axes.ts';
import { html, type Markup } from '../markup.ts';
import { EXTENT, idOf, percent, plot, round, type Scale, shape } from '../plot.ts';
import { axisInWords } from './words.ts';

const HEIGHT_PX = 130;
/** More labels, or more letters in them, would run into each other. */
const MOST_LABELS = 8;
const MOST_LETTERS = 40;
/** An axis whose medians differ by less than this changes nothing that anybody would see. */
const DEAD_R = 0.01;

/** Median expectancy along every axis of a strategy: all on one scale, so that the dead ones lie flat. */
export function effectsOfStrategy(
  { strategy, axes }: SweepReport['effects'][number],
  counted: string,
): Markup | string {
  if (axes.length === 0) return '';
  if (axes.every(({ values }) => values.every(({ medianR }) => medianR === null))) {
    return html`<p class="soft">There is no combination ${counted}, so nothing can be said about its axes.</p>`;
  }
  const shown = axes.flatMap(({ values }) =>
    values.flatMap(({ lowerQuartileR, upperQuartileR }) => [lowerQuartileR ?? 0, upperQuartileR ?? 0]),
  );
  const low = Math.min(0, ...shown);
  const high = Math.max(0, ...shown);
  const y = verticalAxis(low, high, 3, steppedLabel(low, high, 3));
  return html`<div><h3>What each axis does
<small>median expectancy in R over everything else, the most telling first</small></h3>
<p class="legend"><span><i class="key line"></i>median of all ${counted}</span>
<span><i class="key fan"></i>middle half of them</span></p>
<div class="blocks axes">${axes.map((axis) => axisFigure(strategy, axis, y.scale, y.ticks))}</div></div>`;
}

function axisFigure(
  strategy: string,
  axis: AxisEffect,
  y: Scale,
  yTicks: ReturnType<typeof verticalAxis>['ticks'],
): Markup {
  const { values } = axis;
  const slot = EXTENT / values.length;
  const x = (index: number): number => (index + 0.5) * slot;
  const letters = Math.max(...values.map(({ label }) => label.length));
  const every = Math.ceil(values.length / Math.max(1, Math.min(MOST_LABELS, Math.floor(MOST_LETTERS / letters))));
  const title = axisInWords(axis);
  return html`<figure class="third keep-together"><h4>${title} <small>${effectInWords(axis)}</small></h4>
${plot({
  id: idOf('axis', strategy, axis.kind, axis.name),
  title: `Median expectancy of ${strategy} by ${axis.name}`,
  description: `${values.map(({ label, medianR }) => `${label}: ${formatR(medianR)}`).join('; ')}.`,
  heightPx: HEIGHT_PX,
  x,
  xTicks: values.flatMap(({ label }, i) => (i % every === 0 ? [{ at: i, label }] : [])),
  y,
  yTicks,
  shapes: [band(values, x, y), shape('base', `M0 ${round(y(0))}H${EXTENT}`), median(values, x, y)],
  marks: values.length > MOST_LABELS ? '' : values.map((value, i) => dot(value, x(i), y)),
})}</figure>`;
}

function effectInWords({ spreadR, values }: AxisEffect): string {
  const known = values.filter(({ medianR }) => medianR !== null);
  if (known.length < 2) return 'too few to compare';
  if (spreadR < DEAD_R) return 'next to nothing';
  const best = known.reduce((one, other) => ((other.medianR ?? 0) > (one.medianR ?? 0) ? other : one));
  return `best at ${best.label}, ${formatNumber(spreadR, 2)} R from lowest to highest`;
}

function band(values: readonly AxisValue[], x: Scale, y: Scale): Markup {
  const draw = area<AxisValue>()
    .defined(({ medianR }) => medianR !== null)
    .x((_, i) => x(i))
    .y0(({ lowerQuartileR }) => y(lowerQuartileR ?? 0))
    .y1(({ upperQuartileR }) => y(upperQuartileR ?? 0))
    .digits(1);
  return shape('fan', draw([...values]) ?? '');
}

function median(values: readonly AxisValue[], x: Scale, y: Scale): Markup {
  const draw = line<AxisValue>()
    .defined(({ medianR }) => medianR !== null)
    .x((_, i) => x(i))
    .y(({ medianR }) => y(medianR ?? 0))
    .digits(1);
  return shape('curve', draw([...values]) ?? '');
}

function dot({ medianR }: AxisValue, x: number, y: Scale): Markup | string {
  return medianR === null ? '' : html`<circle class="value" cx="${percent(x)}" cy="${percent(y(medianR))}" r="3.5"/>`;
}
