import { type EpochMs, epochMs } from '../domain/units.ts';
import type { MarketDatabase } from './database.ts';
import type { StoredSeries } from './series-store.ts';

/** One change of a stored row by a later delivery. */
export interface Revision {
  /** Of the candle its open, of a settlement its hour. */
  readonly timeMs: EpochMs;
  /** 1 for the first change of this row. */
  readonly nth: number;
  /** `[open, high, low, close, volume]`, with the number of trades where it is known; or `[rate]`. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Who delivered `after`. */
  readonly origin: string;
  readonly seenMs: EpochMs;
}

/**
 * Writes changes of rows into the ledger of a series. Call inside the transaction that changes them, once for each
 * change.
 */
export function revisionWriter(
  db: MarketDatabase,
  series: number,
): (change: Omit<Revision, 'nth' | 'timeMs'> & { readonly timeMs: number }) => void {
  const insert = db.prepare(
    `INSERT INTO revisions (series, t, nth, before, after, origin, seen_ms)
     SELECT :series, :t, count(*) + 1, :before, :after, :origin, :seenMs
       FROM revisions WHERE series = :series AND t = :t`,
  );
  return ({ timeMs, before, after, origin, seenMs }) => {
    insert.run({
      series,
      t: timeMs,
      before: JSON.stringify(before),
      after: JSON.stringify(after),
      origin,
      seenMs,
    });
  };
}

/** The whole ledger of a series, by time and then in the order of the changes. */
export function revisionsOf(db: MarketDatabase, series: Pick<StoredSeries, 'id'>): Revision[] {
  const rows = db
    .prepare('SELECT t, nth, before, after, origin, seen_ms FROM revisions WHERE series = ? ORDER BY t, nth')
    .raw()
    .all(series.id) as [t: number, nth: number, before: string, after: string, origin: string, seenMs: number][];
  return rows.map(([t, nth, before, after, origin, seenMs]) => ({
    timeMs: epochMs(t),
    nth,
    before: JSON.parse(before) as number[],
    after: JSON.parse(after) as number[],
    origin,
    seenMs: epochMs(seenMs),
  }));
}

/** What was first seen of the rows from … to (inclusive) that have changed since. */
export function firstSeen(
  db: MarketDatabase,
  series: Pick<StoredSeries, 'id'>,
  fromMs: number,
  toMs: number,
): (readonly [timeMs: number, values: readonly number[]])[] {
  const rows = db
    .prepare('SELECT t, before FROM revisions WHERE series = ? AND t BETWEEN ? AND ? AND nth = 1 ORDER BY t')
    .raw()
    .all(series.id, fromMs, toMs) as [t: number, before: string][];
  return rows.map(([t, before]) => [t, JSON.parse(before) as number[]]);
}
