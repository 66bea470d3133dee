/** A program of the benchmark of sweeps: the reference job by one of three hands, in a process of its own. */
import { FastEngine } from '../src/backtest/fast/engine.ts';
import { sweepMetrics } from '../src/backtest/fast/metrics.ts';
import type { FastSpec } from '../src/backtest/fast/spec.ts';
import { runReference } from '../src/backtest/reference.ts';
import { cashOf } from '../src/core/ledger.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import { SWEEP_METRICS } from '../src/optimize/contract.ts';
import { Evaluation } from '../src/series/evaluation.ts';
import type { SignalBits } from '../src/strategy/signal-bits.ts';
import { signalBits, signalFlags } from '../src/strategy/signals.ts';
import { type Answer, runLinear } from './linear.ts';
import { answerTask, forgetPeak, loadCandles, peakMb, residentMb, type StoredCandles } from './own-process.ts';
import {
  buildOf,
  COMBINATIONS,
  COSTS,
  type Combination,
  DEPOSIT_USD,
  FIRST_ROW,
  groundOf,
  INSTRUMENT,
  LOOKBACKS,
  referenceSpec,
  rulesOf,
  SAMPLE,
  STOPS,
  SURGES,
  TARGETS,
} from './reference-job.ts';
import { type Lap, Stopwatch, sumOfLaps } from './stopwatch.ts';

export interface ReferenceTask {
  readonly by: 'linear' | 'fast' | 'reference';
  readonly candles: StoredCandles;
  /** Runs after the first, which finds nothing compiled. */
  readonly runs: number;
}

/** What the fast engine does, in this order; the others do all in one go: `trades`. */
export type Laps = Readonly<Partial<Record<'signals' | 'trees' | 'trades' | 'metrics', Lap>>>;

export interface ReferenceResult {
  readonly trades: readonly number[];
  /** Micro-dollars. */
  readonly cashUsd: readonly number[];
  readonly first: Laps;
  readonly runs: readonly Laps[];
  /** What the first run took beyond the program and its candles. */
  readonly grownMb: number;
  /** All of the process, during the first run. */
  readonly peakMb: number;
}

interface Run {
  readonly laps: Laps;
  readonly answer: Answer;
}

function timedRuns({ by, candles: stored, runs }: ReferenceTask): ReferenceResult {
  const candles = loadCandles(stored);
  const run = { linear, fast, reference }[by];
  const residentBeforeMb = residentMb();
  // Loading the program itself, types stripped, takes more for a moment than the job does.
  forgetPeak();
  const first = run(candles);
  const peak = peakMb();
  return {
    trades: [...first.answer.trades],
    cashUsd: [...first.answer.cashUsd],
    first: first.laps,
    runs: Array.from({ length: runs }, () => run(candles).laps),
    grownMb: peak - residentBeforeMb,
    peakMb: peak,
  };
}

function linear(candles: CandleColumns): Run {
  const watch = new Stopwatch();
  const terms = { from: FIRST_ROW, instrument: INSTRUMENT, costs: COSTS, depositUsd: DEPOSIT_USD };
  const answer = runLinear({ ...terms, candles, combinations: COMBINATIONS });
  return { answer, laps: { trades: watch.lap() } };
}

/** Everything from the candles on: nothing of an earlier run is remembered. */
function fast(candles: CandleColumns): Run {
  const watch = new Stopwatch();
  const bits = entryBits(candles);
  const signals = watch.lap();

  const { leg, ...terms } = groundOf(candles);
  const engine = new FastEngine();
  const specOf = (entries: SignalBits, combination: Combination): FastSpec => ({
    ...terms,
    legs: [{ ...leg, bits: entries }],
    rules: rulesOf(combination),
  });
  // Without a signal there is nothing to trade, but the engine prepares the candles for its searches.
  engine.run(specOf({}, COMBINATIONS[0] as Combination));
  const trees = watch.lap();

  const answer = { trades: new Int32Array(COMBINATIONS.length), cashUsd: new Float64Array(COMBINATIONS.length) };
  const metrics = new Float64Array(COMBINATIONS.length * SWEEP_METRICS.length);
  const cells = STOPS.length * TARGETS.length;
  const trading: Lap[] = [];
  const measuring: Lap[] = [];
  // Cell by cell, as a sweep goes through a chunk: so the exits of one cell stay in the cache for all sets of entries.
  for (let cell = 0; cell < cells; cell++) {
    for (const [set, entries] of bits.entries()) {
      const index = set * cells + cell;
      const run = engine.run(specOf(entries, COMBINATIONS[index] as Combination));
      answer.trades[index] = run.trades.count;
      answer.cashUsd[index] = DEPOSIT_USD + run.realisedUsd - run.feesUsd + run.fundingUsd;
      trading.push(watch.lap());
      sweepMetrics(run, 0, metrics, index * SWEEP_METRICS.length);
      measuring.push(watch.lap());
    }
  }
  return { answer, laps: { signals, trees, trades: sumOfLaps(trading), metrics: sumOfLaps(measuring) } };
}

/** The entries of the 36 sets of conditions, in the order of the combinations. */
function entryBits(candles: CandleColumns): SignalBits[] {
  const { coin, interval, length } = candles;
  const builds = LOOKBACKS.flatMap((lookback) => SURGES.map((surge) => buildOf({ lookback, surge })));
  const evaluation = new Evaluation({ coin, interval }, new Map([[coin, { candles }]]));
  return signalBits(builds, evaluation, length);
}

/** The sample alone; its signals are given. */
function reference(candles: CandleColumns): Run {
  const { coin, interval, length } = candles;
  const evaluation = new Evaluation({ coin, interval }, new Map([[coin, { candles }]]));
  const specs = SAMPLE.map((index) => {
    const combination = COMBINATIONS[index] as Combination;
    return referenceSpec(candles, signalFlags(buildOf(combination), evaluation, 0, length), combination);
  });
  const watch = new Stopwatch();
  const runs = specs.map(runReference);
  const laps = { trades: watch.lap() };
  const trades = Int32Array.from(runs, (run) => run.trades.length);
  return { answer: { trades, cashUsd: Float64Array.from(runs, ({ ledger }) => cashOf(ledger)) }, laps };
}

await answerTask(timedRuns);
