import { deviation, fsum, max, mean, median } from 'd3-array';

/** The values of a column in one group. */
export type Group = (column: string) => readonly number[];

export interface Summary {
  /** The columns that it is worked out from. */
  readonly reads: readonly string[];
  /** By the name of the column that it becomes. */
  readonly gives: Readonly<Record<string, (group: Group) => number | undefined>>;
}

/** What there is to say of some trades, some candles, or some combinations of a sweep. */
export const SUMMARIES: readonly Summary[] = [
  {
    reads: ['rMultiple', 'netPnlUsd', 'feesUsd', 'fundingUsd'],
    gives: {
      trades: (group) => group('rMultiple').length,
      winRate: (group) => shareAboveZero(group('netPnlUsd')),
      expectancyR: (group) => mean(group('rMultiple')),
      netPnlUsd: (group) => usdSum(group('netPnlUsd')),
      feesUsd: (group) => usdSum(group('feesUsd')),
      fundingUsd: (group) => usdSum(group('fundingUsd')),
    },
  },
  {
    reads: ['open', 'high', 'low', 'close', 'volume'],
    gives: {
      candles: (group) => group('close').length,
      totalReturn: (group) => changes(group, 'open', 'close').reduce((product, one) => product * (1 + one), 1) - 1,
      meanReturn: (group) => mean(changes(group, 'open', 'close')),
      sdReturn: (group) => deviation(changes(group, 'open', 'close')),
      meanRange: (group) => mean(changes(group, 'low', 'high')),
      upRate: (group) => shareAboveZero(changes(group, 'open', 'close')),
      volume: (group) => fsum(group('volume')),
    },
  },
  {
    reads: ['trades', 'expectancyR', 'netReturn'],
    gives: {
      combinations: (group) => group('trades').length,
      traded: (group) => group('trades').filter((count) => count > 0).length,
      upRate: (group) => shareAboveZero(existing(group('expectancyR'))),
      medianR: (group) => median(existing(group('expectancyR'))),
      bestR: (group) => max(existing(group('expectancyR'))),
      medianReturn: (group) => median(existing(group('netReturn'))),
    },
  },
];

/** From one price to the other of each candle, as fractions. */
function changes(group: Group, from: 'open' | 'low', to: 'close' | 'high'): number[] {
  const prices = group(to);
  return group(from).map((price, i) => (prices[i] as number) / price - 1);
}

/** Every amount is a whole number of micro-dollars, and so is their sum. */
function usdSum(values: readonly number[]): number {
  return Math.round(fsum(values) * 1e6) / 1e6;
}

function shareAboveZero(values: readonly number[]): number {
  return values.filter((value) => value > 0).length / values.length;
}

/** Those that are there. */
export function existing(values: readonly number[]): number[] {
  return values.filter((value) => !Number.isNaN(value));
}
