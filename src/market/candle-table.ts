import type { CandleColumns } from '../domain/candle.ts';
import type { MarketDatabase } from './database.ts';

/** Five columns of the same length, in this order: open, high, low, close, volume. */
export type FiveColumns = readonly [
  open: Float64Array,
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  volume: Float64Array,
];

type CandleRow = readonly [t: number, o: number, h: number, l: number, c: number, v: number];

/** Rows are read in pages by key, so that no statement stays open for long. */
const PAGE_ROWS = 2_000;

export function fiveColumns({ open, high, low, close, volume }: CandleColumns): FiveColumns {
  return [open, high, low, close, volume];
}

/** Rows from … to−1; the memory is shared. */
export function slicesOf(columns: FiveColumns, from: number, to: number): FiveColumns {
  const [open, high, low, close, volume] = columns;
  const slice = (column: Float64Array): Float64Array => column.subarray(from, to);
  return [slice(open), slice(high), slice(low), slice(close), slice(volume)];
}

/** Reads candles of one series out of the database. */
export class CandleTable {
  readonly #page;
  readonly #series: number;
  readonly #stepMs: number;

  constructor(db: MarketDatabase, series: number, stepMs: number) {
    this.#series = series;
    this.#stepMs = stepMs;
    this.#page = db
      .prepare('SELECT t, o, h, l, c, v FROM candles WHERE series = ? AND t BETWEEN ? AND ? ORDER BY t LIMIT ?')
      .raw();
  }

  /** Fills columns whose first row opens at that time. Rows that are not stored are NaN. */
  fill(columns: FiveColumns, firstOpenMs: number): void {
    for (const column of columns) column.fill(Number.NaN);
    const [open, high, low, close, volume] = columns;
    const lastMs = firstOpenMs + (open.length - 1) * this.#stepMs;
    let nextMs = firstOpenMs;
    for (;;) {
      const rows = this.#page.all(this.#series, nextMs, lastMs, PAGE_ROWS) as CandleRow[];
      for (const [t, o, h, l, c, v] of rows) {
        const row = (t - firstOpenMs) / this.#stepMs;
        open[row] = o;
        high[row] = h;
        low[row] = l;
        close[row] = c;
        volume[row] = v;
        nextMs = t + 1;
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }
}
