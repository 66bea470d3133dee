import { existsSync } from 'node:fs';
import type { ReturnsOf } from '../evidence/trial-count.ts';
import { returnsOfLine } from '../market/trial-store.ts';
import type { Context } from './context.ts';
import { withStoredDatabase } from './database.ts';

/** Hands over the daily returns that this database has of trials; none where there is no database. */
export async function storedReturns<T>(context: Context, body: (returnsOf: ReturnsOf) => T): Promise<T> {
  if (!existsSync(context.databasePath)) return body(() => new Map());
  return withStoredDatabase(context, (db) =>
    body(({ hash }) => new Map(returnsOfLine(db, hash).map(({ trial, ...returns }) => [trial, returns]))),
  );
}
