import type { OptimizerSettings } from '../domain/optimizer.ts';
import type { ForwardPlan } from './forward-plan.ts';
import { type ForwardTable, meanOf } from './forward-table.ts';

/** The place of the incumbent among the candidates. */
export const INCUMBENT = 0;

export interface RankedCandidate {
  readonly candidate: number;
  /** On the newest training window. */
  readonly score: number;
  readonly trades: number;
}

export interface FoldResult {
  /** Chosen on the training days. */
  readonly candidate: number;
  readonly trainScore: number;
  /** Mean daily returns on the test days: of what was chosen, and of what it is held against. */
  readonly test: number;
  readonly benchmark: number;
}

/** What the walk forward says; plain data. Returns are fractions of the account, a day. */
export interface Comparison {
  /** What stands against the choice: the incumbent's params, or nothing where it does not trade. */
  readonly benchmark: 'incumbent' | 'no trading';
  /** Every candidate, the best first. */
  readonly ranking: readonly RankedCandidate[];
  /** From 1; candidates with the same score share a place. */
  readonly incumbentRank: number;
  /** The best on the newest training window that traded often enough there: what would be traded next. */
  readonly chosen: number;
  readonly folds: readonly FoldResult[];
  /** Over the days of all test windows. */
  readonly outOfSample: {
    readonly days: number;
    readonly procedure: number;
    readonly benchmark: number;
    readonly difference: number;
    /** Trades a day: the more of the two. */
    readonly tradesADay: number;
    /** What the difference must exceed, and of what it is made (rule 34). */
    readonly threshold: number;
    readonly rule: 'share' | 'floor';
  };
  readonly luck: Luck;
}

/** Hansen's test over all candidates (rule 34): null where the data cannot carry it, with the reason. */
export interface Luck {
  readonly pValue: number | null;
  readonly reason: string | null;
  /** Candidates that it was asked about. */
  readonly candidates: number;
}

/** One row a day, one column a candidate: its return less the benchmark's. */
export interface Differences {
  readonly periods: number;
  readonly trials: number;
  readonly values: Float64Array;
}

export interface ComparisonTerms extends Pick<OptimizerSettings, 'threshold' | 'floorR'> {
  readonly riskFraction: number;
  /** Whoever traded less in a training window is not chosen there: the highest mean is always that of a lucky few. */
  readonly minTrades: number;
  /** Whether the incumbent trades; one that was stood down earns nothing, and loses nothing. */
  readonly isTrading: boolean;
  readonly luckOf: (differences: Differences) => Omit<Luck, 'candidates'>;
}

/**
 * Ranks on the newest training window; and lets the procedure that would choose next stand against the incumbent where
 * it could not have known the answer: each fold chooses on its training days, and the joined test days are compared.
 *
 * @param table all candidates, the incumbent first, on the windows of the plan
 */
export function compare(table: ForwardTable, plan: ForwardPlan, terms: ComparisonTerms): Comparison {
  const newest = 2 * plan.folds.length;
  const ranking = rankingOn(table, newest);
  const incumbent = ranking.find(({ candidate }) => candidate === INCUMBENT) as RankedCandidate;
  const choices = plan.folds.map((_, fold) => choiceOn(table, 2 * fold, terms.minTrades));
  const tests = choices.map((candidate, fold) => ({ candidate, window: 2 * fold + 1 }));
  const path = joined(tests.map(({ candidate, window }) => table.returns(candidate, window)));
  const against = joined(tests.map(({ window }) => benchmarkOn(table, window, terms.isTrading)));
  const procedure = meanOf(path);
  const benchmark = meanOf(against);
  const tradesOf = (of: (candidate: number) => number): number =>
    tests.reduce((sum, { candidate, window }) => sum + table.trades(of(candidate), window), 0);
  const tradesADay =
    Math.max(
      tradesOf((chosen) => chosen),
      tradesOf(() => INCUMBENT),
    ) / path.length;
  const share = terms.threshold * Math.abs(benchmark);
  const floor = terms.floorR * terms.riskFraction * tradesADay;
  return {
    benchmark: terms.isTrading ? 'incumbent' : 'no trading',
    ranking,
    incumbentRank: 1 + ranking.filter(({ score }) => score > incumbent.score).length,
    chosen: choiceOn(table, newest, terms.minTrades),
    folds: tests.map(({ candidate, window }) => ({
      candidate,
      trainScore: table.score(candidate, window - 1),
      test: table.score(candidate, window),
      benchmark: meanOf(benchmarkOn(table, window, terms.isTrading)),
    })),
    outOfSample: {
      days: path.length,
      ...{ procedure, benchmark, difference: procedure - benchmark, tradesADay },
      threshold: Math.max(share, floor),
      rule: share > floor ? 'share' : 'floor',
    },
    luck: luckAmong(table, tests, against, terms),
  };
}

function rankingOn(table: ForwardTable, window: number): RankedCandidate[] {
  return Array.from({ length: table.candidates }, (_, candidate) => ({
    candidate,
    score: table.score(candidate, window),
    trades: table.trades(candidate, window),
  })).sort((a, b) => b.score - a.score || a.candidate - b.candidate);
}

/** The best of those that traded often enough, of equals the first; where none did, the incumbent. */
function choiceOn(table: ForwardTable, window: number, minTrades: number): number {
  return rankingOn(table, window).find(({ trades }) => trades >= minTrades)?.candidate ?? INCUMBENT;
}

function benchmarkOn(table: ForwardTable, window: number, isTrading: boolean): Float64Array {
  const returns = table.returns(INCUMBENT, window);
  return isTrading ? returns : new Float64Array(returns.length);
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** Each candidate, unchanged over all test days, against the benchmark; those that never differ from it say nothing. */
function luckAmong(
  table: ForwardTable,
  tests: readonly { readonly window: number }[],
  against: Float64Array,
  { luckOf }: ComparisonTerms,
): Luck {
  const columns = Array.from({ length: table.candidates }, (_, candidate) =>
    joined(tests.map(({ window }) => table.returns(candidate, window))).map(
      (value, day) => value - (against[day] as number),
    ),
  ).filter((column) => column.some((difference) => difference !== 0));
  const trials = columns.length;
  if (trials === 0) return { pValue: null, reason: 'no candidate ever did anything else', candidates: 0 };
  const periods = against.length;
  const values = new Float64Array(periods * trials);
  for (const [trial, column] of columns.entries()) {
    for (const [day, difference] of column.entries()) values[day * trials + trial] = difference;
  }
  return { ...luckOf({ periods, trials, values }), candidates: trials };
}
