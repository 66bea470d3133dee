import type { RevisedSeries } from '../backtest/candle-source.ts';
import type { Costs } from '../domain/risk-rules.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { Interval } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import type { EpochMs } from '../domain/units.ts';
import type { ParamValues } from '../strategy/params.ts';
import type { SweepMetric } from './contract.ts';

/** One direction in which the combinations of a block differ. */
export interface Axis {
  readonly kind: 'param' | 'rule';
  /** A param of the strategy (`lookback`), or a rule of the risk cell (`stop`, `target`, …). */
  readonly name: string;
  /** In the order in which they were tried: `20`, `2 %`, `1.5 R`. */
  readonly labels: readonly string[];
}

/**
 * All combinations of one strategy on one account and one interval. Their places in the columns are `first` …
 * `first + product of the axes' lengths − 1`, and the last axis moves fastest. Axes of one value are left out.
 */
export interface ResultBlock {
  readonly interval: Interval;
  readonly coins: readonly string[];
  readonly strategy: string;
  readonly first: number;
  readonly count: number;
  readonly axes: readonly Axis[];
}

/** One of the best: replayed through the reference engine, with all that a person will look at. */
export interface BestCombination {
  /** Its place in the sweep. */
  readonly index: number;
  readonly interval: Interval;
  readonly coins: readonly string[];
  readonly strategy: string;
  readonly params: ParamValues;
  /** The rules that the grid varies, as text; empty for a sweep without a grid. */
  readonly at: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<SweepMetric, number>>;
  readonly trades: readonly Trade[];
  /** Account value in dollars, marked to market at the closes `equityFirstCloseMs` + i × interval. */
  readonly equityUsd: Float64Array;
  readonly equityFirstCloseMs: EpochMs;
}

export interface SweptStrategy {
  readonly name: string;
  readonly thesis: 'continuation' | 'reversal';
  readonly summary: string;
  readonly fileSha256: string;
  /** Sets of params that were tried. */
  readonly sets: number;
}

/** Sets of params that never gave an entry signal, on one interval and one account. */
export interface SilentSets {
  readonly interval: Interval;
  readonly coins: readonly string[];
  readonly strategy: string;
  readonly count: number;
  /** The first few of them. */
  readonly examples: readonly ParamValues[];
}

export interface SweptSeries {
  readonly coin: string;
  readonly interval: Interval;
  /** Within the span, the missing ones included. */
  readonly candles: number;
  readonly missingCandles: number;
  readonly missingFundingHours: number;
}

/** How the table of a sweep is made: which combinations are in it, and which come first. */
export interface Ranking {
  readonly metric: SweepMetric;
  /** Which way is better. */
  readonly order: 'highest' | 'lowest';
  /** Conditions that a combination had to meet, as they are written: `trades>=30`. */
  readonly where: readonly string[];
  /** Places of all that meet them, the best first; without a value for the metric last. */
  readonly places: Uint32Array;
}

/** Everything that a sweep found out: what its table, its page and its JSON are made of. */
export interface SweepResult {
  /** sha256 of all that the answer depends on: the same identity gives the same columns, bit for bit. */
  readonly identity: string;
  readonly sweep: Sweep;
  readonly costs: Costs;
  readonly strategies: readonly SweptStrategy[];
  readonly data: {
    readonly isSynthetic: boolean;
    /** On the values that were first seen of every candle. */
    readonly asSeen?: true;
    readonly source: string;
    readonly fingerprint: string;
    readonly fromMs: EpochMs;
    readonly toMs: EpochMs;
    readonly series: readonly SweptSeries[];
  };
  readonly combinations: number;
  readonly blocks: readonly ResultBlock[];
  /** One value for each combination, in the order of the sweep; NaN where it has none. Dollars are micro-dollars. */
  readonly columns: Readonly<Record<SweepMetric, Float64Array>>;
  readonly ranking: Ranking;
  /** The first of the ranking, at most ten. */
  readonly best: readonly BestCombination[];
  readonly silent: readonly SilentSets[];
  /** Combinations that ran through the reference engine too, and came out the same to the last micro-dollar. */
  readonly replays: { readonly best: number; readonly sampled: number };
  readonly warnings: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: { readonly sha: string; readonly isModified: boolean } | null;
  /** sha256 of the columns. */
  readonly resultHash: string;
  /** Outside of every hash. */
  readonly revised: readonly RevisedSeries[];
  readonly createdAtMs: EpochMs;
  readonly timings: { readonly loadMs: number; readonly sweepMs: number; readonly replayMs: number };
  readonly workers: number;
}
