export { SWEEP_METRICS, type SweepMetric } from '../backtest/fast/metrics.ts';

import type { StudyData } from '../backtest/study-data.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { Sweep } from '../domain/sweep.ts';

/** Everything that the answer of a sweep depends on: the same work gives the same bits on every machine. */
export interface SweepWork {
  readonly sweep: Sweep;
  readonly costs: Costs;
  /** In the order of the sweep; a worker whose file is another one must not take part. */
  readonly strategies: readonly { readonly name: string; readonly fileSha256: string }[];
  readonly data: StudyData;
}

/** Combinations first … first + count − 1, in the order of the plan. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
}

/** `count × SWEEP_METRICS.length` values, combination after combination; NaN where a metric has no value. */
export type ChunkResult = Float64Array;

/**
 * Carries out chunks, in any order and on whatever cores or machines, and hands each result over once. Ends when all
 * are done; when the signal is given, it ends soon, and what was handed over stays valid.
 */
export type Runner = (
  work: SweepWork,
  chunks: readonly Chunk[],
  onResult: (chunk: Chunk, result: ChunkResult) => void,
  signal: AbortSignal,
) => Promise<void>;
