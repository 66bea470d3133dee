import type { StrategyOutcome } from '../backtest/outcome.ts';
import { longestHoldRows } from '../backtest/rotation.ts';
import type { Prng } from '../domain/prng.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import { intervalMs } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { blockLengthMs, bootstrapExpectancy, type ExpectancyBounds, type NoBounds } from './bootstrap.ts';
import { type Span, weekOf } from './calendar.ts';
import type { Estimate } from './estimate.ts';
import { permutationPValue } from './p-value.ts';
import { minimumTrades, pooledSdR, smallestEdgeR } from './power.ts';
import { type Robustness, robustnessOf } from './robustness.ts';
import type { TrackRecord } from './track-record.ts';
import { type WalkForwardFindings, walkForwardFindings } from './walk-forward.ts';

/** What the statistics say about one strategy; gates, verdict and criticism are made of it. NaN: not available. */
export interface Findings {
  readonly outcome: StrategyOutcome;
  readonly span: Span;
  /** Distinct ISO weeks with an entry. */
  readonly weeks: number;
  readonly bounds: ExpectancyBounds | NoBounds;
  readonly power: Power;
  readonly coinFlipP: number;
  readonly rotationP: number;
  /** Corrected for all strategies of the study. */
  readonly familyP: number;
  readonly family: Family;
  /** Absent where nobody counted what was tried before. */
  readonly record?: TrackRecord;
  /** Absent of a brief study. */
  readonly walkForward?: Estimate<WalkForwardFindings>;
  /** Absent where nobody questioned the result. */
  readonly robustness?: Robustness;
}

export interface Power {
  /** Standard deviation of R, pooled over the coin flips. */
  readonly sdR: number;
  /** Trades that it takes to find the target edge. */
  readonly minimumTrades: number;
  /** Block-wise; where there are too few blocks, as if trades were independent. */
  readonly standardErrorR: number;
  /** The smallest edge that this study could have found. */
  readonly smallestEdgeR: number;
}

/** How p-values were corrected, and for how many strategies. */
export interface Family {
  readonly method: 'westfall-young' | 'holm';
  readonly strategies: number;
}

/** Everything but the correction over the family. */
export function measure(
  outcome: StrategyOutcome,
  { fromMs, toMs }: Span,
  study: Study,
  thresholds: GateThresholds,
  rng: Prng,
): Omit<Findings, 'familyP' | 'family' | 'record'> {
  const { trades, metrics } = outcome.backtest;
  const stepMs = intervalMs(study.interval);
  const blockMs = blockLengthMs(longestHoldRows(study.cell, trades, stepMs) * stepMs);
  const bounds = bootstrapExpectancy(trades, { fromMs, toMs, blockMs }, thresholds.alpha, rng);
  const sdR = pooledSdR(outcome.coinFlip);
  const walkForward = walkForwardFindings(outcome);
  const standardErrorR = bounds.isAvailable ? bounds.standardErrorR : sdR / Math.sqrt(trades.length);
  return {
    outcome,
    span: { fromMs, toMs },
    weeks: distinctWeeks(trades),
    bounds,
    power: {
      sdR,
      minimumTrades: minimumTrades(sdR, thresholds.targetEdgeR, thresholds.alpha, thresholds.minTrades),
      standardErrorR: trades.length === 0 ? Number.NaN : standardErrorR,
      smallestEdgeR: trades.length === 0 ? Number.NaN : smallestEdgeR(standardErrorR, thresholds.alpha),
    },
    coinFlipP: permutationPValue(metrics.expectancyR, outcome.coinFlip.metrics.expectancyR),
    rotationP: permutationPValue(metrics.expectancyR, outcome.rotation.metrics.expectancyR),
    ...(walkForward && { walkForward }),
    ...(outcome.probes && { robustness: robustnessOf(outcome, outcome.probes, { fromMs, toMs }) }),
  };
}

function distinctWeeks(trades: readonly Trade[]): number {
  return new Set(trades.map((trade) => weekOf(trade.entryTimeMs))).size;
}
