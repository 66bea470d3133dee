import { max, min, tickStep } from 'd3-array';
import type { Histogram } from './schema.ts';

/** Points of a curve: more than a wide screen can tell apart would only make the file larger. */
const CURVE_POINTS = 360;

export interface DeepestFall {
  readonly peakMs: number;
  readonly troughMs: number;
  /** When the account was first worth as much again as at the peak; null where it never was. */
  readonly recoveredMs: number | null;
}

/** An account's value over time, thinned out without hiding a fall. */
export interface AccountCurve {
  readonly timesMs: number[];
  /** At the last close of each step. */
  readonly equityUsd: number[];
  /** The deepest drawdown within each step: thinning never makes a fall look smaller. */
  readonly drawdownFraction: number[];
  /** The deepest fall of all; null where the account never fell. */
  readonly deepest: DeepestFall | null;
}

/**
 * @param equityUsd value at firstCloseMs + i × intervalMs
 * @param depositUsd the first peak, a step before the first close
 */
export function accountCurve(
  equityUsd: Float64Array,
  depositUsd: number,
  firstCloseMs: number,
  intervalMs: number,
): AccountCurve {
  const rowsPerStep = Math.max(1, Math.ceil(equityUsd.length / CURVE_POINTS));
  const curve = { timesMs: [] as number[], equityUsd: [] as number[], drawdownFraction: [] as number[] };
  let peak = depositUsd;
  let peakMs = firstCloseMs - intervalMs;
  let deepest = 0;
  let deepestInStep = 0;
  let span: Omit<DeepestFall, 'recoveredMs'> | null = null;
  let recoveredMs: number | null = null;
  let peakOfSpan = depositUsd;
  for (let row = 0; row < equityUsd.length; row++) {
    const equity = equityUsd[row] as number;
    const timeMs = firstCloseMs + row * intervalMs;
    if (equity > peak) {
      peak = equity;
      peakMs = timeMs;
    }
    if (equity >= peakOfSpan) recoveredMs ??= timeMs;
    const drawdown = Math.min(1, (peak - equity) / peak);
    if (drawdown > deepestInStep) deepestInStep = drawdown;
    if (drawdown > deepest) {
      deepest = drawdown;
      span = { peakMs, troughMs: timeMs };
      recoveredMs = null;
      peakOfSpan = peak;
    }
    if ((row + 1) % rowsPerStep !== 0 && row + 1 < equityUsd.length) continue;
    curve.timesMs.push(timeMs);
    curve.equityUsd.push(equity);
    curve.drawdownFraction.push(deepestInStep);
    deepestInStep = 0;
  }
  return { ...curve, deepest: span === null ? null : { ...span, recoveredMs } };
}

const MAX_BINS = 60;

/** Counts in equal bins, edges at multiples of the width; wider bins rather than too many. Null without values. */
export function histogramOf(values: Iterable<number>, leastWidth: number): Histogram | null {
  const finite = [...values].filter(Number.isFinite);
  const low = min(finite);
  const high = max(finite);
  if (low === undefined || high === undefined) return null;
  const binWidth = Math.max(leastWidth, tickStep(low, high, MAX_BINS) || leastWidth);
  const firstBin = Math.floor(low / binWidth);
  const counts = new Array<number>(Math.floor(high / binWidth) - firstBin + 1).fill(0);
  for (const value of finite) {
    const bin = Math.floor(value / binWidth) - firstBin;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from: firstBin * binWidth, binWidth, counts };
}
