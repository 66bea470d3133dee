import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { StudyStrategy } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { type Contender, chosenOf, contenderOf, type StudyTerms } from './choice.ts';
import { measureClaims } from './claims.ts';
import { type CoinFlipLeg, calibrateCoinFlip, coinFlipLegs, coinFlipSignals, coinFlipStream } from './coin-flip.ts';
import { DrawMetrics } from './draw-metrics.ts';
import { type DrawChunk, DrawRecorder } from './draws.ts';
import { type Elsewhere, nowhereElse } from './elsewhere.ts';
import { equityOf, resultOf } from './fast/result.ts';
import type { FastRun } from './fast/spec.ts';
import { checkLookAhead } from './look-ahead.ts';
import type { MarketRoom } from './market-room.ts';
import { entriesWithoutVolume, type Metrics, type MetricsContext, metricsOf } from './metrics.ts';
import type { Combination, DrawTable, FinerResult, GridResult, StrategyOutcome } from './outcome.ts';
import { type Probes, probe } from './probes.ts';
import { replay } from './replay.ts';
import { longestHoldRows, type RotationPlan, rotate } from './rotation.ts';
import type { RunResult } from './run.ts';
import type { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';
import { walkForwardOf } from './walk-forward.ts';

type CoinFlipLegs = readonly CoinFlipLeg[];

/** Everything of a strategy's outcome but its controls, and what these need to be drawn. */
export interface Judged {
  readonly outcome: Omit<StrategyOutcome, 'coinFlip' | 'rotation'>;
  /** Of each combination that was tried. */
  readonly coinFlip: readonly CoinFlipLegs[];
  readonly longestHoldRows: number;
}

/**
 * What is run once: every combination that is tried, and the one that is chosen in full.
 *
 * @param benches the strategy with each set of params
 * @param flips 'guessed' leaves the coin flips about a tenth off the strategy's number of trades: enough where they
 *   only show how much R scatters, and a quarter of the work of a calibration
 * @param isBrief only what decides its verdict
 */
export async function judgeTask(
  benches: readonly StrategyBench[],
  flips: 'matched' | 'guessed' = 'matched',
  isBrief = false,
): Promise<Judged> {
  const tried = benches.map((bench) => verdictRun(bench));
  const { interval } = (benches[0] as StrategyBench).study;
  const contenders = benches.map((bench, i) => metricsOn(bench, interval, tried[i] as RunResult));
  const chosen = chosenOf(contenders);
  const bench = benches[chosen] as StrategyBench;
  const outcome = await outcomeOf(bench, tried[chosen] as RunResult, isBrief);
  const combinations = contenders.map(({ trades, expectancyR }, i): Combination => {
    return { params: (benches[i] as StrategyBench).built.params, trades, expectancyR };
  });
  const holds = tried.map(({ trades }) => longestHoldRows(bench.study.cell, trades, intervalMs(interval)));
  const { choose: lists } = bench.study.strategies.find(({ name }) => name === outcome.name) ?? {};
  return {
    outcome: lists === undefined ? outcome : { ...outcome, choice: { lists, combinations, chosen } },
    coinFlip: benches.map((one, i) => coinFlipOf(one, tried[i] as RunResult, flips)),
    longestHoldRows: Math.max(...holds),
  };
}

function verdictRun(bench: StrategyBench): RunResult {
  const { cell } = bench.study;
  const result = bench.run(cell);
  replay(bench.spec(cell), result, `the verdict run of '${bench.loaded.strategy.name}'`);
  return result;
}

/** The search for look-ahead, the verdict cell, its upper bound, the grid, finer candles, claims, the walk forward. */
async function outcomeOf(bench: StrategyBench, result: RunResult, isBrief: boolean): Promise<Judged['outcome']> {
  const { study, loaded, built, room, bits } = bench;
  const { interval, coins } = study;
  const lookAhead = await checkLookAhead({ room, loaded, built, bits, interval, coins });
  const { strategy, sha256 } = loaded;
  return {
    name: strategy.name,
    thesis: strategy.thesis,
    summary: strategy.summary,
    params: built.params,
    fileSha256: sha256,
    lookAhead,
    backtest: {
      metrics: metricsOn(bench, study.interval, result),
      trades: result.trades,
      equityUsd: result.equityUsd,
      refusals: result.refusals,
      conflicts: result.conflicts,
      lapses: result.lapses,
      missingFundingHours: missingFundingHours(bench),
      entriesWithoutVolume: entriesWithoutVolume(
        result.trades,
        study.coins.map((coin) => bench.room.candles(study.interval, coin)),
      ),
    },
    upperBound: metricsOn(bench, study.interval, bench.run(study.cell, 'target')),
    grid: gridResults(bench),
    finer: study.confirm.flatMap((interval) => finerResults(bench, interval)),
    claims: measureClaims(bench),
    ...(!isBrief && { walkForward: walkForwardOf(bench, result.trades) }),
  };
}

/**
 * Draws of the rotation control: the same plans, in the same order, for every strategy of the study. Where params were
 * chosen, each draw chooses them anew, under one and the same rotation of every combination.
 */
export function rotationTask(
  benches: readonly StrategyBench[],
  firstDraw: number,
  plans: readonly RotationPlan[],
  fanRows: readonly number[],
): DrawChunk {
  const [{ room, study }] = benches as readonly [StrategyBench];
  const { from, to } = room.grid(study.interval);
  return drawChunk(benches, 'rotation', { firstDraw, draws: plans.length, fanRows }, (draw, bench) =>
    bench.bits.map((bits) => rotate(bits, from, to, plans[draw - firstDraw] as RotationPlan)),
  );
}

/** Draws of the coin flip; where params were chosen, each combination has its own, and each draw chooses among them. */
export function coinFlipTask(
  benches: readonly StrategyBench[],
  firstDraw: number,
  draws: number,
  legs: readonly CoinFlipLegs[],
  fanRows: readonly number[],
): DrawChunk {
  return drawChunk(benches, 'coin-flip', { firstDraw, draws, fanRows }, (draw, bench, i) =>
    flips(bench, legs[i] as CoinFlipLegs, draw),
  );
}

interface ChunkOfDraws {
  readonly firstDraw: number;
  readonly draws: number;
  readonly fanRows: readonly number[];
}

type ScheduleOf = (draw: number, bench: StrategyBench, combination: number) => readonly SignalBits[];

/**
 * One draw of every chunk, so one in a hundred, runs again on the reference engine, with every combination that it
 * chose from.
 *
 * @throws EngineDifference
 */
function drawChunk(
  benches: readonly StrategyBench[],
  control: DrawTable['kind'],
  { firstDraw, draws, fanRows }: ChunkOfDraws,
  scheduleOf: ScheduleOf,
): DrawChunk {
  const [first] = benches as readonly [StrategyBench];
  const { name } = first.loaded.strategy;
  const recorder = new DrawRecorder(firstDraw, draws, fanRows);
  const metrics = drawMetricsOf(first);
  const replayed =
    firstDraw + new Prng(first.study.controls.seed).fork(`replay/${control}/${name}/${firstDraw}`).below(draws);
  for (let draw = firstDraw; draw < firstDraw + draws; draw++) {
    const what = draw === replayed ? `draw ${draw} of the ${control} of '${name}'` : undefined;
    const run = bestRun(benches, (bench, i) => scheduleOf(draw, bench, i), what);
    const equityUsd = equityOf(run);
    recorder.record(metrics.of(run, equityUsd), equityUsd);
  }
  return recorder.chunk();
}

/**
 * The run of the combination that is chosen. The columns of a run are overwritten by the next, so unless it was the
 * last, it is run once more.
 *
 * @param replayedAs what it is, where the reference engine is to agree
 */
function bestRun(
  benches: readonly StrategyBench[],
  scheduleOf: (bench: StrategyBench, combination: number) => readonly SignalBits[],
  replayedAs: string | undefined,
): FastRun {
  const schedules = benches.map(scheduleOf);
  const runOf = (i: number): FastRun => {
    const bench = benches[i] as StrategyBench;
    return bench.draw(bench.study.cell, schedules[i] as readonly SignalBits[]);
  };
  const last = benches.length - 1;
  let run = runOf(0);
  const contenders: Contender[] = [];
  for (let i = 0; ; run = runOf(++i)) {
    if (replayedAs !== undefined) replay(run.spec, resultOf(run), replayedAs);
    contenders.push(contenderOf(run));
    if (i === last) break;
  }
  const chosen = chosenOf(contenders);
  return chosen === last ? run : runOf(chosen);
}

/** What is remembered between draws holds for all strategies: they enter the same candles and wear the same stops. */
const drawMetrics = new WeakMap<MarketRoom, DrawMetrics>();

function drawMetricsOf(bench: StrategyBench): DrawMetrics {
  const { room, study } = bench;
  const metrics = drawMetrics.get(room) ?? new DrawMetrics(contextOn(bench, study.interval));
  drawMetrics.set(room, metrics);
  return metrics;
}

function flips(bench: StrategyBench, legs: readonly CoinFlipLeg[], draw: number | string): SignalBits[] {
  const { controls, coins, interval } = bench.study;
  const { from, to } = bench.room.grid(interval);
  const root = new Prng(controls.seed);
  return legs.map((leg, i) =>
    coinFlipSignals(leg, from, to, coinFlipStream(root, bench.loaded.strategy.name, coins[i] as string, draw)),
  );
}

function coinFlipOf(bench: StrategyBench, result: RunResult, made: 'matched' | 'guessed'): CoinFlipLegs {
  const { coins, interval, cell } = bench.study;
  const { from, to } = bench.room.grid(interval);
  const wanted = coins.map((_, leg) => result.trades.filter((trade) => trade.leg === leg).length);
  const guess = coinFlipLegs(bench.bits, result.trades, { from, to, intervalMs: intervalMs(interval) });
  if (made === 'guessed') return guess;
  return calibrateCoinFlip(guess, wanted, to - from, (legs, name) => {
    const { trades } = bench.draw(cell, flips(bench, legs, name));
    const counts = coins.map(() => 0);
    for (let trade = 0; trade < trades.count; trade++) {
      const leg = trades.leg(trade);
      counts[leg] = (counts[leg] as number) + 1;
    }
    return counts;
  });
}

function gridResults(bench: StrategyBench): GridResult[] {
  const { grid, cell, interval } = bench.study;
  return grid.map(({ at, rules }) => ({
    at,
    isVerdictCell: sameRules(rules, cell),
    metrics: metricsOn(bench, interval, bench.run(rules)),
  }));
}

function sameRules(a: RiskRules, b: RiskRules): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function finerResults(bench: StrategyBench, finer: Interval): FinerResult[] {
  const { cell } = bench.study;
  const results: [FinerResult['kind'], RunResult][] = [
    ['fills', bench.runFilledOn(finer, cell)],
    ['equal-clock', bench.runAtEqualClock(finer, cell)],
    ['same-count', bench.runAtSameCount(finer, cell)],
  ];
  return results.map(([kind, result]) => ({ interval: finer, kind, metrics: metricsOn(bench, finer, result) }));
}

function metricsOn(bench: StrategyBench, interval: Interval, result: RunResult): Metrics {
  return metricsOf(result, contextOn(bench, interval));
}

function contextOn(bench: StrategyBench, interval: Interval): MetricsContext {
  const { coins, depositUsd } = bench.study;
  const { from } = bench.room.grid(interval);
  const firstOpenMs = openTimeAt(bench.room.candles(interval, coins[0] as string), from);
  return { depositUsd, firstOpenMs, intervalMs: intervalMs(interval), legs: coins.length };
}

function missingFundingHours(bench: StrategyBench): number {
  const { coins, interval } = bench.study;
  return coins.reduce((sum, coin) => sum + bench.room.funding(interval, coin).missingHours, 0);
}

/** What a worker is told once. */
export interface StudySetting extends StudyTerms {
  readonly data: StudyData;
  /** Where else results are questioned; absent where they are not: calibration judges thousands of studies. */
  readonly elsewhere?: Elsewhere;
}

/** One call of a worker. */
export type Task = {
  readonly strategy: StudyStrategy;
  /** Of the strategy's file as it was checked. */
  readonly fileSha256: string;
} & (
  | { readonly kind: 'judge' }
  /** `chosen`: place of the combination that is judged. */
  | { readonly kind: 'probe'; readonly chosen: number }
  | {
      readonly kind: 'rotation';
      readonly firstDraw: number;
      readonly plans: readonly RotationPlan[];
      readonly fanRows: readonly number[];
    }
  | {
      readonly kind: 'coin-flip';
      readonly firstDraw: number;
      readonly draws: number;
      readonly legs: readonly CoinFlipLegs[];
      readonly fanRows: readonly number[];
    }
);

/** @param benches the strategy of the task with every set of params that it is tried with */
export function carryOut(
  task: Task,
  benches: readonly StrategyBench[],
  { isBrief, elsewhere }: Pick<StudySetting, 'isBrief' | 'elsewhere'> = {},
): Promise<Judged> | DrawChunk | Probes {
  switch (task.kind) {
    case 'judge':
      return judgeTask(benches, 'matched', isBrief);
    case 'probe':
      return probe(benches[task.chosen] as StrategyBench, elsewhere ?? nowhereElse('nobody asked'));
    case 'rotation':
      return rotationTask(benches, task.firstDraw, task.plans, task.fanRows);
    case 'coin-flip':
      return coinFlipTask(benches, task.firstDraw, task.draws, task.legs, task.fanRows);
  }
}
