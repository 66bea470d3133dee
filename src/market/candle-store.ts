import type { CandleColumns, ClosedCandle } from '../domain/candle.ts';
import type { Clock } from '../domain/clock.ts';
import { DataError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { sealBlocks } from './blocks.ts';
import { fillCandles } from './candle-loading.ts';
import { fiveColumns } from './candle-table.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';
import { type Gap, holesBetween, noteGaps } from './gap-store.ts';
import { firstSeen, revisionWriter } from './revision-store.ts';
import {
  type CandleKind,
  findCandleSeries,
  type SeriesKey,
  type SeriesQuery,
  type StoredSeries,
  seriesId,
} from './series-store.ts';
import { isAsBefore, type StoredBefore } from './stored-before.ts';

/** Where rows come from, for the revision ledger and the table of gaps: a file's name, 'the exchange'. */
export interface Delivery {
  readonly origin: string;
  readonly clock: Clock;
  /**
   * What was stored when these rows were asked for. A row that somebody else has stored or changed since is left as
   * it is: whose answer is the newer one nobody can tell, and an older one would become two false revisions.
   */
  readonly before?: StoredBefore | undefined;
  /** Do everything and keep nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface WriteResult {
  /** Rows that were not stored before. */
  readonly added: number;
  /** Rows that were stored before, with the same values or with those of somebody who was quicker. */
  readonly unchanged: number;
  /** Rows that were stored before with other values: these are stored now, and both are in the revision ledger. */
  readonly revised: number;
  /** Holes in what was delivered. */
  readonly gaps: readonly Gap[];
}

/**
 * Stores candles in one transaction. Writing the same again changes nothing. A candle that differs from the stored one
 * replaces it, and the revision ledger keeps both: what was seen first is still there for those who ask for it.
 *
 * @param candles ascending, on the grid of the interval
 */
export function writeCandles(
  db: MarketDatabase,
  key: SeriesKey & { readonly kind: CandleKind },
  candles: readonly ClosedCandle[],
  delivery: Delivery,
): WriteResult {
  return inTransaction(
    db,
    () => {
      const series = { ...key, id: seriesId(db, key) };
      const counts = storeRows(db, series, candles, delivery);
      const times = candles.map((candle) => candle.openTimeMs);
      const gaps = holesBetween(times, intervalMs(key.interval));
      noteGaps(db, series, times, gaps, delivery.origin);
      sealBlocks(db, series);
      return { ...counts, gaps };
    },
    delivery.dryRun === true ? 'rollback' : 'commit',
  );
}

/** Prices, volume and the number of trades, which is null where it is not known. */
type StoredRow = readonly [open: number, high: number, low: number, close: number, volume: number, n: number | null];

/** Stored rows are looked up a window of time at once: one by one they would cost more than the writing. */
const WINDOW_ROWS = 2_000;

function storeRows(
  db: MarketDatabase,
  series: StoredSeries,
  candles: readonly ClosedCandle[],
  { origin, clock, before: asked }: Delivery,
): Pick<WriteResult, 'added' | 'unchanged' | 'revised'> {
  const insert = db.prepare('INSERT INTO candles (series, t, o, h, l, c, v, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const read = db.prepare('SELECT t, o, h, l, c, v, n FROM candles WHERE series = ? AND t BETWEEN ? AND ?').raw();
  const replace = db.prepare('UPDATE candles SET o = ?, h = ?, l = ?, c = ?, v = ?, n = ? WHERE series = ? AND t = ?');
  const revise = revisionWriter(db, series.id);
  const windowMs = WINDOW_ROWS * intervalMs(series.interval);
  const lastMs = candles.at(-1)?.openTimeMs ?? 0;
  const stored = new Map<number, StoredRow>();
  let readUntilMs = Number.NEGATIVE_INFINITY;
  let added = 0;
  let revised = 0;
  for (const { openTimeMs, open, high, low, close, volume, trades } of candles) {
    if (openTimeMs > readUntilMs) {
      readUntilMs = Math.min(openTimeMs + windowMs, lastMs);
      stored.clear();
      const rows = read.all(series.id, openTimeMs, readUntilMs) as [t: number, ...row: StoredRow][];
      for (const [t, ...row] of rows) stored.set(t, row);
    }
    const row: StoredRow = [open, high, low, close, volume, trades ?? null];
    const before = stored.get(openTimeMs);
    if (before === undefined) {
      added++;
      insert.run(series.id, openTimeMs, ...row);
    } else if (!agree(before, row) && isAsBefore(asked, openTimeMs, before)) {
      revised++;
      replace.run(...row, series.id, openTimeMs);
      revise({ timeMs: openTimeMs, before: known(before), after: known(row), origin, seenMs: clock.nowMs() });
    }
  }
  return { added, revised, unchanged: candles.length - added - revised };
}

/** A source that does not count trades says nothing against one that does. */
function agree(stored: StoredRow, row: StoredRow): boolean {
  return stored.every((value, i) => value === row[i] || (i === 5 && (value === null || row[i] === null)));
}

function known(row: StoredRow): number[] {
  return row.filter((value) => value !== null);
}

export interface CandleQuery extends SeriesQuery {
  /** The first candle opens at or after this. */
  readonly fromMs?: number | undefined;
  /** The last candle closes at or before this. */
  readonly toMs?: number | undefined;
  /** Each candle as it was first delivered, instead of as it was last. */
  readonly asSeen?: boolean | undefined;
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
    const columns = sharedColumns(query.coin, query.interval, epochMs(first), (last - first) / stepMs + 1);
    fillCandles(db, span.id, columns);
    if (query.asSeen === true) overlayFirstSeen(db, span.id, columns, last);
    return columns;
  });
}

/** Columns over shared memory. What is in them is going to be written over. */
function sharedColumns(coin: string, interval: Interval, firstOpenMs: EpochMs, length: number): CandleColumns {
  const column = (): Float64Array => new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
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

function nothingInRange({ coin, interval, fromMs, toMs }: CandleQuery, firstMs: number, endMs: number): DataError {
  const from = fromMs === undefined ? 'the beginning' : formatTime(fromMs);
  const to = toMs === undefined ? 'the end' : formatTime(toMs);
  return new DataError(`no ${interval} candles of ${coin} are stored from ${from} to ${to}`, {
    hint: `Stored: ${formatTime(firstMs)} to ${formatTime(endMs)}.`,
  });
}

function overlayFirstSeen(db: MarketDatabase, series: number, columns: CandleColumns, lastOpenMs: number): void {
  const { close, firstOpenMs } = columns;
  const stepMs = intervalMs(columns.interval);
  for (const [timeMs, values] of firstSeen(db, { id: series }, firstOpenMs, lastOpenMs)) {
    const row = (timeMs - firstOpenMs) / stepMs;
    // A candle that somebody has deleted was not seen.
    if (Number.isNaN(close[row])) continue;
    fiveColumns(columns).forEach((column, i) => {
      column[row] = values[i] as number;
    });
  }
}
