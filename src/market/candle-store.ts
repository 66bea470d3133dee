import { type CandleColumns, type ClosedCandle, emptyColumns } from '../domain/candle.ts';
import type { Clock } from '../domain/clock.ts';
import { DataError } from '../domain/errors.ts';
import { formatTime, intervalMs } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';
import { type Gap, holesBetween, recordGaps } from './gap-store.ts';
import { findCandleSeries, type SeriesKey, type SeriesQuery, seriesId } from './series-store.ts';

/** Where rows come from, for the revision ledger and the reasons of gaps: a file's name, 'the exchange'. */
export interface Delivery {
  readonly origin: string;
  readonly clock: Clock;
  /** Do everything and keep nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface WriteResult {
  /** Rows that were not stored before. */
  readonly added: number;
  /** Rows that were stored before, with the same values. */
  readonly unchanged: number;
  /** Rows that were stored before with other values: the first stay, these are in the revision ledger. */
  readonly revised: number;
  /** Holes in what was delivered. */
  readonly gaps: readonly Gap[];
}

/** Rows are read in pages by key, so that no statement stays open for long. */
const PAGE_ROWS = 10_000;

/**
 * Stores candles in one transaction. Writing the same again changes nothing. A candle is final when it is first seen,
 * because a decision may have been made on it: one that differs later is counted and kept in `revisions`.
 *
 * @param candles ascending, on the grid of the interval
 */
export function writeCandles(
  db: MarketDatabase,
  key: SeriesKey & { readonly kind: 'trade' },
  candles: readonly ClosedCandle[],
  delivery: Delivery,
): WriteResult {
  return inTransaction(
    db,
    () => {
      const series = seriesId(db, key);
      const counts = insertCandles(db, series, candles, delivery);
      const gaps = holesBetween(
        candles.map((candle) => candle.openTimeMs),
        intervalMs(key.interval),
      );
      recordGaps(db, { ...key, id: series }, gaps, candles, delivery.origin);
      return { ...counts, gaps };
    },
    delivery.dryRun === true ? 'rollback' : 'commit',
  );
}

type StoredRow = readonly [open: number, high: number, low: number, close: number, volume: number];

function insertCandles(
  db: MarketDatabase,
  series: number,
  candles: readonly ClosedCandle[],
  { origin, clock }: Delivery,
): Pick<WriteResult, 'added' | 'unchanged' | 'revised'> {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO candles (series, t, o, h, l, c, v, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const stored = db.prepare('SELECT o, h, l, c, v FROM candles WHERE series = ? AND t = ?').raw();
  const revise = db.prepare(
    'INSERT OR IGNORE INTO revisions (series, t, value, origin, seen_ms) VALUES (?, ?, ?, ?, ?)',
  );
  let added = 0;
  let revised = 0;
  for (const candle of candles) {
    const { openTimeMs, open, high, low, close, volume, trades } = candle;
    if (insert.run(series, openTimeMs, open, high, low, close, volume, trades ?? null).changes === 1) {
      added++;
      continue;
    }
    const row: StoredRow = [open, high, low, close, volume];
    const first = stored.get(series, openTimeMs) as StoredRow;
    if (first.every((value, i) => value === row[i])) continue;
    revised++;
    revise.run(series, openTimeMs, JSON.stringify(row), origin, clock.nowMs());
  }
  return { added, revised, unchanged: candles.length - added - revised };
}

export interface CandleQuery extends SeriesQuery {
  /** The first candle opens at or after this. */
  readonly fromMs?: number | undefined;
  /** The last candle closes at or before this. */
  readonly toMs?: number | undefined;
}

/**
 * Reads candles into dense columns over shared memory, from the first stored candle of the range to the last; rows
 * between them that are not stored are NaN.
 *
 * @throws UsageError for a coin or an interval that is not stored
 * @throws DataError when the range holds no candle
 */
export function loadCandles(db: MarketDatabase, query: CandleQuery): CandleColumns {
  const span = findCandleSeries(db, query);
  const stepMs = intervalMs(query.interval);
  const fromMs = Math.max(query.fromMs ?? span.firstOpenMs, span.firstOpenMs);
  const lastMs = Math.min((query.toMs ?? Number.POSITIVE_INFINITY) - stepMs, span.lastOpenMs);
  return onSnapshot(db, () => {
    const inRange = 'FROM candles WHERE series = ? AND t BETWEEN ? AND ?';
    const first = db.prepare(`SELECT min(t) ${inRange}`).pluck().get(span.id, fromMs, lastMs) as number | null;
    const last = db.prepare(`SELECT max(t) ${inRange}`).pluck().get(span.id, fromMs, lastMs) as number | null;
    if (first === null || last === null) throw nothingInRange(query, span.firstOpenMs, span.lastOpenMs + stepMs);
    const columns = emptyColumns(query.coin, query.interval, epochMs(first), (last - first) / stepMs + 1);
    fillColumns(db, span.id, columns, last);
    return columns;
  });
}

function nothingInRange({ coin, interval, fromMs, toMs }: CandleQuery, firstMs: number, endMs: number): DataError {
  const from = fromMs === undefined ? 'the beginning' : formatTime(fromMs);
  const to = toMs === undefined ? 'the end' : formatTime(toMs);
  return new DataError(`no ${interval} candles of ${coin} are stored from ${from} to ${to}`, {
    hint: `Stored: ${formatTime(firstMs)} to ${formatTime(endMs)}.`,
  });
}

type CandleRow = readonly [t: number, o: number, h: number, l: number, c: number, v: number];

function fillColumns(db: MarketDatabase, series: number, columns: CandleColumns, lastOpenMs: number): void {
  const page = db
    .prepare('SELECT t, o, h, l, c, v FROM candles WHERE series = ? AND t BETWEEN ? AND ? ORDER BY t LIMIT ?')
    .raw();
  const { open, high, low, close, volume, firstOpenMs } = columns;
  const stepMs = intervalMs(columns.interval);
  let nextMs: number = firstOpenMs;
  for (;;) {
    const rows = page.all(series, nextMs, lastOpenMs, PAGE_ROWS) as CandleRow[];
    for (const [t, o, h, l, c, v] of rows) {
      const row = (t - firstOpenMs) / stepMs;
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
