import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { type MarketDatabase, type OpenOptions, openDatabase } from '../market/database.ts';
import type { SeriesKey } from '../market/series-store.ts';
import type { Context } from './context.ts';

/** Opens the database for the time that `body` takes, creates it where it is absent, and closes it whatever happens. */
export function withDatabase<T>(
  context: Context,
  body: (db: MarketDatabase) => T | Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  return closing(openDatabase(context.databasePath, options), body);
}

/**
 * As `withDatabase`, for commands that only look: the file may be one that this user must not write to.
 *
 * @throws UsageError where there is no database; looking does not create one
 */
export async function withStoredDatabase<T>(
  context: Context,
  body: (db: MarketDatabase) => T | Promise<T>,
): Promise<T> {
  if (!existsSync(context.databasePath)) {
    throw new UsageError(`there is no database ${shownPath(context, context.databasePath)} yet`, {
      hint: "'candor ingest', 'candor import FILE…' or the first 'candor study' makes it.",
    });
  }
  return closing(openDatabase(context.databasePath, { readonly: true }), body);
}

/** As `withDatabase`, for a dry run: where there is no database, one in memory stands for it. */
export function withScratchDatabase<T>(context: Context, body: (db: MarketDatabase) => T | Promise<T>): Promise<T> {
  return existsSync(context.databasePath) ? withDatabase(context, body) : withMemoryDatabase(body);
}

/** For what has nothing to do with what is stored. */
export function withMemoryDatabase<T>(body: (db: MarketDatabase) => T | Promise<T>): Promise<T> {
  return closing(openDatabase(':memory:'), body);
}

async function closing<T>(db: MarketDatabase, body: (db: MarketDatabase) => T | Promise<T>): Promise<T> {
  try {
    return await body(db);
  } finally {
    db.close();
  }
}

/** A path as the person who typed the command would write it. */
export function shownPath(context: Context, path: string): string {
  const shorter = relative(context.workingDirectory, path);
  return shorter.startsWith('..') ? path : shorter;
}

/** `hyperliquid BTC 1h`, `hyperliquid BTC funding` */
export function seriesName(series: SeriesKey): string {
  return `${series.source} ${series.coin} ${contentOf(series)}`;
}

/** `1h`, `1m mark`, `funding` */
export function contentOf({ interval, kind }: Pick<SeriesKey, 'interval' | 'kind'>): string {
  return { trade: interval, mark: `${interval} mark`, funding: 'funding' }[kind];
}

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 candle`, `2,259 candles` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
