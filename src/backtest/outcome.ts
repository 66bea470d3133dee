import type { CandorError } from '../domain/errors.ts';
import type { Interval } from '../domain/time.ts';
import type { Refusal, Trade } from '../domain/trade.ts';
import type { EpochMs } from '../domain/units.ts';
import type { MetricName, Metrics } from './metrics.ts';
import type { Probes } from './probes.ts';

/** One backtest of one strategy, with everything that a person or a gate asks about it. */
export interface Backtest {
  readonly metrics: Metrics;
  readonly trades: readonly Trade[];
  /** Account value in dollars at the closes of the study's candles. */
  readonly equityUsd: Float64Array;
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  readonly conflicts: number;
  readonly lapses: number;
  readonly missingFundingHours: number;
  /** Entries that filled in a candle in which nobody traded. */
  readonly entriesWithoutVolume: number;
}

/** A control: one row per draw. A draw that has no such metric (no trades) holds NaN. */
export interface DrawTable {
  readonly kind: 'coin-flip' | 'rotation';
  readonly draws: number;
  readonly metrics: Readonly<Record<MetricName, Float64Array>>;
  /** Quantiles over the draws of account value, at `fanTimesMs` of the study. */
  readonly fan: { readonly p05: Float64Array; readonly p50: Float64Array; readonly p95: Float64Array };
}

/** One cell of the heat map. */
export interface GridResult {
  readonly at: Readonly<Record<string, string>>;
  readonly isVerdictCell: boolean;
  readonly metrics: Metrics;
}

/**
 * Finer candles (rule 30). `fills`: signals on the study's interval, fills on the finer candles. `equal-clock`: params
 * in candles scaled to the same clock time. `same-count`: the same number of finer candles, shown only.
 */
export interface FinerResult {
  readonly interval: Interval;
  readonly kind: 'fills' | 'equal-clock' | 'same-count';
  readonly metrics: Metrics;
}

/** What a condition says it bets on, and what happened after it fired, alone. */
export interface ClaimResult {
  readonly side: 'long' | 'short';
  readonly condition: string;
  readonly bet: 'continuation' | 'reversal' | 'filter';
  /** Closes at which it was true. */
  readonly fires: number;
  /**
   * Mean return over the next `horizonCandles`, in the direction of the side, less that of all candles; a fraction. NaN
   * without fires.
   */
  readonly excessReturn: number;
  readonly horizonCandles: number;
}

/** How params were chosen on the candles of the study. Every draw of both controls made the same choice (rule 25). */
export interface Choice {
  /** What each param was chosen from. */
  readonly lists: Readonly<Record<string, readonly (number | string)[]>>;
  /** Every combination, with what it came to on the verdict cell. */
  readonly combinations: readonly Combination[];
  /** Place of the one that is judged. */
  readonly chosen: number;
}

export interface Combination {
  readonly params: Readonly<Record<string, number | string>>;
  readonly trades: number;
  /** NaN without a trade. */
  readonly expectancyR: number;
}

/** From an instant on, up to another that is no part of it. */
export interface Window {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** Params that were best on one window, and what they came to on the next. */
export interface WalkForwardFold {
  readonly train: Window;
  readonly test: Window;
  readonly params: Readonly<Record<string, number | string>>;
  /** Means are NaN without a trade. */
  readonly inSample: Pick<Metrics, 'trades' | 'expectancyR'>;
  readonly outOfSample: Pick<Metrics, 'trades' | 'expectancyR'>;
}

/** Params chosen on the past again and again, each time tried on what followed; or why that makes no sense here. */
export type WalkForward =
  | { readonly isRun: false; readonly reason: string }
  | {
      readonly isRun: true;
      /** Of all sweep ranges. */
      readonly combinations: number;
      /** How many of these were run, the study's own params among them. */
      readonly tried: number;
      /** How many were left out: before the span there are too few candles for them to settle on. */
      readonly unsettled: number;
      readonly folds: readonly WalkForwardFold[];
      /** Returns of whole UTC days of all that were tried, over the whole span: day by day, side by side. */
      readonly daily: { readonly periods: number; readonly trials: number; readonly values: Float64Array };
    };

/**
 * How it is known that a strategy does not see the future: it is made of expressions alone, or the code in it said the
 * same on every candle when it could see none of those after it.
 */
export type LookAhead =
  | { readonly kind: 'by-construction' }
  | { readonly kind: 'replayed'; readonly candles: number }
  | { readonly kind: 'too-few-candles' };

/** Everything that the machine found out about one strategy; the verdict is made of it. */
export interface StrategyOutcome {
  readonly name: string;
  readonly thesis: 'continuation' | 'reversal';
  readonly summary: string;
  readonly params: Readonly<Record<string, number | string>>;
  /** Absent where the study names the params. */
  readonly choice?: Choice;
  /** sha256 of the strategy's file. */
  readonly fileSha256: string;
  readonly lookAhead: LookAhead;
  /** On the verdict cell; candles that touched both stop and target count as stopped. */
  readonly backtest: Backtest;
  /** The same, but such candles count as the target: the upper bound. */
  readonly upperBound: Metrics;
  readonly grid: readonly GridResult[];
  readonly finer: readonly FinerResult[];
  readonly coinFlip: DrawTable;
  readonly rotation: DrawTable;
  readonly claims: readonly ClaimResult[];
  /** Absent in a brief study. */
  readonly walkForward?: WalkForward;
  /** Absent where nobody asked for them. */
  readonly probes?: Probes;
}

/** A strategy that could not be run. It has NO VERDICT, and the others finish. */
export interface StrategyFailure {
  readonly name: string;
  readonly error: { readonly message: string; readonly details: readonly string[]; readonly hint: string | undefined };
}

export function hasRun(outcome: StrategyOutcome | StrategyFailure): outcome is StrategyOutcome {
  return 'backtest' in outcome;
}

export interface StudyOutcome {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** Where the account value of the controls was noted. */
  readonly fanTimesMs: Float64Array;
  readonly strategies: readonly (StrategyOutcome | StrategyFailure)[];
}

/** An error of a strategy as plain data. */
export function failureOf(name: string, error: unknown): StrategyFailure {
  const { message, details, hint } = error as Partial<CandorError>;
  return { name, error: { message: message ?? String(error), details: details ?? [], hint } };
}
