import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type CandleColumns, columnsOf, emptyColumns } from '../src/domain/candle.ts';
import { Prng } from '../src/domain/prng.ts';
import { type Interval, intervalMs } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';
import { Evaluation, type MarketData } from '../src/series/evaluation.ts';
import { Condition, type Series } from '../src/series/series.ts';
import { sharedData } from './shared-data.ts';

/** Real candles, for tests on series; the importer of the product has tests of its own. */
export function realCandles(coin: string, interval: Interval, venue = 'hyperliquid'): CandleColumns {
  const lines = gunzipSync(readFileSync(sharedData(`candles/${venue}_${coin}_${interval}.csv.gz`)))
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(1);
  const candles = lines.map((line) => {
    const [t, open, high, low, close, volume] = line.split(',').map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { openTimeMs: epochMs(t), open, high, low, close, volume };
  });
  return columnsOf(coin, interval, candles);
}

export interface WalkOptions {
  readonly coin?: string;
  readonly interval?: Interval;
  readonly length: number;
  readonly seed?: number;
  /** Candles from 1970 to the first one, so that tests can begin anywhere on the grid of blocks and slow candles. */
  readonly firstSlot?: number;
  /** The share of candles that are missing. */
  readonly gaps?: number;
  /** The share of candles that repeat the close of the one before, without any volume. */
  readonly flat?: number;
}

/** Candles of a seeded random walk with gaps and flat stretches. */
export function walkCandles(options: WalkOptions): CandleColumns {
  const { coin = 'BTC', interval = '1h', length, seed = 1, firstSlot = 483_000, gaps = 0, flat = 0 } = options;
  const prng = new Prng(seed);
  const columns = emptyColumns(coin, interval, epochMs(firstSlot * intervalMs(interval)), length);
  let price = 100;
  for (let i = 0; i < length; i++) {
    const open = price;
    const still = prng.uniform() < flat;
    if (!still) price = Math.round(price * Math.exp(0.01 * prng.normal()) * 1e4) / 1e4;
    const high = still ? price : Math.max(open, price) * (1 + 0.005 * prng.uniform());
    const low = still ? price : Math.min(open, price) * (1 - 0.005 * prng.uniform());
    const volume = still ? 0 : Math.round(1e5 * Math.exp(prng.normal())) / 1e5;
    if (prng.uniform() < gaps) continue;
    columns.open[i] = open;
    columns.high[i] = high;
    columns.low[i] = low;
    columns.close[i] = price;
    columns.volume[i] = volume;
  }
  return columns;
}

/** Candles whose closes are these; the other fields follow from them. */
export function closesToCandles(closes: readonly number[], firstSlot = 483_000): CandleColumns {
  const columns = emptyColumns('BTC', '1h', epochMs(firstSlot * intervalMs('1h')), closes.length);
  closes.forEach((close, i) => {
    for (const field of ['open', 'high', 'low', 'close'] as const) columns[field][i] = close;
    columns.volume[i] = Number.isNaN(close) ? close : 1;
  });
  return columns;
}

/** Evaluates series and conditions on candles of one coin; conditions come as 0 and 1. */
export function evaluate(
  candles: CandleColumns,
  wanted: readonly (Series | Condition)[],
  options: { readonly block?: number; readonly markets?: ReadonlyMap<string, MarketData> } = {},
): number[][] {
  const { block = candles.length, markets = new Map([[candles.coin, { candles }]]) } = options;
  const evaluation = new Evaluation(candles, markets);
  evaluation.request(...wanted);
  for (let end = 0; end < candles.length; ) {
    end = Math.min(candles.length, end + block);
    evaluation.advanceTo(end);
  }
  return wanted.map((item) =>
    item instanceof Condition
      ? bitsToNumbers(evaluation.bits(item), candles.length)
      : Array.from(evaluation.values(item)),
  );
}

export function bitsToNumbers(bits: Uint32Array, length: number): number[] {
  return Array.from({ length }, (_, i) => ((bits[i >>> 5] as number) >>> (i & 31)) & 1);
}
