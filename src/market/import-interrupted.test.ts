import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../domain/time.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { integrityProblems, openDatabase } from './database.ts';
import { importFile } from './import.ts';
import { candleAt, candleCsv, candlesAt, TEST_DELIVERY, temporaryFolder } from './testing.ts';

const ROWS = 40_000;
const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;

const NOW_MS = Date.UTC(2026, 0, 1);

/** The first question is whether the candles have closed; the next comes with a revision, amid the transaction. */
const killingClock = (signal: string): string =>
  `{ asked: 0, nowMs() { return this.asked++ === 0 ? ${NOW_MS} : process.kill(process.pid, '${signal}'); } }`;

/** An import in a process of its own; `clock` is the source text of the clock that it is given. */
function importing(database: string, file: string, clock = `{ nowMs: () => ${NOW_MS} }`): ChildProcess {
  const from = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const program = `
    import { openDatabase } from ${from('./database.ts')};
    import { importFile } from ${from('./import.ts')};
    const db = openDatabase(${JSON.stringify(database)});
    await importFile(db, ${JSON.stringify(file)}, { clock: ${clock} });
    db.close();
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function minuteFile(folder: string, name: string): string {
  const path = join(folder, name);
  const indices = Array.from({ length: ROWS }, (_, i) => i);
  writeFileSync(path, candleCsv(candlesAt(indices, MINUTE_MS)));
  return path;
}

describe('an import that is ended in the middle', () => {
  test.each(['SIGKILL', 'SIGINT'] as const)(
    'by %s leaves nothing of it; the next run does all of it',
    async (signal) => {
      const folder = temporaryFolder();
      const database = join(folder, 'candor.sqlite');
      const earlier = openDatabase(database);
      // A candle in the middle is stored with other values: the import asks the clock when it gets there, and dies of
      // it.
      writeCandles(earlier, BTC, [candleAt(ROWS / 2, 1, MINUTE_MS)], TEST_DELIVERY);
      earlier.close();
      const file = minuteFile(folder, 'hyperliquid_BTC_1m.csv');
      const child = importing(database, file, killingClock(signal));
      expect(await once(child, 'exit')).toEqual([null, signal]);

      const db = openDatabase(database);
      expect(integrityProblems(db)).toEqual([]);
      expect([...loadCandles(db, BTC).open]).toEqual([1]);
      expect(await importFile(db, file)).toMatchObject({ added: ROWS - 1, unchanged: 0, revised: 1 });
      expect(await importFile(db, file)).toMatchObject({ added: 0, unchanged: ROWS, revised: 0 });
      expect(loadCandles(db, BTC).length).toBe(ROWS);
      db.close();
    },
  );
});

describe('imports at once', () => {
  test('all finish, into a database that none of them found; the same file twice is stored once', async () => {
    const folder = temporaryFolder();
    const database = join(folder, 'candor.sqlite');
    const bitcoin = minuteFile(folder, 'hyperliquid_BTC_1m.csv');
    const files = [bitcoin, minuteFile(folder, 'hyperliquid_ETH_1m.csv'), bitcoin];
    const children = files.map((file) => importing(database, file));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0]);
    const db = openDatabase(database);
    expect(integrityProblems(db)).toEqual([]);
    expect(loadCandles(db, BTC).length).toBe(ROWS);
    expect(loadCandles(db, { coin: 'ETH', interval: '1m' }).length).toBe(ROWS);
    expect(db.prepare('SELECT count(*) FROM revisions').pluck().get()).toBe(0);
    db.close();
  });
});
