import { scaleLinear, scaleUtc } from 'd3-scale';
import { formatNumber } from '../format.ts';
import { EXTENT, type Scale, type Tick } from './plot.ts';

export interface Axis {
  readonly scale: Scale;
  readonly ticks: readonly Tick[];
}

/** Values from left to right. */
export function horizontalAxis(low: number, high: number, count: number, label: (value: number) => string): Axis {
  const scale = scaleLinear([low, high], [0, EXTENT]);
  return { scale, ticks: scale.ticks(count).map((at) => ({ at, label: label(at) })) };
}

/** Values from bottom to top, widened to round numbers. */
export function verticalAxis(low: number, high: number, count: number, label: (value: number) => string): Axis {
  const spread = high > low ? high - low : Math.abs(high) || 1;
  const scale = scaleLinear([low, low + spread], [EXTENT, 0]).nice(count);
  return { scale, ticks: scale.ticks(count).map((at) => ({ at, label: label(at) })) };
}

/** Instants from left to right, UTC. */
export function timeAxis(fromMs: number, toMs: number, count = 8): Axis {
  const scale = scaleUtc([fromMs, toMs], [0, EXTENT]);
  const label = scale.tickFormat(count, toMs - fromMs > 200 * 86_400_000 ? undefined : '%-d %b');
  return {
    scale: (timeMs) => scale(timeMs),
    ticks: scale.ticks(count).map((at) => ({ at: at.getTime(), label: label(at) })),
  };
}

/** Labels of an axis with as few decimals as its steps need. */
export function steppedLabel(low: number, high: number, count: number): (value: number) => string {
  const ticks = scaleLinear([low, high], [0, 1]).ticks(count);
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0)) || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value) => formatNumber(value, decimals);
}
