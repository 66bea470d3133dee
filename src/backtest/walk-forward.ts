import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import type { StudyStrategy } from '../domain/study.ts';
import { intervalMs } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { type RowRange, type WalkForwardSplit, walkForwardSplits } from '../domain/walk-forward-splits.ts';
import { type BuiltStrategy, settleOf } from '../strategy/define.ts';
import { combinationAt, countCombinations, type ParamValues, sweepValues } from '../strategy/params.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalBits } from '../strategy/signals.ts';
import { type Contender, chosenOf, contenderOf } from './choice.ts';
import { dailyReturns } from './daily-returns.ts';
import { equityOf, resultOf } from './fast/result.ts';
import type { FastSpec } from './fast/spec.ts';
import type { WalkForward, WalkForwardFold, Window } from './outcome.ts';
import { replay } from './replay.ts';
import { longestHoldRows } from './rotation.ts';
import type { StrategyBench } from './strategy-bench.ts';

const FOLDS = 6;
/** Training is so many times as long as what it is tried on. */
const TRAIN_TESTS = 4;
/** Of more combinations, so many are drawn by lot. */
const MOST_COMBINATIONS = 200;

/** A set of params, and what it says on each coin of the study. */
interface Candidate {
  readonly params: ParamValues;
  readonly bits: readonly SignalBits[];
}

/**
 * What choosing params would have brought: on each of six training windows the best combination of the strategy's sweep
 * ranges is chosen, by the rule of `chosenOf`, and run on the window that follows it; the longest holding lies between
 * the two. The risk cell stays that of the study. Every run begins flat, with the study's deposit, and closes what is
 * open at its end.
 *
 * @param trades of the verdict run: where no rule limits it, how long a position is held is taken from them
 * @throws EngineDifference where the reference engine does not agree on a chosen combination
 */
export function walkForwardOf(bench: StrategyBench, trades: readonly Trade[]): WalkForward {
  const { room, study } = bench;
  const { from, to } = room.grid(study.interval);
  const tried = triedSets(bench);
  if (tried.combinations < 2) return { isRun: false, reason: 'none of its params has a sweep range' };
  const builds = tried.sets.map((set) => bench.loaded.strategy.build(set));
  const settled = builds.filter((built) => settleOf(built, study.interval) <= from);
  if (settled.length < 2) {
    return { isRun: false, reason: 'there are too few candles before the span for other params to settle on' };
  }
  const folds = splitsOf(to - from, longestHoldRows(study.cell, trades, intervalMs(study.interval)));
  if (folds.length < FOLDS) return { isRun: false, reason: `the span is too short for ${FOLDS} windows` };
  const candidates = candidatesOf(bench, settled);
  return {
    isRun: true,
    combinations: tried.combinations,
    tried: candidates.length,
    unsettled: builds.length - settled.length,
    folds: folds.map((split, i) => foldOf(bench, candidates, split, i + 1)),
    daily: dailyMatrix(bench, candidates),
  };
}

interface TriedSets {
  readonly sets: readonly ParamValues[];
  /** Of all ranges. */
  readonly combinations: number;
}

/**
 * The study's own params first, so that they are chosen where others are no better, then all combinations, or so many
 * of them, drawn by lot. Where the study chooses a param from a list, it is varied over that list.
 */
function triedSets({ study, loaded, built }: StrategyBench): TriedSets {
  const { params, name } = loaded.strategy;
  const choose: StudyStrategy['choose'] = study.strategies.find((one) => one.name === name)?.choose ?? {};
  const lists = Object.entries(params).map(([param, one]) => {
    const own = built.params[param] as number | string;
    const isFixed = one.kind !== 'choice' && one.sweep === undefined;
    return { name: param, values: choose[param] ?? (isFixed ? [own] : sweepValues(one)) };
  });
  const valuesOf = new Map(lists.map(({ name: param, values }) => [params[param], values]));
  const combinations = countCombinations(params, (param) => valuesOf.get(param) ?? []);
  const rng = new Prng(study.controls.seed).fork(`walk-forward/${name}`);
  const sets = placesOf(combinations, rng).map((place) => combinationAt(lists, place));
  const isOther = (set: ParamValues): boolean =>
    Object.entries(set).some(([key, value]) => built.params[key] !== value);
  return { sets: [built.params, ...sets.filter(isOther)], combinations };
}

/** All places, or distinct ones in ascending order; one is left for the study's own params. */
function placesOf(combinations: number, rng: Prng): number[] {
  if (combinations <= MOST_COMBINATIONS) return Array.from({ length: combinations }, (_, place) => place);
  const places = new Set<number>();
  while (places.size < MOST_COMBINATIONS - 1) places.add(Math.floor(rng.uniform() * combinations));
  return [...places].sort((a, b) => a - b);
}

/** Fewer than wanted, or none, where the span is too short. */
function splitsOf(rows: number, embargoRows: number): WalkForwardSplit[] {
  const testRows = Math.floor((rows - embargoRows) / (FOLDS + TRAIN_TESTS));
  if (testRows < 1) return [];
  return walkForwardSplits({ rows, trainRows: TRAIN_TESTS * testRows, testRows, embargoRows, kind: 'rolling' }).slice(
    -FOLDS,
  );
}

/** All of them are listened to together, so that what they share is computed once. */
function candidatesOf({ room, study }: StrategyBench, builds: readonly BuiltStrategy[]): Candidate[] {
  const { to } = room.grid(study.interval);
  const byCoin = study.coins.map((coin) => signalBits(builds, room.evaluation(study.interval, coin), to));
  return builds.map(({ params }, i) => ({ params, bits: byCoin.map((said) => said[i] as SignalBits) }));
}

function foldOf(
  bench: StrategyBench,
  candidates: readonly Candidate[],
  { train, test }: WalkForwardSplit,
  number: number,
): WalkForwardFold {
  const contenders = candidates.map(({ bits }) => contenderOf(bench.room.engine.run(specOn(bench, bits, train))));
  const chosen = chosenOf(contenders);
  const { params, bits } = candidates[chosen] as Candidate;
  const spec = specOn(bench, bits, test);
  const outOfSample = contenderOf(bench.room.engine.run(spec));
  replay(
    spec,
    resultOf(bench.room.engine.run(spec)),
    `fold ${number} of the walk forward of '${bench.built.strategy}'`,
  );
  return {
    train: windowOf(bench, train),
    test: windowOf(bench, test),
    params,
    inSample: contenders[chosen] as Contender,
    outOfSample,
  };
}

/** A run on a part of the span; rows are counted from its first. */
function specOn(bench: StrategyBench, bits: readonly SignalBits[], rows: RowRange): FastSpec {
  const { from } = bench.room.grid(bench.study.interval);
  return { ...bench.spec(bench.study.cell, bits), from: from + rows.from, to: from + rows.to };
}

function windowOf({ room, study }: StrategyBench, rows: RowRange): Window {
  const candles = room.candles(study.interval, study.coins[0] as string);
  const { from } = room.grid(study.interval);
  return { fromMs: openTimeAt(candles, from + rows.from), toMs: openTimeAt(candles, from + rows.to) };
}

/** Every combination over the whole span, whole UTC days, marked to market. */
function dailyMatrix(
  bench: StrategyBench,
  candidates: readonly Candidate[],
): Extract<WalkForward, { isRun: true }>['daily'] {
  const { room, study } = bench;
  const firstOpenMs = windowOf(bench, { from: 0, to: 0 }).fromMs;
  const context = { firstOpenMs, intervalMs: intervalMs(study.interval), depositUsd: study.depositUsd };
  const columns = candidates.map(
    ({ bits }) => dailyReturns(equityOf(room.engine.run(bench.spec(study.cell, bits))), context).values,
  );
  const trials = columns.length;
  const periods = columns[0]?.length ?? 0;
  // An account that is gone stays gone: it has no return, and no NaN.
  const values = Float64Array.from({ length: periods * trials }, (_, i) => {
    const value = (columns[i % trials] as Float64Array)[Math.floor(i / trials)] as number;
    return Number.isFinite(value) ? value : 0;
  });
  return { periods, trials, values };
}
