import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type CandleColumns, emptyColumns } from '../src/domain/candle.ts';
import { Prng } from '../src/domain/prng.ts';
import { type Interval, intervalMs, MINUTE_MS } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';

/** Real candles; they lie beside the repository and are never part of it. */
const SHARED = fileURLToPath(new URL('../../shared/data/candles/', import.meta.url));

/** About that of BTC's minutes: 5 bp. */
const MINUTE_STEP = 0.0005;

export interface BenchCandles {
  readonly candles: CandleColumns;
  /** What they are, for the table. */
  readonly from: string;
}

/** The first `count` rows of a file of real BTC candles; where it is absent, a random walk that says what it is. */
export function btcCandles(venue: 'binance-spot' | 'hyperliquid', interval: Interval, count: number): BenchCandles {
  const file = `${SHARED}${venue}_BTC_${interval}.csv.gz`;
  if (!existsSync(file)) {
    const stepFraction = MINUTE_STEP * Math.sqrt(intervalMs(interval) / MINUTE_MS);
    return { candles: walk(interval, count, { stepFraction }), from: 'SYNTHETIC: ../shared/data is absent' };
  }
  const lines = gunzipSync(readFileSync(file))
    .toString()
    .split('\n', count + 1)
    .slice(1);
  const firstOpenMs = Number(lines[0]?.split(',')[0]);
  const columns = emptyColumns('BTC', interval, epochMs(firstOpenMs), count);
  for (const line of lines) {
    const [timeMs, open, high, low, close, volume] = line.split(',').map(Number) as [number, ...number[]];
    set(columns, (timeMs - firstOpenMs) / intervalMs(interval), [open, high, low, close, volume] as number[]);
  }
  return { candles: columns, from: `real ${venue} BTC ${interval}` };
}

export interface WalkShape {
  /** Standard deviation of the logarithm of close / open. */
  readonly stepFraction?: number;
  readonly seed?: number;
}

/** A random walk of BTC's size, the same for the same shape. Some candles open beyond the close before. */
export function walk(interval: Interval, length: number, shape: WalkShape = {}): CandleColumns {
  const { stepFraction = MINUTE_STEP, seed = 1 } = shape;
  const prng = new Prng(seed);
  const columns = emptyColumns('BTC', interval, epochMs(Date.UTC(2025, 0, 1)), length);
  let price = 100_000;
  for (let row = 0; row < length; row++) {
    const open = prng.uniform() < 0.9 ? price : price * Math.exp(stepFraction * prng.normal());
    price = open * Math.exp(stepFraction * prng.normal());
    const high = Math.max(open, price) * (1 + 0.4 * stepFraction * prng.uniform());
    const low = Math.min(open, price) * (1 - 0.4 * stepFraction * prng.uniform());
    set(columns, row, [open, high, low, price, Math.round(1e6 * Math.exp(prng.normal())) / 1e6]);
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
