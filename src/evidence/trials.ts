import { hasRun, type StrategyOutcome, type StudyOutcome } from '../backtest/outcome.ts';
import type { GateThresholds, Study } from '../domain/study.ts';
import type { StudyVerdict } from './judge.ts';
import { canonical, plain, triedBy } from './trial-keys.ts';
import type { LedgerLine, LineClusters, RecordedTrial, StudyTrial, TrialOutcome } from './trial-lines.ts';
import type { Verdict } from './verdict.ts';

/** What the ledger needs to know of a study beside its outcome. */
export interface TrialFacts {
  readonly fingerprint: string;
  readonly source: string;
  readonly isSynthetic: boolean;
  readonly asSeen?: true;
  readonly besides?: string[];
  readonly gates: GateThresholds;
  readonly fees: { readonly taker: number; readonly maker: number };
  readonly slippageBps: number;
  readonly seed: number;
  readonly resultSha256: string;
  /** The line that unsealed the candles for it. */
  readonly unseal?: string;
}

/** One thing that a study tried; `judged` where it is the one that the verdict is about. */
export interface StudyTry {
  readonly name: string;
  readonly fileSha256: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly judged?: StrategyOutcome;
}

/**
 * Everything that a study tried, in the order of its line: strategies that could not be run are no trials, and of those
 * whose params were chosen every combination is one.
 */
export function triesOf(outcome: StudyOutcome): StudyTry[] {
  return outcome.strategies.filter(hasRun).flatMap((judged): StudyTry[] => {
    const { name, fileSha256, params, choice } = judged;
    if (choice === undefined) return [{ name, fileSha256, params, judged }];
    return choice.combinations.map((tried, place) => {
      const one = { name, fileSha256, params: tried.params };
      return place === choice.chosen ? { ...one, judged } : one;
    });
  });
}

/** The line of a study, with what came out of it. */
export function trialOfStudy(
  study: Study,
  outcome: StudyOutcome,
  { strategies: verdicts }: StudyVerdict,
  clusters: LineClusters,
  facts: TrialFacts,
): StudyTrial {
  return {
    kind: 'study',
    study: study.name,
    strategies: triesOf(outcome).map(({ name, fileSha256, params, judged }) => {
      const verdict = verdicts.find((one) => one.name === name)?.verdict;
      return {
        ...{ name, fileSha256, params: { ...params } },
        ...(judged && verdict && { outcome: outcomeOf(judged, verdict) }),
      };
    }),
    clusters,
    coins: [...study.coins],
    interval: study.interval,
    fromMs: outcome.fromMs,
    toMs: outcome.toMs,
    cell: plain(study.cell),
    cells: new Set([canonical(study.cell), ...study.grid.map(({ rules }) => canonical(rules))]).size,
    controls: { ...study.controls },
    ...facts,
  };
}

function outcomeOf({ backtest: { metrics } }: StrategyOutcome, { word, ground, line }: Verdict): TrialOutcome {
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  const { trades, expectancyR, sharpeDaily } = metrics;
  return { word, ground, line, trades, expectancyR: orNull(expectancyR), sharpeDaily: orNull(sharpeDaily) };
}

export interface TrialCount {
  /**
   * Distinct strategies with params, risk cell and data: running the same again is no new try, with a newer Candor
   * neither. Every combination of a sweep or of an optimisation is one, for any of them could have been chosen.
   */
  readonly trials: number;
  /** The same with every cell of the studies' heat maps: what somebody could have chosen from. */
  readonly combinations: number;
}

export function countTrials(trials: readonly RecordedTrial[]): TrialCount {
  const cellsOf = new Map<string, number>();
  const searches = new Map<string, number>();
  for (const trial of trials) {
    if (trial.kind !== 'study') {
      const key = canonical(triedBy(trial));
      searches.set(key, Math.max(trial.combinations, searches.get(key) ?? 0));
      continue;
    }
    const { strategies, cell, fingerprint, cells } = trial;
    for (const { fileSha256, params } of strategies) {
      const key = canonical([fileSha256, params, cell, fingerprint]);
      cellsOf.set(key, Math.max(cells, cellsOf.get(key) ?? 0));
    }
  }
  const sum = (counts: Map<string, number>): number => counts.values().reduce((total, count) => total + count, 0);
  return { trials: cellsOf.size + sum(searches), combinations: sum(cellsOf) + sum(searches) };
}

export interface MarketStretch {
  readonly coins: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly isSynthetic: boolean;
}

/** Trials that have seen some of this market: the same coin at the same time, from whatever source (rule 32). */
export function trialsTouching(trials: readonly RecordedTrial[], stretch: MarketStretch): RecordedTrial[] {
  const coins = new Set(stretch.coins);
  return trials.filter(
    (trial) =>
      trial.isSynthetic === stretch.isSynthetic &&
      trial.fromMs < stretch.toMs &&
      stretch.fromMs < trial.toMs &&
      trial.coins.some((coin) => coins.has(coin)),
  );
}

/** The thresholds that are on record: those of the newest line that names any. */
export function gatesOnRecord(lines: readonly LedgerLine[]): GateThresholds | undefined {
  return lines.findLast((line) => 'gates' in line)?.gates;
}
