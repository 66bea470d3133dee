import type { RevisedSeries } from '../backtest/candle-source.ts';
import type { Elsewhere } from '../backtest/elsewhere.ts';
import { hasRun, type StudyOutcome } from '../backtest/outcome.ts';
import type { StudyData } from '../backtest/study-data.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import { type EpochMs, fromUsd, toUsd } from '../domain/units.ts';
import type { StudyVerdict } from '../evidence/judge.ts';
import type { MarketCount } from '../evidence/trial-count.ts';
import { hashOf } from './canonical.ts';
import { dataFacts } from './data-facts.ts';
import { LIMITS } from './limits.ts';
import { elsewhereReport } from './robustness-report.ts';
import { type Report, SCHEMA_NAME, SCHEMA_VERSION } from './schema.ts';
import { failedStrategy, judgedStrategy } from './strategy-report.ts';

/** What of the config bears on the result; where the database lies and what is logged does not. */
export interface ReportedSettings {
  readonly source: string;
  readonly fees: { readonly taker: number; readonly maker: number };
  readonly slippageBps: number;
  readonly gates: GateThresholds;
}

export interface ReportInput {
  readonly outcome: StudyOutcome;
  readonly verdicts: StudyVerdict;
  readonly study: Study;
  readonly config: ReportedSettings;
  readonly data: StudyData;
  /** What its results were questioned on beside; absent where they were not. */
  readonly elsewhere?: Elsewhere | undefined;
  /** What of it has been revised since it was first seen. */
  readonly revised: readonly RevisedSeries[];
  /** Seed of everything random that names none of its own. */
  readonly seed: number;
  readonly warnings: readonly string[];
  /** What was tried on this market, if it was counted. */
  readonly trials?: MarketCount | undefined;
  /** Name → version of everything that could change a number: candor, node. */
  readonly versions: Readonly<Record<string, string>>;
  /** Null outside a git checkout. */
  readonly commit: { readonly sha: string; readonly isModified: boolean } | null;
  readonly createdAtMs: EpochMs;
  /** How long each part of the run took, by name. */
  readonly durationsMs: Readonly<Record<string, number>>;
}

/** The report of a study; plain data that JSON carries without a loss. */
export function buildReport(input: ReportInput): Report {
  const { outcome, verdicts, study, config, data, seed, warnings } = input;
  const place = { study, fromMs: outcome.fromMs, toMs: outcome.toMs, instruments: data.instruments };
  const result = {
    data: dataFacts(data),
    config: {
      source: config.source,
      fees: { ...config.fees },
      slippageBps: config.slippageBps,
      gates: { ...config.gates },
    },
    study: studyReport(study),
    seed,
    ...(input.trials && { trials: { ...input.trials } }),
    family: { ...verdicts.family },
    fanTimesMs: [...outcome.fanTimesMs],
    ...(input.elsewhere && { elsewhere: elsewhereReport(input.elsewhere) }),
    strategies: outcome.strategies.map((strategy, i) => {
      const judgement = verdicts.strategies[i];
      if (judgement?.name !== strategy.name) throw new RangeError(`there is no verdict on ${strategy.name}`);
      return hasRun(strategy) ? judgedStrategy(strategy, judgement, place) : failedStrategy(strategy, judgement);
    }),
    limits: LIMITS.map((limit) => ({ ...limit })),
    warnings: [...warnings],
  };
  return {
    schema: { name: SCHEMA_NAME, version: SCHEMA_VERSION },
    resultHash: hashOf(result),
    made: {
      createdAtMs: input.createdAtMs,
      durationsMs: { ...input.durationsMs },
      ...(input.revised.length > 0 && { revised: input.revised.map((series) => ({ ...series })) }),
    },
    versions: { ...input.versions },
    commit: input.commit === null ? null : { ...input.commit },
    ...result,
  };
}

/**
 * The hash that a report should bear: of its result alone. When it was made, by which commit and which versions is
 * beside it, so that another machine, or a later commit, can show that it comes to the same result.
 */
export function resultHashOf(report: Report): string {
  const { schema: _schema, resultHash: _hash, made: _made, versions: _versions, commit: _commit, ...result } = report;
  return hashOf(result);
}

function studyReport(study: Study): Report['study'] {
  const { depositUsd, cell, grid, ...rest } = study;
  return {
    ...(structuredClone(rest) as Omit<Report['study'], 'depositUsd' | 'cell' | 'grid'>),
    cell: rulesReport(cell),
    grid: grid.map(({ at, rules }) => ({ at: { ...at }, rules: rulesReport(rules) })),
    depositUsd: toUsd(depositUsd),
  };
}

type ReportedRules = Report['study']['cell'];

function rulesReport({ maxCoinExposure, maxSideExposure, ...rules }: RiskRules): ReportedRules {
  return {
    ...structuredClone(rules),
    ...(maxCoinExposure === null ? {} : { maxCoinExposure }),
    ...(maxSideExposure === null ? {} : { maxSideExposure }),
  };
}

/** The risk cell that a report speaks of; a rule that it does not name is off. */
export function rulesOf(rules: ReportedRules): RiskRules {
  const { maxCoinExposure = null, maxSideExposure = null } = rules;
  return { ...rules, maxCoinExposure, maxSideExposure };
}

/** The study as it can be run again. */
export function studyOf(report: Report): Study {
  const { depositUsd, span, cell, grid, strategies, ...rest } = structuredClone(report.study);
  return {
    ...rest,
    span: 'days' in span ? span : { fromMs: span.fromMs as EpochMs, toMs: span.toMs as EpochMs },
    strategies: strategies.map(({ choose, ...strategy }) => ({ ...strategy, ...(choose && { choose }) })),
    cell: rulesOf(cell),
    grid: grid.map(({ at, rules }) => ({ at, rules: rulesOf(rules) })),
    depositUsd: fromUsd(depositUsd),
  };
}
