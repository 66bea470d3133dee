import type { FundingRates } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { Delivery, WriteResult } from './candle-store.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';
import { fundingRates } from './funding-rates.ts';
import { noteGaps } from './gap-store.ts';
import { firstSeen, revisionWriter } from './revision-store.ts';
import { FUNDING_INTERVAL, HOME_SOURCE, listSeries, type SeriesSpan, seriesId } from './series-store.ts';
import { isAsBefore } from './stored-before.ts';

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

/**
 * Stores settlements in one transaction, under their full hour. As with candles, a rate that differs from the stored
 * one replaces it, and the revision ledger keeps both.
 */
export function writeFunding(
  db: MarketDatabase,
  { source, coin }: { readonly source: string; readonly coin: string },
  rows: readonly FundingRow[],
  { origin, clock, before, dryRun }: Delivery,
): Omit<WriteResult, 'gaps'> {
  const write = (): Omit<WriteResult, 'gaps'> => {
    const key = { source, coin, interval: FUNDING_INTERVAL, kind: 'funding' } as const;
    const series = { ...key, id: seriesId(db, key) };
    const insert = db.prepare('INSERT OR IGNORE INTO funding (series, t, rate) VALUES (?, ?, ?)');
    const read = db.prepare('SELECT rate FROM funding WHERE series = ? AND t = ?').pluck();
    const replace = db.prepare('UPDATE funding SET rate = ? WHERE series = ? AND t = ?');
    const revise = revisionWriter(db, series.id);
    const hours = rows.map(({ timeMs }) => fundingHour(timeMs));
    let added = 0;
    let revised = 0;
    rows.forEach(({ rate }, i) => {
      const hour = hours[i] as EpochMs;
      if (insert.run(series.id, hour, rate).changes === 1) {
        added++;
        return;
      }
      const stored = read.get(series.id, hour) as number;
      if (stored === rate || !isAsBefore(before, hour, [stored])) return;
      revised++;
      replace.run(rate, series.id, hour);
      revise({ timeMs: hour, before: [stored], after: [rate], origin, seenMs: clock.nowMs() });
    });
    noteGaps(db, series, hours, [], origin);
    return { added, revised, unchanged: rows.length - added - revised };
  };
  return inTransaction(db, write, dryRun === true ? 'rollback' : 'commit');
}

export interface FundingQuery {
  /** Whose rates are read where they are stored; else the home exchange's, else those of the first source by name. */
  readonly source?: string | undefined;
  /** Each rate as it was first delivered, instead of as it was last. */
  readonly asSeen?: boolean | undefined;
}

/** The stored funding rates of a coin. None are empty columns: the engine counts what is missing. */
export function loadFunding(
  db: MarketDatabase,
  coin: string,
  { source = HOME_SOURCE, asSeen }: FundingQuery = {},
): FundingRates {
  return onSnapshot(db, () => {
    const all = listSeries(db).filter((span) => span.kind === 'funding' && span.coin === coin);
    const from = (name: string): SeriesSpan | undefined => all.find((span) => span.source === name);
    const series = from(source) ?? from(HOME_SOURCE) ?? all[0];
    if (series === undefined) return fundingRates(coin, []);
    const rows = db.prepare('SELECT t, rate FROM funding WHERE series = ? ORDER BY t').raw().all(series.id) as [
      timeMs: number,
      rate: number,
    ][];
    if (asSeen !== true) return fundingRates(coin, rows);
    const first = new Map(firstSeen(db, series, series.firstOpenMs, series.lastOpenMs));
    return fundingRates(
      coin,
      rows.map(([timeMs, rate]) => [timeMs, first.get(timeMs)?.[0] ?? rate]),
    );
  });
}
