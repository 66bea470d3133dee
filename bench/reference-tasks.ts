/** A program of the benchmark of sweeps: the reference job by one of three hands, in a process of its own. */
import { type ActiveRun, sideBySide } from '../src/backtest/fast/active-run.ts';
import { FastEngine } from '../src/backtest/fast/engine.ts';
import { SweepTally } from '../src/backtest/fast/metrics.ts';
import { TradeTable } from '../src/backtest/fast/trade-table.ts';
import { runReference } from '../src/backtest/reference.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import type { RiskRules } from '../src/domain/risk-rules.ts';
import { SWEEP_METRICS } from '../src/optimize/contract.ts';
import { valuesAt } from '../src/optimize/reference-metrics.ts';
import { Evaluation } from '../src/series/evaluation.ts';
import type { SignalBits } from '../src/strategy/signal-bits.ts';
import { signalBits, signalFlags } from '../src/strategy/signals.ts';
import { runLinear } from './linear.ts';
import { answerTask, forgetPeak, loadCandles, peakMb, residentMb, type StoredCandles } from './own-process.ts';
import {
  type Answer,
  answerOf,
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
import { type Lap, Stopwatch } from './stopwatch.ts';

/** Of each set of entries. */
const CELLS = STOPS.length * TARGETS.length;

export interface ReferenceTask {
  readonly by: 'linear' | 'fast' | 'reference';
  readonly candles: StoredCandles;
  /** Runs after the first, which finds nothing compiled. */
  readonly runs: number;
}

/** What the fast engine does, in this order; the others do all in one go: `trades`. */
export type Laps = Readonly<Partial<Record<'signals' | 'trees' | 'trades', Lap>>>;

export interface ReferenceResult {
  readonly answer: readonly Answer[];
  readonly first: Laps;
  readonly runs: readonly Laps[];
  /** What the first run took beyond the program and its candles. */
  readonly grownMb: number;
  /** All of the process, during the first run. */
  readonly peakMb: number;
}

interface Run {
  readonly laps: Laps;
  readonly answer: readonly Answer[];
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
    answer: first.answer,
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
  const table = new TradeTable();
  const open = (entries: SignalBits, rules: RiskRules): ActiveRun =>
    engine.open({ ...terms, legs: [{ ...leg, bits: entries }], rules }, table);
  const rules = COMBINATIONS.slice(0, CELLS).map(rulesOf);
  // Without a signal there is nothing to trade, but the engine prepares the candles for its searches.
  open({}, rules[0] as RiskRules);
  const trees = watch.lap();

  // As in a sweep: runs under the same rules follow each other, because they share what is found under them.
  const runs = rules.flatMap((cell) => bits.map((entries) => open(entries, cell)));
  const tallies = runs.map(() => new SweepTally(DEPOSIT_USD));
  sideBySide(runs, (i, until) => {
    (runs[i] as ActiveRun).advance(until);
    (tallies[i] as SweepTally).take(table);
  });
  const metrics = new Float64Array(runs.length * SWEEP_METRICS.length);
  for (const [i, run] of runs.entries()) {
    (tallies[i] as SweepTally).write(run.outcome(), 0, metrics, i * SWEEP_METRICS.length);
  }
  const trades = watch.lap();
  const answer = COMBINATIONS.map((_, i): Answer => {
    const { signals: _signals, ...values } = valuesAt(metrics, (i % CELLS) * bits.length + Math.floor(i / CELLS));
    return values;
  });
  return { answer, laps: { signals, trees, trades } };
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
  return { answer: runs.map((run) => answerOf(run, candles, DEPOSIT_USD)), laps };
}

await answerTask(timedRuns);
