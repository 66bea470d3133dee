/**
 * A program of the benchmark of sweeps: the same 100 entries on ever more candles, in a process of its own. What a
 * combination costs shows there whether it grows with its trades or with its candles.
 */
import { setBit } from '../src/backtest/fast/bits.ts';
import { FastEngine } from '../src/backtest/fast/engine.ts';
import type { FastSpec } from '../src/backtest/fast/spec.ts';
import { TradeTable } from '../src/backtest/fast/trade-table.ts';
import { type CandleColumns, emptyColumns } from '../src/domain/candle.ts';
import type { SignalBits } from '../src/strategy/signal-bits.ts';
import { walk } from './candles.ts';
import { answerTask } from './own-process.ts';
import { groundOf, rulesOf, STOPS, TARGETS } from './reference-job.ts';
import { type Lap, medianLap, Stopwatch } from './stopwatch.ts';

const ENTRIES = 100;
const SEED = 2;
/** Candles of the walk that all sizes are made of. */
const WALK = 10_000;
/** Steps of 2 % end every position before the next entry, so that the trades are the same in all sizes. */
const STEP_FRACTION = 0.02;
const WARM_UPS = 200;

/** How more candles come about: the walk is repeated with its entries thinned out, or drawn in finer candles. */
export type Growth = 'further-apart' | 'held-longer';

export interface ScalingTask {
  readonly growth: Growth;
  /** Candles, as a multiple of 10,000. */
  readonly times: number;
  readonly runs: number;
}

/** Medians. */
export interface ScalingResult {
  readonly candles: number;
  /** Of all combinations together. */
  readonly trades: number;
  readonly combinations: number;
  /** Mean, in candles. */
  readonly held: number;
  readonly prepared: Lap;
  readonly traded: Lap;
}

function scaling({ growth, times, runs }: ScalingTask): ScalingResult {
  // What is compiled while it is measured would make the small sizes look dear.
  const warmUp = repeated(1);
  for (let run = 0; run < WARM_UPS; run++) once(warmUp, entriesOf('further-apart', 1));

  const candles = growth === 'further-apart' ? repeated(times) : refined(times);
  const bits = entriesOf(growth, times);
  const measured = Array.from({ length: runs }, () => once(candles, bits));
  const [first] = measured as [ScalingResult, ...ScalingResult[]];
  return {
    ...first,
    prepared: medianLap(measured.map(({ prepared }) => prepared)),
    traded: medianLap(measured.map(({ traded }) => traded)),
  };
}

/** 20 combinations of stop and target, by an engine that knows nothing yet. */
function once(candles: CandleColumns, bits: SignalBits): ScalingResult {
  const { leg, ...terms } = groundOf(candles);
  const cells = STOPS.flatMap((stop) => TARGETS.map((target) => rulesOf({ stop, target })));
  const specOf = (entries: SignalBits, rules: FastSpec['rules']): FastSpec => ({
    ...terms,
    from: 0,
    legs: [{ ...leg, bits: entries }],
    rules,
  });
  const engine = new FastEngine();
  const watch = new Stopwatch();
  // Candles and signals are made searchable, and nothing is traded yet.
  engine.open(specOf(bits, cells[0] as FastSpec['rules']), new TradeTable());
  const prepared = watch.lap();
  let trades = 0;
  let heldRows = 0;
  for (const rules of cells) {
    const run = engine.run(specOf(bits, rules));
    trades += run.trades.count;
    heldRows += run.heldRows;
  }
  const traded = watch.lap();
  return { candles: candles.length, trades, combinations: cells.length, held: heldRows / trades, prepared, traded };
}

/** The walk, over and over. */
function repeated(times: number): CandleColumns {
  const part = walk('1m', WALK, { stepFraction: STEP_FRACTION, seed: SEED });
  const candles = emptyColumns('BTC', '1m', part.firstOpenMs, WALK * times);
  for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) {
    for (let time = 0; time < times; time++) candles[name].set(part[name], time * WALK);
  }
  return candles;
}

/** The walk with each candle drawn as `times` candles in a straight line from its open to its close. */
function refined(times: number): CandleColumns {
  const part = walk('1m', WALK, { stepFraction: STEP_FRACTION, seed: SEED });
  const candles = emptyColumns('BTC', '1m', part.firstOpenMs, WALK * times);
  for (let row = 0; row < candles.length; row++) {
    const from = Math.floor(row / times);
    const start = part.open[from] as number;
    const step = ((part.close[from] as number) - start) / times;
    const open = start + step * (row % times);
    const close = open + step;
    candles.open[row] = open;
    candles.high[row] = Math.max(open, close);
    candles.low[row] = Math.min(open, close);
    candles.close[row] = close;
    candles.volume[row] = 1;
  }
  return candles;
}

/** Entry k lies at candle 100 k of the walk, in whichever repetition or refinement of it. */
function entriesOf(growth: Growth, times: number): SignalBits {
  const long = new Uint32Array(Math.ceil((WALK * times) / 32));
  const distance = WALK / ENTRIES;
  for (let entry = 0; entry < ENTRIES; entry++) {
    const row = entry * distance;
    const repetition = Math.floor((entry * times) / ENTRIES);
    setBit(long, growth === 'held-longer' ? row * times : repetition * WALK + row);
  }
  return { long };
}

await answerTask(scaling);
