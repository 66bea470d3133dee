import type { FundingRates } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { Delivery, WriteResult } from './candle-store.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';
import { fundingRates } from './funding-rates.ts';
import { FUNDING_INTERVAL, HOME_SOURCE, listSeries, seriesId } from './series-store.ts';

/** One settlement: what a long paid per dollar of notional, as a fraction. */
export interface FundingRow {
  /** When the venue stamped it: some seconds or minutes after its hour. */
  readonly timeMs: EpochMs;
  readonly rate: number;
}

/** The full hour that a settlement belongs to. */
export function fundingHour(timeMs: number): EpochMs {
  return epochMs(Math.round(timeMs / HOUR_MS) * HOUR_MS);
}

/** Stores settlements in one transaction, under their full hour. As with candles, the first value seen is final. */
export function writeFunding(
  db: MarketDatabase,
  { source, coin }: { readonly source: string; readonly coin: string },
  rows: readonly FundingRow[],
  { origin, clock, dryRun }: Delivery,
): Omit<WriteResult, 'gaps'> {
  const write = (): Omit<WriteResult, 'gaps'> => {
    const series = seriesId(db, { source, coin, interval: FUNDING_INTERVAL, kind: 'funding' });
    const insert = db.prepare('INSERT OR IGNORE INTO funding (series, t, rate) VALUES (?, ?, ?)');
    const stored = db.prepare('SELECT rate FROM funding WHERE series = ? AND t = ?').pluck();
    const revise = db.prepare(
      'INSERT OR IGNORE INTO revisions (series, t, value, origin, seen_ms) VALUES (?, ?, ?, ?, ?)',
    );
    let added = 0;
    let revised = 0;
    for (const { timeMs, rate } of rows) {
      const hour = fundingHour(timeMs);
      if (insert.run(series, hour, rate).changes === 1) {
        added++;
      } else if (stored.get(series, hour) !== rate) {
        revised++;
        revise.run(series, hour, JSON.stringify([rate]), origin, clock.nowMs());
      }
    }
    return { added, revised, unchanged: rows.length - added - revised };
  };
  return inTransaction(db, write, dryRun === true ? 'rollback' : 'commit');
}

/**
 * The stored funding rates of a coin. Without a source: the home exchange's, else the first by name. None are empty
 * columns: the engine counts what is missing.
 */
export function loadFunding(db: MarketDatabase, coin: string, source?: string): FundingRates {
  return onSnapshot(db, () => {
    const all = listSeries(db).filter(
      (span) => span.kind === 'funding' && span.coin === coin && (source === undefined || span.source === source),
    );
    const series = all.find((span) => span.source === HOME_SOURCE) ?? all[0];
    const rows =
      series === undefined
        ? []
        : (db.prepare('SELECT t, rate FROM funding WHERE series = ? ORDER BY t').raw().all(series.id) as [
            number,
            number,
          ][]);
    return fundingRates(coin, rows);
  });
}
