import { openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import type { Costs, RiskRules } from '../domain/risk-rules.ts';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { measureClaims } from './claims.ts';
import { type CoinFlipLeg, calibrateCoinFlip, coinFlipLegs, coinFlipSignals, coinFlipStream } from './coin-flip.ts';
import { type DrawChunk, DrawRecorder } from './draws.ts';
import { checkLookAhead } from './look-ahead.ts';
import { entriesWithoutVolume, type Metrics, metricsOf } from './metrics.ts';
import type { FinerResult, GridResult, StrategyOutcome } from './outcome.ts';
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
  const { study, loaded, built } = bench;
  const lookAhead = await checkLookAhead(bench);
  const { strategy, sha256 } = loaded;
  const result = bench.run(study.cell);
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
    upperBound: metricsOn(bench, study.interval, bench.run(study.cell, bench.signals, 'target')),
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
  return drawChunk(bench, firstDraw, plans.length, fanRows, (draw, leg, into) => {
    rotate(bench.signals[leg] as Uint8Array, from, to, plans[draw - firstDraw] as RotationPlan, into);
  });
}

/** Draws of the coin flip. */
export function coinFlipTask(
  bench: StrategyBench,
  firstDraw: number,
  draws: number,
  legs: readonly CoinFlipLeg[],
  fanRows: readonly number[],
): DrawChunk {
  return drawChunk(bench, firstDraw, draws, fanRows, (draw, leg, into) => flip(bench, legs, leg, draw, into));
}

function drawChunk(
  bench: StrategyBench,
  firstDraw: number,
  draws: number,
  fanRows: readonly number[],
  schedule: (draw: number, leg: number, into: Uint8Array) => void,
): DrawChunk {
  const recorder = new DrawRecorder(firstDraw, draws, fanRows);
  const signals = bench.signals.map((column) => new Uint8Array(column.length));
  for (let draw = firstDraw; draw < firstDraw + draws; draw++) {
    for (const [leg, into] of signals.entries()) schedule(draw, leg, into);
    const result = bench.run(bench.study.cell, signals);
    recorder.record(metricsOn(bench, bench.study.interval, result), result.equityUsd);
  }
  return recorder.chunk();
}

function flip(
  bench: StrategyBench,
  legs: readonly CoinFlipLeg[],
  leg: number,
  draw: number | string,
  into: Uint8Array,
): void {
  const { controls, coins, interval } = bench.study;
  const { from, to } = bench.room.grid(interval);
  const stream = coinFlipStream(new Prng(controls.seed), bench.built.strategy, coins[leg] as string, draw);
  coinFlipSignals(legs[leg] as CoinFlipLeg, from, to, stream, into);
}

function calibratedCoinFlip(bench: StrategyBench, result: RunResult): readonly CoinFlipLeg[] {
  const { coins, interval, cell } = bench.study;
  const { from, to } = bench.room.grid(interval);
  const countByLeg = (trades: RunResult['trades']): number[] =>
    coins.map((_, leg) => trades.filter((trade) => trade.leg === leg).length);
  const guess = coinFlipLegs(bench.signals, result.trades, { from, to, intervalMs: intervalMs(interval) });
  const signals = bench.signals.map((column) => new Uint8Array(column.length));
  return calibrateCoinFlip(guess, countByLeg(result.trades), to - from, (legs, name) => {
    for (const [leg, into] of signals.entries()) flip(bench, legs, leg, name, into);
    return countByLeg(bench.run(cell, signals).trades);
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
  const { coins, depositUsd } = bench.study;
  const { from } = bench.room.grid(interval);
  const firstOpenMs = openTimeAt(bench.room.candles(interval, coins[0] as string), from);
  return metricsOf(result, { depositUsd, firstOpenMs, intervalMs: intervalMs(interval), legs: coins.length });
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
