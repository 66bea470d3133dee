import { tickStep } from 'd3-array';
import { type Combinations, countAboveZero, quantileOf } from './combinations.ts';
import { luckOf } from './luck.ts';
import type { Bins, Distribution } from './schema.ts';

/** What lies beyond these shares, on either side, is counted and not drawn: a single trade can make any mean. */
const DRAWN = { from: 0.005, to: 0.995 };
const MOST_BINS = 50;

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
    luck: luckOf(combinations),
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
