import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../domain/errors.ts';
import { MINUTE_MS } from '../domain/time.ts';
import { backupDatabase } from './backup.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { integrityProblems, openDatabase } from './database.ts';
import { listSeries } from './series-store.ts';
import { candlesAt, memoryDatabase, TEST_DELIVERY, temporaryFolder } from './testing.ts';
import { spawnWriter } from './testing-processes.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;
const MINUTES = Array.from({ length: 20_000 }, (_, i) => i);

describe('a backup', () => {
  test('holds what was stored, under its name alone, and says how far it is', async () => {
    const folder = temporaryFolder();
    const db = openDatabase(join(folder, 'candor.sqlite'));
    writeCandles(db, BTC, candlesAt(MINUTES, MINUTE_MS), TEST_DELIVERY);
    const steps: number[] = [];
    const file = join(folder, 'copies', 'monday.sqlite');
    const { bytes } = await backupDatabase(db, file, { onProgress: (done, total) => steps.push(done / total) });
    db.close();
    expect(readdirSync(join(folder, 'copies'))).toEqual(['monday.sqlite']);
    expect(readFileSync(file)).toHaveLength(bytes);
    expect(steps[0]).toBe(0);
    expect(steps.at(-1)).toBe(1);
    const copy = openDatabase(file);
    expect(loadCandles(copy, BTC).close).toHaveLength(MINUTES.length);
    expect(integrityProblems(copy)).toEqual([]);
    copy.close();
  });

  test('writes over nothing', async () => {
    const file = join(temporaryFolder(), 'monday.sqlite');
    writeFileSync(file, 'precious');
    await expect(backupDatabase(memoryDatabase(), file)).rejects.toThrow(UsageError);
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test('that is stopped leaves nothing', async () => {
    const folder = temporaryFolder();
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt(MINUTES, MINUTE_MS), TEST_DELIVERY);
    const stop = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(backupDatabase(db, join(folder, 'monday.sqlite'), { signal: stop })).rejects.toThrow('Ctrl-C');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('into a place where no file can be is refused in words', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const backup = backupDatabase(memoryDatabase(), join(folder, 'file', 'monday.sqlite'));
    await expect(backup).rejects.toThrow(DataError);
    await expect(backup).rejects.toThrow(/cannot be opened/);
  });

  test('of a damaged database is refused, and not kept', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'candor.sqlite');
    const whole = openDatabase(path);
    writeCandles(whole, BTC, candlesAt(MINUTES, MINUTE_MS), TEST_DELIVERY);
    whole.close();
    const bytes = readFileSync(path);
    // A page of candles in the middle, of which opening reads nothing.
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 4_096);
    writeFileSync(path, bytes);
    const db = openDatabase(path);
    await expect(backupDatabase(db, join(folder, 'monday.sqlite'))).rejects.toThrow(/is not sound|is damaged/);
    db.close();
    expect(readdirSync(folder)).not.toContain('monday.sqlite');
  });

  test('is whole while another process writes, and of one moment: no write is in it in part', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'candor.sqlite');
    const writer = await spawnWriter(path, { coins: ['BTC', 'ETH', 'SOL'], batches: 400, rows: 50 });
    const db = openDatabase(path);
    const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.sqlite`));
    for (const file of files) await backupDatabase(db, file);
    db.close();
    expect(writer.isRunning()).toBe(true);
    expect(await writer.ended).toEqual({ exitCode: 0, stderr: '' });
    const lengths = files.map((file) => {
      expect(existsSync(file)).toBe(true);
      const copy = openDatabase(file);
      expect(integrityProblems(copy)).toEqual([]);
      // Each batch has as many candles for every coin, in one transaction each, coin after coin.
      const found = listSeries(copy).map((span) => loadCandles(copy, { coin: span.coin, interval: '1m' }).close);
      copy.close();
      for (const close of found) {
        expect(close.length % 50).toBe(0);
        close.forEach((value, i) => {
          expect(value).toBe(101 + i);
        });
      }
      const rows = found.map((close) => close.length);
      expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(50);
      return Math.max(...rows);
    });
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  });
});
