/** A program of the benchmark of sweeps: one that takes seconds or more, on so many workers, in its own process. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { StudyData } from '../src/backtest/study-data.ts';
import { type CandleColumns, closeTimeAt, openTimeAt } from '../src/domain/candle.ts';
import type { Sweep } from '../src/domain/sweep.ts';
import { type ChunkResult, SWEEP_METRICS, type SweepWork } from '../src/optimize/contract.ts';
import { coresRunner } from '../src/optimize/cores.ts';
import { SweepPlan } from '../src/optimize/plan.ts';
import { type LoadedStrategy, loadStrategy } from '../src/strategy/load.ts';
import { stepValues } from '../src/strategy/params.ts';
import { answerTask, loadCandles, type StoredCandles } from './own-process.ts';
import { COSTS, DEPOSIT_USD, INSTRUMENT, rulesOf } from './reference-job.ts';

const STRATEGIES = fileURLToPath(new URL('../strategies/', import.meta.url));
/** The longest lookback needs so many candles before its first decision. */
const FIRST_ROW = 128;

export interface CoresTask {
  readonly workers: number;
  /** Between 1 and 3; the finer, the longer the sweep takes. */
  readonly surgeStep: number;
  readonly candles: StoredCandles;
}

export interface CoresResult {
  readonly combinations: number;
  readonly wallMs: number;
  /** Of all threads, those of the runtime included. */
  readonly cpuMs: number;
  /** Of all results, in the order of the sweep. */
  readonly sha256: string;
}

/** From the candles on: starting the workers and loading the strategy counts. */
async function onCores({ workers, surgeStep, candles: stored }: CoresTask): Promise<CoresResult> {
  const candles = loadCandles(stored);
  const work = workOf(candles, surgeStep, await loadStrategy('breakout-volume', STRATEGIES));
  const plan = new SweepPlan(work.sweep);
  const results = new Float64Array(plan.count * SWEEP_METRICS.length);
  const startMs = performance.now();
  const start = process.cpuUsage();
  await coresRunner(STRATEGIES, workers)(
    work,
    plan.chunks(() => candles.length),
    ({ first }, result: ChunkResult) => results.set(result, first * SWEEP_METRICS.length),
    new AbortController().signal,
  );
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(start);
  const cpuMs = (user + system) / 1_000;
  return { combinations: plan.count, wallMs, cpuMs, sha256: createHash('sha256').update(results).digest('hex') };
}

/** Breakouts on volume, to both sides: 24 lookbacks × surges × 10 stops × 8 targets. */
function workOf(candles: CandleColumns, surgeStep: number, { sha256 }: LoadedStrategy): SweepWork {
  const { coin, interval, length } = candles;
  const stops = stepValues({ from: 0.005, to: 0.05, step: 0.005 });
  const targets = stepValues({ from: 0.5, to: 4, step: 0.5 });
  const grid = stops.flatMap((stop) =>
    targets.map((target) => ({ at: { stop: `${stop}`, target: `${target}` }, rules: rulesOf({ stop, target }) })),
  );
  const fromMs = openTimeAt(candles, FIRST_ROW);
  const toMs = closeTimeAt(candles, length - 1);
  const name = 'breakout-volume';
  const lookback = stepValues({ from: 5, to: 120, step: 5 });
  const surge = stepValues({ from: 1, to: 3, step: surgeStep });
  const sweep: Sweep = {
    name,
    coins: [coin],
    intervals: [interval],
    span: { fromMs, toMs },
    strategies: [{ name, params: { lookback, surge } }],
    cell: rulesOf({ stop: 0.02, target: 2 }),
    grid,
    account: 'each-coin',
    depositUsd: DEPOSIT_USD,
    seed: 1,
  };
  const data: StudyData = {
    isSynthetic: false,
    source: 'benchmark',
    fingerprint: '',
    fromMs,
    toMs,
    instruments: new Map([[coin, INSTRUMENT]]),
    funding: new Map(),
    grids: [{ interval, candles: new Map([[coin, candles]]), from: FIRST_ROW, to: length }],
  };
  return { sweep, costs: COSTS, strategies: [{ name, fileSha256: sha256 }], data };
}

await answerTask(onCores);
