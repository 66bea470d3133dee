import type { MarketDatabase } from './database.ts';
import { type SeriesKey, storedRows } from './series-store.ts';

/** Rows of a series as they were stored at one moment, by time: as text, to be compared with what is stored later. */
export type StoredBefore = ReadonlyMap<number, string>;

/**
 * What is stored of a series from … to (exclusive). Looked at before a question is sent: what is another row by the
 * time the answer is written came from somebody else meanwhile, and may be the newer answer.
 */
export function storedBefore(db: MarketDatabase, key: SeriesKey, fromMs: number, toMs: number): StoredBefore {
  const values = key.kind === 'funding' ? 'rate' : 'o, h, l, c, v, n';
  const rows = db
    .prepare(
      `SELECT t, ${values} FROM ${storedRows(key.kind)} WHERE t >= ? AND t < ? AND series =
         (SELECT id FROM series WHERE source = ? AND coin = ? AND interval = ? AND kind = ?)`,
    )
    .raw()
    .all(fromMs, toMs, key.source, key.coin, key.interval, key.kind) as [timeMs: number, ...values: unknown[]][];
  return new Map(rows.map(([timeMs, ...row]) => [timeMs, textOf(row)]));
}

/** Whether a stored row is what it was; without a look at what was, it counts as that. */
export function isAsBefore(before: StoredBefore | undefined, timeMs: number, row: readonly unknown[]): boolean {
  return before === undefined || before.get(timeMs) === textOf(row);
}

function textOf(row: readonly unknown[]): string {
  return row.join(' ');
}
