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

/** What is kept of every combination, in this order. Dollars are micro-dollars, shares are fractions. */
export const SWEEP_METRICS = [
  /** Rows with an entry signal, whether it could be taken or not. */
  'signals',
  'trades',
  'winRate',
  'expectancyR',
  'sdR',
  'netReturn',
  /** Of the account after each trade, as a fraction of its highest value; open positions are not marked. */
  'maxDrawdown',
  'profitFactor',
  'feesUsd',
  'fundingUsd',
  'exposure',
  'longestLosingRun',
  'refusals',
  'finalCashUsd',
] as const;
export type SweepMetric = (typeof SWEEP_METRICS)[number];

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
