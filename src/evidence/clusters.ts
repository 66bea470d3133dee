import type { DailyReturns } from '../backtest/daily-returns.ts';
import { sharpeMoments } from './sharpe.ts';

/** Trials whose daily returns correlate more than this are the same idea tried again (rule 31). */
export const SAME_ABOVE = 0.7;

/** On fewer common days a correlation says nothing, and trials count as different. */
export const FEWEST_COMMON_DAYS = 20;

/**
 * Pearson's correlation of daily returns over the days that both have.
 *
 * @returns NaN on fewer than FEWEST_COMMON_DAYS of them, and where one of the two did not move
 */
export function correlation(a: DailyReturns, b: DailyReturns): number {
  const from = Math.max(a.firstDay, b.firstDay);
  const days = Math.min(a.firstDay + a.values.length, b.firstDay + b.values.length) - from;
  if (days < FEWEST_COMMON_DAYS) return Number.NaN;
  const [ofA, ofB] = [a.values.subarray(from - a.firstDay), b.values.subarray(from - b.firstDay)];
  let [meanA, meanB] = [0, 0];
  for (let day = 0; day < days; day++) {
    meanA += (ofA[day] as number) / days;
    meanB += (ofB[day] as number) / days;
  }
  let [varianceA, varianceB, covariance] = [0, 0, 0];
  for (let day = 0; day < days; day++) {
    const [distanceA, distanceB] = [(ofA[day] as number) - meanA, (ofB[day] as number) - meanB];
    varianceA += distanceA * distanceA;
    varianceB += distanceB * distanceB;
    covariance += distanceA * distanceB;
  }
  return covariance / Math.sqrt(varianceA * varianceB);
}

/** The first of its cluster, which stands for it. */
export interface Leader {
  readonly returns: DailyReturns;
  /** Per day; undefined where its returns have none. */
  readonly sharpe: number | undefined;
}

/**
 * Clusters of trials in the order in which they are told: each joins the first cluster whose first member it resembles,
 * or founds one. So what was found does not change when more is told, and the same order gives the same clusters.
 */
export class Clusters {
  readonly #leaders: Leader[] = [];

  get leaders(): readonly Leader[] {
    return this.#leaders;
  }

  /** The place of the first cluster that these returns belong to; the number of clusters where they belong to none. */
  placeOf(returns: DailyReturns): number {
    const place = this.#leaders.findIndex((leader) => correlation(leader.returns, returns) > SAME_ABOVE);
    return place === -1 ? this.#leaders.length : place;
  }

  /** @returns whether they founded a cluster */
  add(returns: DailyReturns): boolean {
    if (this.placeOf(returns) < this.#leaders.length) return false;
    this.#leaders.push(leaderOf(returns));
    return true;
  }
}

export function leaderOf(returns: DailyReturns): Leader {
  const moments = sharpeMoments(returns.values);
  return { returns, sharpe: moments.isAvailable ? moments.value.sharpe : undefined };
}

/** How many there are of something, and what they add up to: of two groups, the group of both. */
export interface SharpeSums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

export const NO_SHARPES: SharpeSums = { count: 0, sum: 0, squares: 0 };

export function plusSharpe({ count, sum, squares }: SharpeSums, sharpe: number | undefined): SharpeSums {
  if (sharpe === undefined) return { count, sum, squares };
  return { count: count + 1, sum: sum + sharpe, squares: squares + sharpe * sharpe };
}

export function meanOf({ count, sum }: SharpeSums): number | null {
  return count === 0 ? null : sum / count;
}

/** Of a sample: the divisor is one less than the number; null for fewer than two. */
export function varianceOf({ count, sum, squares }: SharpeSums): number | null {
  return count < 2 ? null : Math.max(0, (squares - (sum * sum) / count) / (count - 1));
}

/** The sums that a number of values with this mean and variance have. */
export function sumsOf(count: number, mean: number | null, variance: number | null): SharpeSums {
  if (mean === null || count === 0) return NO_SHARPES;
  return { count, sum: count * mean, squares: (count - 1) * (variance ?? 0) + count * mean * mean };
}
