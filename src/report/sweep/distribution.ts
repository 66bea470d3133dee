import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import { tickStep } from 'd3-array';
import { type Combinations, countAboveZero, quantileOf } from './combinations.ts';
import type { Bins, Distribution, Luck } from './schema.ts';

/** What lies beyond these shares, on either side, is counted and not drawn: a single trade can make any mean. */
const DRAWN = { from: 0.005, to: 0.995 };
const MOST_BINS = 50;
/** With fewer trades a mean is not near enough to normal. */
const LEAST_TRADES = 30;

/** How expectancy is spread over all combinations that traded, and over those that are counted. */
export function distributionOf(combinations: Combinations): Distribution {
  const { expectancyR, isCounted } = combinations;
  const all = sorted(expectancyR);
  const counted = sorted(expectancyR.filter((_, place) => isCounted[place] === 1));
  return {
    traded: all.length,
    positive: countAboveZero(counted),
    medianR: quantileOf(counted, 0.5),
    bins: binsOf(all, counted),
    luck: luckOf(combinations, counted),
  };
}

function sorted(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/** The best of those that are counted is always drawn. */
function binsOf(all: Float64Array, counted: Float64Array): Bins | null {
  const low = quantileOf(all, DRAWN.from);
  const high = quantileOf(all, DRAWN.to);
  if (low === null || high === null) return null;
  const best = counted.at(-1) ?? high;
  const top = Math.max(high, best);
  const binWidth = tickStep(low, top, MOST_BINS) || 0.01;
  const first = Math.floor(low / binWidth);
  const bins = Math.floor(top / binWidth) - first + 1;
  const binOf = (value: number): number => Math.floor(value / binWidth) - first;
  const countsOf = (values: Float64Array): number[] => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin = binOf(value);
      if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] as number) + 1;
    }
    return counts;
  };
  return {
    from: first * binWidth,
    binWidth,
    all: countsOf(all),
    counted: countsOf(counted),
    below: all.filter((value) => binOf(value) < 0).length,
    above: all.filter((value) => binOf(value) >= bins).length,
  };
}

/**
 * What the best would show if every combination had a true mean of 0 R and they knew nothing of each other: the median
 * of the largest of normal means, each with the standard error of its own trades. Combinations share trades, so luck
 * reaches less far than this.
 *
 * @param counted sorted
 * @returns null where too few trades make a mean that is not near normal
 */
function luckOf({ isCounted, result: { columns } }: Combinations, counted: Float64Array): Luck | null {
  const standardErrors: number[] = [];
  for (const [place, isIn] of isCounted.entries()) {
    if (isIn === 0) continue;
    const trades = columns.trades[place] as number;
    if (trades < LEAST_TRADES) return null;
    const error = (columns.sdR[place] as number) / Math.sqrt(trades);
    if (error > 0) standardErrors.push(error);
  }
  const bestR = counted.at(-1);
  if (bestR === undefined || standardErrors.length < 2) return null;
  return { combinations: standardErrors.length, bestR, expectedBestR: medianOfLargest(standardErrors) };
}

/** By halving: the product of the distributions grows with what is asked for. */
function medianOfLargest(standardErrors: readonly number[]): number {
  let low = 0;
  let high = 10 * standardErrors.reduce((largest, error) => Math.max(largest, error), 0);
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (chanceThatAllAreBelow(middle, standardErrors) < 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function chanceThatAllAreBelow(value: number, standardErrors: readonly number[]): number {
  let chance = 1;
  for (const error of standardErrors) {
    chance *= normalCdf(value, 0, error);
    if (chance < 0.1) break;
  }
  return chance;
}
