import { scaleLinear } from 'd3-scale';
import { formatNumber, formatR, formatSigned } from '../format.ts';
import type { JudgedStrategy } from '../schema.ts';
import { html, type Markup } from './markup.ts';
import { EXTENT, percent, round, type Scale, shape, stretched } from './plot.ts';

/**
 * The whole argument on one line: what coin flips with the same stops made (grey, 5–95 %), what the strategy made
 * (dot), and how far from the truth that may be (whisker). All rows of a table share the scale.
 */
export interface StripScale {
  readonly scale: Scale;
  readonly ticks: readonly number[];
}

/** Strategies with a handful of trades do not stretch it: what they show beyond it runs off its end. */
export function stripScale(strategies: readonly JudgedStrategy[], minTrades: number): StripScale {
  const telling = strategies.filter(({ metrics }) => (metrics.trades ?? 0) >= minTrades);
  const values = (telling.length === 0 ? strategies : telling).flatMap((strategy) => {
    const { lowerR, upperR } = strategy.expectancy;
    const { p05, p95 } = coinFlipRange(strategy);
    return [strategy.metrics.expectancyR, lowerR, upperR, p05, p95].filter((value) => value !== null);
  });
  const scale = scaleLinear([Math.min(-0.1, ...values), Math.max(0.1, ...values)], [25, EXTENT - 25]).clamp(true);
  return { scale, ticks: scale.ticks(4) };
}

export function strip(strategy: JudgedStrategy, axis: StripScale): Markup {
  const { scale } = axis;
  const { expectancyR } = strategy.metrics;
  const { lowerR, upperR } = strategy.expectancy;
  const { p05, p50, p95 } = coinFlipRange(strategy);
  const at = (value: number): number => round(scale(value));
  const hasFlips = p05 !== null && p50 !== null && p95 !== null;
  const hasBounds = lowerR !== null && upperR !== null;
  const words =
    `Expectancy ${formatR(expectancyR)}, bounds ${formatSigned(lowerR, 2)} and ${formatR(upperR)}; ` +
    `coin flips made ${formatSigned(p05, 2)} to ${formatR(p95)}.`;
  return html`<svg class="plot" role="img" aria-label="${words}">${stretched([
    shape('zero', `M${at(0)} 0V${EXTENT}`),
    hasFlips ? [shape('range', `M${at(p05)} 500H${at(p95)}`), shape('tick', `M${at(p50)} 320V680`)] : '',
    hasBounds ? shape('whisker', `M${at(lowerR)} 500H${at(upperR)}`) : '',
  ])}
${expectancyR === null ? '' : html`<circle class="dot" cx="${percent(scale(expectancyR))}" cy="50%" r="4.5"/>`}
<g class="scale" aria-hidden="true">${labels(axis, '100%')}</g></svg>`;
}

/** The scale of all rows, for the head of their column; a narrow screen has no head and shows it on every strip. */
export function stripAxis(axis: StripScale): Markup {
  return html`<svg class="plot axis" aria-hidden="true">${labels(axis, '1rem')}</svg>`;
}

/** Where there is little room, every second label gives way; that of zero stays. */
function labels({ scale, ticks }: StripScale, y: string): Markup[] {
  const decimals = ticks.every((tick) => Number.isInteger(tick)) ? 0 : 1;
  const zero = ticks.indexOf(0);
  return ticks.map((tick, i) => {
    const className = (i - zero) % 2 === 0 ? '' : 'minor';
    const place = html`x="${percent(scale(tick))}" y="${y}" text-anchor="middle"`;
    return html`<text class="${className}" ${place}>${formatNumber(tick, decimals)}</text>`;
  });
}

function coinFlipRange(strategy: JudgedStrategy) {
  const control = strategy.controls.find(({ kind }) => kind === 'coin-flip');
  return control?.quantiles.expectancyR ?? { p05: null, p50: null, p95: null };
}
