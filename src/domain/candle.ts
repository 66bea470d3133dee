import { DataError } from './errors.ts';
import { formatTime, type Interval, intervalMs } from './time.ts';
import type { EpochMs } from './units.ts';

/** A candle whose time is over. A forming candle has no type outside exchange/wire, so nothing can trade on one. */
export interface ClosedCandle {
  readonly openTimeMs: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** In coins. */
  readonly volume: number;
  /** Number of trades, where the source tells it. */
  readonly trades?: number;
}

/** What no market can have done. */
export const IMPOSSIBILITIES = [
  'price not above zero',
  'high below open or close',
  'low above open or close',
  'negative volume',
] as const;
export type Impossibility = (typeof IMPOSSIBILITIES)[number];

/** Why no market can have made this candle; undefined for a possible one. Values are finite numbers. */
export function impossibilityOf(candle: ClosedCandle): Impossibility | undefined {
  const { open, high, low, close, volume } = candle;
  if (!(open > 0 && high > 0 && low > 0 && close > 0)) return 'price not above zero';
  if (high < open || high < close) return 'high below open or close';
  if (low > open || low > close) return 'low above open or close';
  if (volume < 0) return 'negative volume';
  return undefined;
}

/**
 * Candles of one coin and interval as a dense grid: row i opens at firstOpenMs + i × interval.
 * A candle that does not exist is a row of NaN: it never trades, and windows that contain it are NaN.
 */
export interface CandleColumns {
  readonly coin: string;
  readonly interval: Interval;
  readonly firstOpenMs: EpochMs;
  readonly length: number;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Funding rates of one coin: what a long pays per dollar of notional, as a fraction, stamped to the nearest hour. */
export interface FundingRates {
  readonly coin: string;
  readonly timesMs: Float64Array;
  readonly rates: Float64Array;
}

/** Columns of NaN over shared memory, so that workers read the same bytes. */
export function emptyColumns(coin: string, interval: Interval, firstOpenMs: EpochMs, length: number): CandleColumns {
  const column = (): Float64Array =>
    new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT)).fill(Number.NaN);
  return {
    coin,
    interval,
    firstOpenMs,
    length,
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
}

/** Builds dense columns from candles in ascending order; the grid starts at the first and ends at the last. */
export function columnsOf(coin: string, interval: Interval, candles: readonly ClosedCandle[]): CandleColumns {
  const first = candles[0];
  const last = candles[candles.length - 1];
  if (first === undefined || last === undefined) throw new DataError(`no ${interval} candles of ${coin}`);
  const stepMs = intervalMs(interval);
  const columns = emptyColumns(coin, interval, first.openTimeMs, (last.openTimeMs - first.openTimeMs) / stepMs + 1);
  for (const candle of candles) {
    const row = (candle.openTimeMs - first.openTimeMs) / stepMs;
    if (!Number.isInteger(row)) {
      throw new DataError(`${formatTime(candle.openTimeMs)} is not on the ${interval} grid of ${coin}`);
    }
    columns.open[row] = candle.open;
    columns.high[row] = candle.high;
    columns.low[row] = candle.low;
    columns.close[row] = candle.close;
    columns.volume[row] = candle.volume;
  }
  return columns;
}

/** Rows from … to−1 as columns of their own; the memory is shared. */
export function sliceColumns(columns: CandleColumns, from: number, to: number): CandleColumns {
  const part = (column: Float64Array): Float64Array => column.subarray(from, to);
  return {
    coin: columns.coin,
    interval: columns.interval,
    firstOpenMs: openTimeAt(columns, from),
    length: to - from,
    open: part(columns.open),
    high: part(columns.high),
    low: part(columns.low),
    close: part(columns.close),
    volume: part(columns.volume),
  };
}

export function openTimeAt(columns: CandleColumns, row: number): EpochMs {
  return (columns.firstOpenMs + row * intervalMs(columns.interval)) as EpochMs;
}

export function closeTimeAt(columns: CandleColumns, row: number): EpochMs {
  return openTimeAt(columns, row + 1);
}

/** The row that opens at that time; may lie outside the columns, and is fractional off the grid. */
export function rowAt(columns: CandleColumns, openTimeMs: number): number {
  return (openTimeMs - columns.firstOpenMs) / intervalMs(columns.interval);
}

/** The same candles on the grid of `length` rows that starts at firstOpenMs; rows that are not there are NaN. */
export function alignColumns(columns: CandleColumns, firstOpenMs: EpochMs, length: number): CandleColumns {
  const shift = rowAt(columns, firstOpenMs);
  if (!Number.isInteger(shift)) {
    throw new DataError(`${formatTime(firstOpenMs)} is not on the ${columns.interval} grid of ${columns.coin}`);
  }
  if (shift === 0 && length === columns.length) return columns;
  const aligned = emptyColumns(columns.coin, columns.interval, firstOpenMs, length);
  const from = Math.max(shift, 0);
  const to = Math.min(shift + length, columns.length);
  if (from < to) {
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) {
      aligned[name].set(columns[name].subarray(from, to), from - shift);
    }
  }
  return aligned;
}

/** Rates settled from … to, both included. */
export function sliceFunding(funding: FundingRates, fromMs: number, toMs: number): FundingRates {
  const rows = [...funding.timesMs.keys()].filter((row) => {
    const timeMs = funding.timesMs[row] as number;
    return timeMs >= fromMs && timeMs <= toMs;
  });
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row] as number);
  return { coin: funding.coin, timesMs: pick(funding.timesMs), rates: pick(funding.rates) };
}
