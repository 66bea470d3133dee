import { type CandleColumns, emptyColumns } from '../domain/candle.ts';
import { UsageError } from '../domain/errors.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';

/**
 * Candles of a longer interval, on the UTC-epoch grid. A candle of which a part is missing is a NaN row; one that
 * begins before the columns do, or ends after them, is left out, since nobody has seen all of it.
 *
 * Volumes are added as the decimals that they are: float sums of 1m volume differ from the venue's own hour in most
 * hours.
 *
 * @throws UsageError when the longer interval is no multiple of the shorter
 */
export function resample(columns: CandleColumns, interval: Interval): CandleColumns {
  const partMs = intervalMs(columns.interval);
  const stepMs = intervalMs(interval);
  if (stepMs % partMs !== 0) {
    throw new UsageError(`${columns.interval} candles cannot be joined to ${interval} candles`, {
      hint: `${interval} is no multiple of ${columns.interval}.`,
    });
  }
  const parts = stepMs / partMs;
  const firstMs = Math.ceil(columns.firstOpenMs / stepMs) * stepMs;
  const endMs = columns.firstOpenMs + columns.length * partMs;
  const length = Math.max(0, Math.floor((endMs - firstMs) / stepMs));
  const joined = emptyColumns(columns.coin, interval, epochMs(firstMs), length);
  const decimals = decimalsOf(columns.volume);
  for (let row = 0; row < length; row++) {
    const from = (firstMs - columns.firstOpenMs) / partMs + row * parts;
    joinRows(columns, from, from + parts, joined, row, decimals);
  }
  return joined;
}

/** Joins rows from … to−1 into one; leaves NaN when a part is missing. */
function joinRows(
  { open, high, low, close, volume }: CandleColumns,
  from: number,
  to: number,
  joined: CandleColumns,
  row: number,
  decimals: number,
): void {
  let highest = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  for (let part = from; part < to; part++) {
    if (Number.isNaN(close[part])) return;
    highest = Math.max(highest, high[part] as number);
    lowest = Math.min(lowest, low[part] as number);
  }
  joined.open[row] = open[from] as number;
  joined.high[row] = highest;
  joined.low[row] = lowest;
  joined.close[row] = close[to - 1] as number;
  joined.volume[row] = decimalSum(volume, from, to, decimals);
}

const MAX_DECIMALS = 8;

/**
 * The least number of decimals that writes every value exactly; eight, the most that a venue gives, where none does.
 */
export function decimalsOf(values: Float64Array): number {
  let decimals = 0;
  for (const value of values) {
    while (decimals < MAX_DECIMALS && Math.round(value * 10 ** decimals) / 10 ** decimals !== value) {
      if (Number.isNaN(value)) break;
      decimals++;
    }
  }
  return decimals;
}

/** The decimal sum, to the nearest double. */
export function decimalSum(values: Float64Array, from: number, to: number, decimals: number): number {
  const scale = 10 ** decimals;
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.round((values[i] as number) * scale);
  if (Number.isSafeInteger(sum)) return sum / scale;
  let exact = 0n;
  for (let i = from; i < to; i++) exact += BigInt(Math.round((values[i] as number) * scale));
  return Number(`${exact}e-${decimals}`);
}
