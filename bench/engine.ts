import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Bench } from 'tinybench';
import { fundingColumns } from '../src/backtest/funding.ts';
import { runReference } from '../src/backtest/reference.ts';
import type { RunSpec } from '../src/backtest/run.ts';
import { type CandleColumns, emptyColumns } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import { Prng } from '../src/domain/prng.ts';
import { LONG } from '../src/domain/signal.ts';
import { MINUTE_MS } from '../src/domain/time.ts';
import { type EpochMs, fromUsd } from '../src/domain/units.ts';

/** A year of minutes of real candles; it lies beside the repository and is never part of it. */
const MINUTES = fileURLToPath(new URL('../../shared/data/candles/binance-spot_BTC_1m.csv.gz', import.meta.url));
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
  const candles = existsSync(MINUTES) ? realCandles() : randomWalk();
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
    legs: [{ coin: instrument.coin, instrument, candles, funding, signals }],
    rules: {
      stop: { fraction: stop },
      target: 2,
      breakEven: null,
      trail: null,
      maxHold: null,
      sizing: 'allEquity',
      leverage: 1,
      maxOpen: null,
      maxExposure: null,
      minStopMoveBps: 0,
    },
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 1 },
    depositUsd: fromUsd(10_000),
    from: LOOKBACK,
    to: candles.length,
    decisionIntervalMs: MINUTE_MS,
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

function realCandles(): CandleColumns {
  const lines = gunzipSync(readFileSync(MINUTES))
    .toString()
    .split('\n')
    .slice(1, CANDLES + 1);
  const columns = emptyColumns('BTC', '1m', Number(lines[0]?.split(',')[0]) as EpochMs, CANDLES);
  for (const [row, line] of lines.entries()) {
    const [, open, high, low, close, volume] = line.split(',').map(Number);
    set(columns, row, [open, high, low, close, volume] as number[]);
  }
  return columns;
}

/** Where the real candles are absent: minutes of a walk with steps of about 5 bp. */
function randomWalk(): CandleColumns {
  const columns = emptyColumns('BTC', '1m', Date.UTC(2025, 0) as EpochMs, CANDLES);
  const random = new Prng(1);
  const change = (): number => 1 + (random.uniform() - 0.5) * 0.002;
  let close = 100_000;
  for (let row = 0; row < CANDLES; row++) {
    const open = close;
    close = open * change();
    const high = Math.max(open, close) * Math.max(1, change());
    const low = Math.min(open, close) * Math.min(1, change());
    set(columns, row, [open, high, low, close, 10 * random.uniform()]);
  }
  return columns;
}

function set(columns: CandleColumns, row: number, [open, high, low, close, volume]: readonly number[]): void {
  columns.open[row] = open as number;
  columns.high[row] = high as number;
  columns.low[row] = low as number;
  columns.close[row] = close as number;
  columns.volume[row] = volume as number;
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
