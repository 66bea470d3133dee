import { type DailyReturns, dailyReturns } from '../backtest/daily-returns.ts';
import { equityOf } from '../backtest/fast/result.ts';
import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import { intervalMs } from '../domain/time.ts';
import { Clusters, meanOf, NO_SHARPES, plusSharpe, varianceOf } from '../evidence/clusters.ts';
import type { LineClusters } from '../evidence/trial-lines.ts';
import type { ChunkEvaluator } from './evaluate.ts';

/** Combinations whose daily returns are compared: of all of a large sweep they would fill the disk. */
const MOST_COMPARED = 300;

/** How many different things a sweep tried. */
export interface SweepClusters {
  /** For the line of the ledger. */
  readonly clusters: LineClusters;
  /** One combination of each cluster that was found. */
  readonly returns: readonly (DailyReturns & { readonly trial: number })[];
}

/**
 * Clusters of a sweep (rule 31): all of its combinations where they are few, else the best and a sample by the seed of
 * the sweep. A cluster of which the sample met two combinations is one. One that it met only once is rare, and stands
 * for as many others, each taken for different, as there are combinations to a sampled one: so a sample never makes a
 * sweep look like fewer tries than it was. Combinations without a trade are none of them: nobody could choose them.
 *
 * @param best places of the best combinations
 */
export function clustersOfSweep(evaluator: ChunkEvaluator, best: readonly number[]): SweepClusters {
  const { count, sweep } = evaluator.plan;
  const places = comparedPlaces(count, sweep.seed, best);
  const returns = new Map<number, DailyReturns>();
  // In the order of the sweep: neighbours share their signals.
  for (const place of places.toSorted((a, b) => a - b)) {
    const found = returnsAt(evaluator, place);
    if (found !== undefined) returns.set(place, found);
  }
  const clusters = new Clusters();
  const members: number[] = [];
  for (const place of places) {
    const one = returns.get(place);
    if (one === undefined) continue;
    const at = clusters.placeOf(one);
    clusters.add(one);
    members[at] = (members[at] ?? 0) + 1;
  }
  const single = members.filter((size) => size === 1).length;
  const estimated = members.length - single + Math.ceil((single * count) / places.length);
  const sharpes = clusters.leaders.reduce((sums, { sharpe }) => plusSharpe(sums, sharpe), NO_SHARPES);
  return {
    clusters: {
      count: Math.min(count, estimated),
      compared: places.length,
      sharpeMean: meanOf(sharpes),
      sharpeVariance: varianceOf(sharpes),
    },
    returns: clusters.leaders.map((leader, trial) => ({ trial, ...leader.returns })),
  };
}

/** The best first, so that what somebody may choose is among them. */
function comparedPlaces(count: number, seed: number, best: readonly number[]): number[] {
  const places = new Set(best);
  if (count <= MOST_COMPARED) {
    for (let place = 0; place < count; place++) places.add(place);
    return [...places];
  }
  const stream = new Prng(seed).fork('compared combinations');
  while (places.size < MOST_COMPARED) places.add(stream.below(count));
  return [...places];
}

/** Undefined without a trade. */
function returnsAt(evaluator: ChunkEvaluator, place: number): DailyReturns | undefined {
  const run = evaluator.runFast(place);
  if (run.trades.count === 0) return undefined;
  const { interval, coins } = evaluator.plan.combinationAt(place).block;
  const candles = evaluator.room.candles(interval, coins[0] as string);
  const firstOpenMs = openTimeAt(candles, run.spec.from);
  const { depositUsd } = run.spec;
  return dailyReturns(equityOf(run), { firstOpenMs, intervalMs: intervalMs(interval), depositUsd });
}
