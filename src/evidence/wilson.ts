import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';

export interface Share {
  readonly count: number;
  readonly of: number;
  readonly rate: number;
  /** Two-sided, 95 % confidence. */
  readonly low: number;
  readonly high: number;
}

/**
 * A share with its interval of 95 % (Wilson 1927, JASA 22(158)): unlike the textbook's ± 1.96 standard errors it is
 * right for rare events and small numbers, and 0 of n is not 'never'.
 *
 * @returns undefined where nothing was counted
 */
export function shareOf(count: number, of: number): Share | undefined {
  if (of === 0) return undefined;
  const z = normalQuantile(0.975, 0, 1);
  const rate = count / of;
  const middle = (rate + z ** 2 / (2 * of)) / (1 + z ** 2 / of);
  const reach = (z / (1 + z ** 2 / of)) * Math.sqrt((rate * (1 - rate)) / of + z ** 2 / (4 * of ** 2));
  return {
    count,
    of,
    rate,
    low: count === 0 ? 0 : Math.max(0, middle - reach),
    high: count === of ? 1 : Math.min(1, middle + reach),
  };
}
