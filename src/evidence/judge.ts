import { hasRun, type StrategyFailure, type StudyOutcome } from '../backtest/outcome.ts';
import { Prng } from '../domain/prng.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import { type Criticism, criticise } from './criticism.ts';
import type { Estimate } from './estimate.ts';
import { type Family, type Findings, measure } from './findings.ts';
import { type Gate, gatesOf } from './gates.ts';
import { holm } from './multiple-testing.ts';
import type { Robustness } from './robustness.ts';
import { returnsOf, type TrackRecord, trackRecord } from './track-record.ts';
import type { MarketCount } from './trial-count.ts';
import { type Verdict, verdictOf, verdictOfFailure } from './verdict.ts';
import type { WalkForwardFindings } from './walk-forward.ts';
import { westfallYoung } from './westfall-young.ts';

/**
 * The verdict on one strategy and what it rests on. Plain data: a number that does not exist is null, and a gate says
 * why.
 */
export interface StrategyVerdict {
  readonly name: string;
  readonly verdict: Verdict;
  readonly gates: readonly Gate[];
  readonly criticism: readonly Criticism[];
  /** Absent of a brief study. */
  readonly walkForward?: Estimate<WalkForwardFindings>;
  /** Absent where nobody questioned the result. */
  readonly robustness?: Robustness;
  readonly pValues: {
    readonly coinFlip: number | null;
    readonly rotation: number | null;
    /** Rotation, corrected for all strategies of the study. */
    readonly family: number | null;
  };
  /** One-sided bounds, each at the level of the gates. */
  readonly expectancy: {
    readonly lowerR: number | null;
    readonly upperR: number | null;
    readonly standardErrorR: number | null;
    readonly blocks: number;
    readonly blockDays: number;
  } | null;
  readonly power: {
    /** Standard deviation of R over the coin flips. */
    readonly sdR: number | null;
    readonly minimumTrades: number;
    /** The smallest edge that this study could have found. */
    readonly smallestEdgeR: number | null;
  } | null;
  /** Of the Sharpe ratio; absent where nobody counted what was tried before. */
  readonly record?: TrackRecord;
}

export interface StudyVerdict {
  readonly thresholds: GateThresholds;
  readonly family: Family;
  /** In the order of the outcome. */
  readonly strategies: readonly StrategyVerdict[];
}

/**
 * Judges every strategy of a study. The family that p-values are corrected for is every strategy that ran, those with
 * too few trades too: they were tried.
 *
 * @param seed of the bootstrap; each strategy has a stream of its own, so that adding one changes no other's bounds
 * @param count what was tried on this market; without it no Sharpe ratio is deflated
 */
export function judgeStudy(
  outcome: StudyOutcome,
  study: Study,
  thresholds: GateThresholds,
  seed: number,
  count?: MarketCount,
): StudyVerdict {
  const root = new Prng(seed);
  const measured = outcome.strategies
    .filter(hasRun)
    .map((one) => measure(one, outcome, study, thresholds, root.fork(`bootstrap/${one.name}`)));
  const { family, pValues } = corrected(measured);
  const judged = new Map(
    measured.map((one, i) => {
      const returns = returnsOf(one.outcome, study, outcome.fromMs);
      const record = count === undefined ? {} : { record: trackRecord(returns, count, thresholds.alpha) };
      const findings = { ...one, ...record, family, familyP: pValues[i] as number };
      return [one.outcome.name, strategyVerdict(findings, study, thresholds)];
    }),
  );
  const strategies = outcome.strategies.map((one) =>
    hasRun(one) ? (judged.get(one.name) as StrategyVerdict) : failureVerdict(one),
  );
  return { thresholds, family, strategies };
}

/** Over joint draws where all strategies have the same number of them; else by Holm, who needs none. */
function corrected(measured: readonly Omit<Findings, 'family' | 'familyP' | 'record'>[]): {
  readonly family: Family;
  readonly pValues: readonly number[];
} {
  const strategies = measured.length;
  const isJoint = measured.every(({ outcome }) => outcome.rotation.draws === measured[0]?.outcome.rotation.draws);
  if (!isJoint) {
    return { family: { method: 'holm', strategies }, pValues: holm(measured.map(({ rotationP }) => rotationP)) };
  }
  const members = measured.map(({ outcome }) => ({
    observed: outcome.backtest.metrics.expectancyR,
    draws: outcome.rotation.metrics.expectancyR,
  }));
  return { family: { method: 'westfall-young', strategies }, pValues: westfallYoung(members) };
}

function strategyVerdict(findings: Findings, study: Study, thresholds: GateThresholds): StrategyVerdict {
  const gates = gatesOf(findings, study, thresholds);
  const { bounds, power } = findings;
  return {
    name: findings.outcome.name,
    verdict: verdictOf(findings, gates, thresholds),
    gates,
    criticism: criticise(findings, study),
    ...(findings.record && { record: findings.record }),
    ...(findings.walkForward && { walkForward: findings.walkForward }),
    ...(findings.robustness && { robustness: findings.robustness }),
    pValues: {
      coinFlip: orNull(findings.coinFlipP),
      rotation: orNull(findings.rotationP),
      family: orNull(findings.familyP),
    },
    expectancy: {
      lowerR: bounds.isAvailable ? bounds.lowerR : null,
      upperR: bounds.isAvailable ? bounds.upperR : null,
      standardErrorR: orNull(power.standardErrorR),
      blocks: bounds.blocks,
      blockDays: bounds.blockDays,
    },
    power: {
      sdR: orNull(power.sdR),
      minimumTrades: power.minimumTrades,
      smallestEdgeR: orNull(power.smallestEdgeR),
    },
  };
}

function failureVerdict(failure: StrategyFailure): StrategyVerdict {
  return {
    name: failure.name,
    verdict: verdictOfFailure(failure),
    gates: [],
    criticism: [],
    pValues: { coinFlip: null, rotation: null, family: null },
    expectancy: null,
    power: null,
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
