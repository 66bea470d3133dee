import { quantiles } from '../backtest/draws.ts';
import type { Prng } from '../domain/prng.ts';
import { DAY_MS } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';

/** Fewer blocks say too little about how results vary from block to block (rule 27). */
export const MIN_BLOCKS = 20;
const MIN_BLOCK_MS = 3 * DAY_MS;
const RESAMPLES = 10_000;

export interface BlockSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly blockMs: number;
}

/** One-sided bounds of the expectancy, each at the level asked for. */
export interface ExpectancyBounds {
  readonly isAvailable: true;
  readonly blocks: number;
  readonly blockDays: number;
  readonly lowerR: number;
  readonly upperR: number;
  readonly standardErrorR: number;
}

export interface NoBounds {
  readonly isAvailable: false;
  readonly blocks: number;
  readonly blockDays: number;
  readonly reason: string;
}

/**
 * Whole days, at least three, and at least the longest holding: trades of one block may depend on each other, blocks
 * hardly do.
 */
export function blockLengthMs(longestHoldMs: number): number {
  return Math.max(MIN_BLOCK_MS, Math.ceil(longestHoldMs / DAY_MS) * DAY_MS);
}

/**
 * How far the expectancy could be from the truth: calendar blocks (from the UTC midnight at or before the start of the
 * span), over all coins at once, resampled with replacement; each resample is ΣR / Σn (rule 27; Künsch 1989, Ann.
 * Statist. 17, for non-overlapping blocks Carlstein 1986, ibid. 14). A trade belongs to the block of its entry. Trade
 * by trade, as most do it, the bound would be far too narrow, because entries come in clusters and coins move together.
 *
 * @param alpha level of each one-sided bound
 */
export function bootstrapExpectancy(
  trades: readonly Pick<Trade, 'entryTimeMs' | 'rMultiple'>[],
  span: BlockSpan,
  alpha: number,
  rng: Prng,
  resamples = RESAMPLES,
): ExpectancyBounds | NoBounds {
  const { blockMs } = span;
  const blockDays = blockMs / DAY_MS;
  const firstMs = Math.floor(span.fromMs / DAY_MS) * DAY_MS;
  const blocks = Math.ceil((span.toMs - firstMs) / blockMs);
  if (trades.length === 0) return { isAvailable: false, blocks, blockDays, reason: 'there are no trades' };
  if (blocks < MIN_BLOCKS) {
    const reason = `the span has ${blocks} blocks of ${blockDays} days, and ${MIN_BLOCKS} are needed`;
    return { isAvailable: false, blocks, blockDays, reason };
  }
  const sums = new Float64Array(blocks);
  const counts = new Float64Array(blocks);
  for (const { entryTimeMs, rMultiple } of trades) {
    const block = Math.floor((entryTimeMs - firstMs) / blockMs);
    sums[block] = (sums[block] as number) + rMultiple;
    counts[block] = (counts[block] as number) + 1;
  }
  const means = resampledMeans(sums, counts, resamples, rng);
  const [lowerR, upperR] = quantiles(means, [alpha, 1 - alpha]) as [number, number];
  return { isAvailable: true, blocks, blockDays, lowerR, upperR, standardErrorR: standardDeviation(means) };
}

function resampledMeans(sums: Float64Array, counts: Float64Array, resamples: number, rng: Prng): Float64Array {
  const blocks = sums.length;
  // Uniform to within blocks / 2^32, and ten times as fast as drawing without that bias.
  const scale = blocks / 0x100000000;
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; ) {
    let sum = 0;
    let count = 0;
    for (let k = 0; k < blocks; k++) {
      const block = Math.floor(rng.uint32() * scale);
      sum += sums[block] as number;
      count += counts[block] as number;
    }
    // A resample of nothing but empty blocks has no mean; with the trades that a verdict needs it hardly occurs.
    if (count > 0) means[i++] = sum / count;
  }
  return means;
}

function standardDeviation(values: Float64Array): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
