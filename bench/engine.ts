import { Bench } from 'tinybench';
import { fundingColumns } from '../src/backtest/funding.ts';
import { runReference } from '../src/backtest/reference.ts';
import type { RunSpec } from '../src/backtest/run.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import { LONG } from '../src/domain/signal.ts';
import { MINUTE_MS } from '../src/domain/time.ts';
import { btcCandles } from './candles.ts';
import { COSTS, DEPOSIT_USD, rulesOf } from './reference-job.ts';

/** A year of minutes. */
const CANDLES = 525_600;
const LOOKBACK = 20;
const SURGE = 1.5;
/** Candle-steps a second that the project asks of itself, on one core. */
const GOAL = 10_000_000;

export interface EngineTiming {
  readonly name: string;
  readonly medianMs: number;
  readonly stepsPerSecond: number;
  readonly trades: number;
  /** Heap that a run leaves behind or needs at once, beyond the columns. */
  readonly heapMb: number;
  readonly goal: number;
}

/** The reference engine over a year of minutes: breakout on volume, two stops, a target of 2 R, all equity. */
export async function benchEngine(): Promise<EngineTiming[]> {
  const { candles } = btcCandles('binance-spot', '1m', CANDLES);
  const signals = breakouts(candles);
  const timings: EngineTiming[] = [];
  for (const stop of [0.005, 0.02]) {
    const spec = specOf(candles, signals, stop);
    const name = `reference engine, ${CANDLES.toLocaleString('en')} candles, stop ${stop * 100} %`;
    const bench = new Bench({ time: 2_000, warmupTime: 500 });
    bench.add(name, () => void runReference(spec));
    const [task] = await bench.run();
    const medianMs = task !== undefined && 'latency' in task.result ? task.result.latency.p50 : Number.NaN;
    const before = process.memoryUsage().heapUsed;
    const { trades } = runReference(spec);
    const heapMb = Math.max(0, process.memoryUsage().heapUsed - before) / 2 ** 20;
    timings.push({
      name,
      medianMs,
      stepsPerSecond: (CANDLES / medianMs) * 1_000,
      trades: trades.length,
      heapMb,
      goal: GOAL,
    });
  }
  return timings;
}

function specOf(candles: CandleColumns, signals: Uint8Array, stop: number): RunSpec {
  const instrument = BUILT_IN_INSTRUMENTS[0] as Instrument;
  const funding = fundingColumns(candles, instrument.szDecimals, undefined);
  return {
    legs: [{ coin: instrument.coin, instrument, candles, funding, decisionIntervalMs: MINUTE_MS, signals }],
    rules: rulesOf({ stop, target: 2 }),
    costs: COSTS,
    depositUsd: DEPOSIT_USD,
    from: LOOKBACK,
    to: candles.length,
  };
}

/** A close above the highest high of the candles before, on volume well above their mean. */
function breakouts({ high, close, volume, length }: CandleColumns): Uint8Array {
  const signals = new Uint8Array(length);
  for (let row = LOOKBACK; row < length; row++) {
    let highest = 0;
    let volumeSum = 0;
    for (let back = row - LOOKBACK; back < row; back++) {
      highest = Math.max(highest, high[back] as number);
      volumeSum += volume[back] as number;
    }
    const isBreakout = (close[row] as number) > highest;
    if (isBreakout && (volume[row] as number) > (SURGE * volumeSum) / LOOKBACK) signals[row] = LONG;
  }
  return signals;
}

/** One line per run; what misses the goal says so. */
export function engineTable(timings: readonly EngineTiming[]): string {
  return timings
    .map(({ name, medianMs, stepsPerSecond, trades, heapMb, goal }) => {
      const speed = `${(stepsPerSecond / 1e6).toFixed(1)} million candle-steps/s`;
      const verdict = stepsPerSecond < goal ? `  (goal ${goal / 1e6}: MISSED)` : '';
      const rest = `${speed}, ${trades} trades, ${heapMb.toFixed(0)} MB${verdict}`;
      return `${name.padEnd(56)} ${`${medianMs.toFixed(0)} ms`.padStart(9)}  ${rest}`;
    })
    .join('\n');
}

if (import.meta.main) process.stdout.write(`${engineTable(await benchEngine())}\n`);
