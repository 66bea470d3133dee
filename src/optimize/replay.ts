import { resultOf } from '../backtest/fast/result.ts';
import { runReference } from '../backtest/reference.ts';
import { type Difference, differenceOfRuns, isSame } from '../backtest/replay.ts';
import type { RunResult } from '../backtest/run.ts';
import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import { LONG, SHORT } from '../domain/signal.ts';
import { intervalMs } from '../domain/time.ts';
import { SWEEP_METRICS } from './contract.ts';
import type { ChunkEvaluator } from './evaluate.ts';
import { referenceMetrics, type SweepValues } from './reference-metrics.ts';

export interface ReplayTask {
  readonly index: number;
  /** The metrics that the sweep came to. */
  readonly found: SweepValues;
  /** One of the best, whose trades somebody will look at. */
  readonly isBest: boolean;
}

export interface Replay {
  readonly index: number;
  readonly difference: Difference | undefined;
  /** Of one of the best, and of one that differs. */
  readonly runs: { readonly fast: RunResult; readonly reference: RunResult } | undefined;
}

/** Which engine is held against the reference; tests plant a fault in it. */
export type FastRunOf = (evaluator: ChunkEvaluator, index: number) => RunResult;

const onFastEngine: FastRunOf = (evaluator, index) => resultOf(evaluator.runFast(index));

/**
 * One combination through both engines: trades, ledger and account must be the same to the last bit, and so must be the
 * metrics that the sweep came to.
 */
export function replay(
  evaluator: ChunkEvaluator,
  { index, found, isBest }: ReplayTask,
  fastRunOf: FastRunOf = onFastEngine,
): Replay {
  const spec = evaluator.referenceSpec(index);
  const reference = runReference(spec);
  const [leg] = spec.legs;
  if (leg === undefined) throw new RangeError('a combination needs a coin');
  const isEntry = (flags: number): boolean => (flags & (LONG | SHORT)) !== 0;
  const signals = spec.legs.reduce((sum, one) => sum + one.signals.filter(isEntry).length, 0);
  const metrics = referenceMetrics(reference, signals, {
    depositUsd: spec.depositUsd,
    firstOpenMs: openTimeAt(leg.candles, spec.from),
    intervalMs: intervalMs(leg.candles.interval),
    legs: spec.legs.length,
  });
  const fast = fastRunOf(evaluator, index);
  const difference = differenceOfRuns(fast, reference) ?? differenceOfMetrics(found, metrics);
  return { index, difference, runs: isBest || difference !== undefined ? { fast, reference } : undefined };
}

function differenceOfMetrics(found: SweepValues, expected: SweepValues): Difference | undefined {
  for (const metric of SWEEP_METRICS) {
    const [fast, reference] = [found[metric], expected[metric]];
    if (!isSame(fast, reference)) return { where: `the metric ${metric}`, fast, reference };
  }
  return undefined;
}

/** At most so many are drawn by chance: a fault that shows in one of a hundred is found by fewer. */
const MOST_SAMPLED = 200;
const SAMPLED_SHARE = 0.01;

/** 1 % of the combinations, at least one, by the seed of the sweep; those that are replayed anyway are left out. */
export function sampleOf(count: number, seed: number, anyway: readonly number[]): number[] {
  const wanted = Math.min(Math.ceil(count * SAMPLED_SHARE), MOST_SAMPLED);
  const stream = new Prng(seed).fork('replayed sample');
  const taken = new Set(anyway);
  const sample: number[] = [];
  while (sample.length < wanted && taken.size < count) {
    const index = stream.below(count);
    if (taken.has(index)) continue;
    taken.add(index);
    sample.push(index);
  }
  return sample.sort((a, b) => a - b);
}
