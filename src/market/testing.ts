import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import type { ClosedCandle } from '../domain/candle.ts';
import { fixedClock } from '../domain/clock.ts';
import { CandorError } from '../domain/errors.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import type { Delivery } from './candle-store.ts';
import { type MarketDatabase, openDatabase } from './database.ts';
import { type ImportOptions, importFile } from './import.ts';

/** 2025-01-01T00:00Z */
export const NEW_YEAR_MS = 1_735_689_600_000;

export const TEST_DELIVERY: Delivery = { origin: 'a test', clock: fixedClock(NEW_YEAR_MS) };

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'candor-market-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file of that text in a folder of its own; gzip where the name says so. */
export function temporaryFile(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

/** A database in memory that is closed when the test ends. */
export function memoryDatabase(): MarketDatabase {
  const db = openDatabase(':memory:');
  onTestFinished(() => {
    db.close();
  });
  return db;
}

/** A candle around a price, `index` steps after the new year of 2025. */
export function candleAt(index: number, price = 100, stepMs = HOUR_MS): ClosedCandle {
  return {
    openTimeMs: epochMs(NEW_YEAR_MS + index * stepMs),
    open: price,
    high: price + 2,
    low: price - 1,
    close: price + 1,
    volume: 10 + index,
  };
}

export function candlesAt(indices: readonly number[], stepMs = HOUR_MS): ClosedCandle[] {
  return indices.map((index) => candleAt(index, 100 + index, stepMs));
}

/** The rows of a CSV file of such candles, without the header. */
export function csvRow({ openTimeMs, open, high, low, close, volume }: ClosedCandle): string {
  return [openTimeMs, open, high, low, close, volume].join(',');
}

export function candleCsv(candles: readonly ClosedCandle[]): string {
  return `${['t,o,h,l,c,v', ...candles.map(csvRow)].join('\n')}\n`;
}

/** What an import of that file says, and the proof that it left nothing behind. */
export async function refusalOf(name: string, text: string, options: ImportOptions = {}): Promise<CandorError> {
  return refusalOfPath(temporaryFile(name, text), options);
}

export async function refusalOfPath(path: string, options: ImportOptions = {}): Promise<CandorError> {
  const db = memoryDatabase();
  const error = await importFile(db, path, options).then(
    (result) => expect.fail(`imported: ${JSON.stringify(result)}`),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CandorError);
  expect(db.prepare('SELECT count(*) FROM series').pluck().get()).toBe(0);
  return error as CandorError;
}
