import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import type { Costs, RiskRules } from '../domain/risk-rules.ts';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { measureClaims } from './claims.ts';
import { type CoinFlipLeg, calibrateCoinFlip, coinFlipLegs, coinFlipSignals, coinFlipStream } from './coin-flip.ts';
import { DrawMetrics } from './draw-metrics.ts';
import { type DrawChunk, DrawRecorder } from './draws.ts';
import { equityOf, resultOf } from './fast/result.ts';
import { checkLookAhead } from './look-ahead.ts';
import type { MarketRoom } from './market-room.ts';
import { entriesWithoutVolume, type Metrics, type MetricsContext, metricsOf } from './metrics.ts';
import type { DrawTable, FinerResult, GridResult, StrategyOutcome } from './outcome.ts';
import { replay } from './replay.ts';
import { longestHoldRows, type RotationPlan, rotate } from './rotation.ts';
import type { RunResult } from './run.ts';
import type { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';

/** Everything of a strategy's outcome but its controls, and what these need to be drawn. */
export interface Judged {
  readonly outcome: Omit<StrategyOutcome, 'coinFlip' | 'rotation'>;
  readonly coinFlip: readonly CoinFlipLeg[];
  readonly longestHoldRows: number;
}

/** The search for look-ahead, the verdict cell, its upper bound, the grid, finer candles, claims: what is run once. */
export async function judgeTask(bench: StrategyBench): Promise<Judged> {
  const { study, loaded, built, room, bits } = bench;
  const { interval, coins } = study;
  const lookAhead = await checkLookAhead({ room, loaded, built, bits, interval, coins });
  const { strategy, sha256 } = loaded;
  const result = bench.run(study.cell);
  replay(bench.spec(study.cell), result, `the verdict run of '${strategy.name}'`);
  const outcome: Judged['outcome'] = {
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
  };
  return {
    outcome,
    coinFlip: calibratedCoinFlip(bench, result),
    longestHoldRows: longestHoldRows(study.cell, result.trades, intervalMs(study.interval)),
  };
}

/** Draws of the rotation control: the same plans, in the same order, for every strategy of the study. */
export function rotationTask(
  bench: StrategyBench,
  firstDraw: number,
  plans: readonly RotationPlan[],
  fanRows: readonly number[],
): DrawChunk {
  const { from, to } = bench.room.grid(bench.study.interval);
  return drawChunk(bench, 'rotation', { firstDraw, draws: plans.length, fanRows }, (draw) =>
    bench.bits.map((bits) => rotate(bits, from, to, plans[draw - firstDraw] as RotationPlan)),
  );
}

/** Draws of the coin flip. */
export function coinFlipTask(
  bench: StrategyBench,
  firstDraw: number,
  draws: number,
  legs: readonly CoinFlipLeg[],
  fanRows: readonly number[],
): DrawChunk {
  return drawChunk(bench, 'coin-flip', { firstDraw, draws, fanRows }, (draw) => flips(bench, legs, draw));
}

interface ChunkOfDraws {
  readonly firstDraw: number;
  readonly draws: number;
  readonly fanRows: readonly number[];
}

/**
 * One draw of every chunk, so one in a hundred, runs again on the reference engine.
 *
 * @throws EngineDifference
 */
function drawChunk(
  bench: StrategyBench,
  control: DrawTable['kind'],
  { firstDraw, draws, fanRows }: ChunkOfDraws,
  scheduleOf: (draw: number) => readonly SignalBits[],
): DrawChunk {
  const { study, loaded } = bench;
  const { name } = loaded.strategy;
  const recorder = new DrawRecorder(firstDraw, draws, fanRows);
  const metrics = drawMetricsOf(bench);
  const chosen = new Prng(study.controls.seed).fork(`replay/${control}/${name}/${firstDraw}`).below(draws);
  for (let draw = firstDraw; draw < firstDraw + draws; draw++) {
    const run = bench.draw(study.cell, scheduleOf(draw));
    const equityUsd = equityOf(run);
    recorder.record(metrics.of(run, equityUsd), equityUsd);
    if (draw === firstDraw + chosen) {
      replay(run.spec, resultOf(run), `draw ${draw} of the ${control} of '${name}'`);
    }
  }
  return recorder.chunk();
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

function calibratedCoinFlip(bench: StrategyBench, result: RunResult): readonly CoinFlipLeg[] {
  const { coins, interval, cell } = bench.study;
  const { from, to } = bench.room.grid(interval);
  const wanted = coins.map((_, leg) => result.trades.filter((trade) => trade.leg === leg).length);
  const guess = coinFlipLegs(bench.bits, result.trades, { from, to, intervalMs: intervalMs(interval) });
  return calibrateCoinFlip(guess, wanted, to - from, (legs, name) => {
    const { trades } = bench.draw(cell, flips(bench, legs, name));
    const made = coins.map(() => 0);
    for (let trade = 0; trade < trades.count; trade++) {
      const leg = trades.leg(trade);
      made[leg] = (made[leg] as number) + 1;
    }
    return made;
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
export interface StudySetting {
  readonly study: Study;
  readonly costs: Costs;
  readonly strategiesDirectory: string;
  readonly data: StudyData;
}

/** One call of a worker. */
export type Task = {
  readonly strategy: StudyStrategy;
  /** Of the strategy's file as it was checked. */
  readonly fileSha256: string;
} & (
  | { readonly kind: 'judge' }
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
      readonly legs: readonly CoinFlipLeg[];
      readonly fanRows: readonly number[];
    }
);

export function carryOut(task: Task, bench: StrategyBench): Promise<Judged> | DrawChunk {
  switch (task.kind) {
    case 'judge':
      return judgeTask(bench);
    case 'rotation':
      return rotationTask(bench, task.firstDraw, task.plans, task.fanRows);
    case 'coin-flip':
      return coinFlipTask(bench, task.firstDraw, task.draws, task.legs, task.fanRows);
  }
}
