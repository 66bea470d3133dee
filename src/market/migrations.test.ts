import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../domain/time.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { integrityProblems, type MarketDatabase, openDatabase } from './database.ts';
import { loadFunding } from './funding-store.ts';
import { gapsOf } from './gap-store.ts';
import { BLOCK_MS, MIGRATIONS } from './migrations.ts';
import { revisionsOf } from './revision-store.ts';
import { findCandleSeries, listSeries } from './series-store.ts';
import { candlesAt, NEW_YEAR_MS, TEST_DELIVERY, temporaryFolder } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;

/** A file of version 2, as Candor left it before there was a ledger. */
function versionTwo(fill: (db: Database.Database) => void): string {
  const path = join(temporaryFolder(), 'candor.sqlite');
  const db = new Database(path);
  for (const step of MIGRATIONS.slice(0, 2)) db.exec(step as string);
  db.exec(`
    INSERT INTO series (id, source, coin, interval, kind) VALUES
      (3, 'hyperliquid', 'BTC', '1h', 'trade'), (7, 'hyperliquid', 'BTC', '1h', 'funding');
  `);
  fill(db);
  db.pragma('user_version = 2');
  db.pragma(`application_id = ${0x43_6e_64_72}`);
  db.close();
  return path;
}

function withMigrated(path: string, look: (db: MarketDatabase) => void): void {
  const db = openDatabase(path);
  try {
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.pragma('foreign_key_check')).toEqual([]);
    expect(integrityProblems(db)).toEqual([]);
    look(db);
  } finally {
    db.close();
  }
}

describe('from version 2', () => {
  test('candles keep their rows and their series, and mark prices get a place', () => {
    const path = versionTwo((db) => {
      db.exec(
        `INSERT INTO candles VALUES (3, ${at(0)}, 1, 2, 0.5, 1.5, 10, 4), (3, ${at(1)}, 2, 3, 1.5, 2.5, 0, NULL)`,
      );
      db.exec(`INSERT INTO funding VALUES (7, ${at(0)}, 0.001)`);
    });
    withMigrated(path, (db) => {
      expect(listSeries(db)).toMatchObject([
        { id: 3, ...BTC },
        { id: 7, kind: 'funding' },
      ]);
      expect([...loadCandles(db, BTC).close]).toEqual([1.5, 2.5]);
      expect([...loadFunding(db, 'BTC').rates]).toEqual([0.001]);
      expect(writeCandles(db, { ...BTC, kind: 'mark' }, candlesAt([0]), TEST_DELIVERY).added).toBe(1);
      expect(() => db.exec('INSERT INTO candles VALUES (99, 0, 1, 1, 1, 1, 1, NULL)')).toThrow(/FOREIGN KEY/);
      expect(() => db.exec("INSERT INTO series VALUES (9, 'x', 'BTC', '1h', 'spot')")).toThrow(/CHECK/);
    });
  });

  test('the first value was stored, later ones beside it: now the last is stored, and the ledger has all', () => {
    // Numbers that need all their digits: SQLite writes fifteen of them.
    const first = [0.1 + 0.2, 1.000000000000001e5, 0.1, 0.30000000000000016, 1e-8 / 3];
    const second = [0.1 + 0.7, 1.0000000000000009e5, 0.2, 0.30000000000000027, 1e8 / 7];
    const third = [5, 6, 4, 5, 1];
    const path = versionTwo((db) => {
      db.prepare('INSERT INTO candles VALUES (3, ?, ?, ?, ?, ?, ?, 12)').run(at(0), ...first);
      db.prepare('INSERT INTO candles VALUES (3, ?, ?, ?, ?, ?, ?, NULL)').run(at(1), ...third);
      const differ = db.prepare('INSERT INTO revisions VALUES (3, ?, ?, ?, ?)');
      // The order in which they were seen is not that of their text.
      differ.run(at(0), JSON.stringify(third), 'tuesday.csv', 2_000);
      differ.run(at(0), JSON.stringify(second), 'monday.csv', 1_000);
      db.exec(`INSERT INTO funding VALUES (7, ${at(0)}, 0.001)`);
      db.exec(`INSERT INTO revisions VALUES (7, ${at(0)}, '[0.002]', 'rates.csv', 3000)`);
      db.exec(`INSERT INTO revisions VALUES (3, ${at(5)}, '[1,1,1,1,1]', 'of a deleted candle', 3000)`);
    });
    withMigrated(path, (db) => {
      expect(revisionsOf(db, { id: 3 })).toEqual([
        { timeMs: at(0), nth: 1, before: [...first, 12], after: second, origin: 'monday.csv', seenMs: 1_000 },
        { timeMs: at(0), nth: 2, before: second, after: third, origin: 'tuesday.csv', seenMs: 2_000 },
      ]);
      const row = (asSeen: boolean): number[] => {
        const { open, high, low, close, volume } = loadCandles(db, { ...BTC, asSeen });
        return [open, high, low, close, volume].map((column) => column[0] as number);
      };
      expect(row(false)).toEqual(third);
      expect(row(true)).toEqual(first);
      expect(revisionsOf(db, { id: 7 })).toMatchObject([{ nth: 1, before: [0.001], after: [0.002] }]);
      expect([...loadFunding(db, 'BTC').rates]).toEqual([0.002]);
      expect([...loadFunding(db, 'BTC', { asSeen: true }).rates]).toEqual([0.001]);
    });
  });

  test('the reason of a gap was the file that lacked it: now the reason is unknown, and the file its origin', () => {
    const path = versionTwo((db) => {
      db.exec(`INSERT INTO candles VALUES (3, ${at(0)}, 1, 1, 1, 1, 1, NULL), (3, ${at(3)}, 1, 1, 1, 1, 1, NULL)`);
      db.exec(`INSERT INTO gaps VALUES (3, ${at(1)}, ${at(3)}, 'absent in january.csv')`);
    });
    withMigrated(path, (db) => {
      expect(gapsOf(db, findCandleSeries(db, BTC))).toEqual([
        { fromMs: at(1), toMs: at(3), missing: 2, reason: 'unknown', origin: 'january.csv', isOutside: false },
      ]);
    });
  });

  test('candles that were there before have no seals until somebody writes, and read the same', () => {
    const hours = candlesAt(Array.from({ length: 300 }, (_, i) => i));
    const path = versionTwo((db) => {
      const insert = db.prepare('INSERT INTO candles VALUES (3, ?, ?, ?, ?, ?, ?, NULL)');
      for (const { openTimeMs, open, high, low, close, volume } of hours) {
        insert.run(openTimeMs, open, high, low, close, volume);
      }
    });
    withMigrated(path, (db) => {
      const seals = db.prepare('SELECT count(*) FROM blocks').pluck();
      expect(seals.get()).toBe(0);
      expect(loadCandles(db, BTC).close[299]).toBe(400);
      writeCandles(db, BTC, candlesAt([300]), TEST_DELIVERY);
      expect(seals.get()).toBe(Math.floor(at(300) / BLOCK_MS) - Math.floor(at(0) / BLOCK_MS));
    });
  });

  test('a step that fails leaves the file as it was', () => {
    const path = versionTwo((db) => {
      db.exec('CREATE TABLE absences (taken TEXT) STRICT');
    });
    expect(() => openDatabase(path)).toThrow(/absences/);
    const db = new Database(path);
    expect(db.pragma('user_version', { simple: true })).toBe(2);
    expect(db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'candles'").pluck().get()).toMatch(/series \(id\)/);
    db.close();
  });
});

test('the triggers say the length of a block as the code does', () => {
  const db = openDatabase(':memory:');
  const triggers = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[];
  const numbers = triggers.flatMap((sql) => sql.match(/\d{2,}/g) ?? []);
  expect(new Set(numbers)).toEqual(new Set([String(BLOCK_MS)]));
  expect(numbers).toHaveLength(4);
  db.close();
});
