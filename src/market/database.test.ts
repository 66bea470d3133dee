import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../domain/errors.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { inTransaction, integrityProblems, openDatabase } from './database.ts';
import { MIGRATIONS } from './migrations.ts';
import { listSeries } from './series-store.ts';
import { candlesAt, TEST_DELIVERY, temporaryFolder } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;

function errorOf(work: () => unknown): DataError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}

/** Two hours of Bitcoin in a file and a folder with these permissions. */
function sealedDatabase(fileMode: number, folderMode: number): [folder: string, path: string] {
  const folder = temporaryFolder();
  const path = join(folder, 'candor.sqlite');
  const db = openDatabase(path);
  writeCandles(db, BTC, candlesAt([0, 1]), TEST_DELIVERY);
  db.close();
  chmodSync(path, fileMode);
  chmodSync(folder, folderMode);
  return [folder, path];
}

/** Permissions do not bind the superuser, who becomes somebody else for as long as the body runs. */
function asSomebodyElse(body: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    body();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('opening', () => {
  test('creates folders and file, and finds everything again', () => {
    const path = join(temporaryFolder(), 'a/b/candor.sqlite');
    const first = openDatabase(path);
    writeCandles(first, BTC, candlesAt([0, 1]), TEST_DELIVERY);
    first.close();
    const second = openDatabase(path);
    expect(listSeries(second)).toMatchObject([{ ...BTC, lastOpenMs: candlesAt([1])[0]?.openTimeMs }]);
    expect(second.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(second.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(integrityProblems(second)).toEqual([]);
    second.close();
  });

  test('every table is STRICT and refuses a text for a price', () => {
    const db = openDatabase(':memory:');
    const tables = db.pragma('table_list') as { name: string; schema: string; strict: number }[];
    const loose = tables.filter((table) => !table.name.startsWith('sqlite_') && table.strict === 0);
    expect(loose).toEqual([]);
    db.exec("INSERT INTO series (source, coin, interval, kind) VALUES ('x', 'BTC', '1h', 'trade')");
    expect(() => db.exec("INSERT INTO candles VALUES (1, 0, 'dear', 1, 1, 1, 1, NULL)")).toThrow(/REAL/);
    db.close();
  });

  test('a file of a newer version is refused and stays as it is', () => {
    const path = join(temporaryFolder(), 'candor.sqlite');
    const db = openDatabase(path);
    db.pragma('user_version = 99');
    db.pragma('journal_mode = DELETE');
    db.close();
    const before = readFileSync(path);
    const error = errorOf(() => openDatabase(path));
    expect(error.message).toMatch(/written by a newer Candor/);
    expect(error.hint).toMatch(/Update Candor/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("another program's database is refused and stays as it is", () => {
    const path = join(temporaryFolder(), 'bookmarks.sqlite');
    const other = new Database(path);
    other.exec('CREATE TABLE bookmarks (url TEXT)');
    other.close();
    const before = readFileSync(path);
    expect(errorOf(() => openDatabase(path)).message).toMatch(/database of another program/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('a file that is no database is refused and stays as it is', () => {
    const path = join(temporaryFolder(), 'notes.txt');
    writeFileSync(path, 'Dear diary, '.repeat(1_000));
    const error = errorOf(() => openDatabase(path));
    expect(error.message).toMatch(/is not a database/);
    expect(readFileSync(path, 'utf8')).toMatch(/^Dear diary/);
  });

  test('a folder, or a path through a file, cannot be opened', () => {
    const folder = temporaryFolder();
    expect(() => openDatabase(folder)).toThrow(UsageError);
    expect(() => openDatabase(folder)).toThrow(`${folder} is a directory, not a database`);
    writeFileSync(join(folder, 'file'), '');
    expect(errorOf(() => openDatabase(join(folder, 'file/candor.sqlite'))).message).toMatch(/cannot be opened/);
  });

  test('a folder that may not be written to is said to be so', () => {
    const folder = join(temporaryFolder(), 'sealed');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    asSomebodyElse(() => {
      const error = errorOf(() => openDatabase(join(folder, 'candor.sqlite')));
      expect(error.message).toMatch(/cannot be opened/);
      expect(error.hint).toMatch(/write to its directory/);
    });
  });

  test.each([
    ['the file', 0o444, 0o755],
    ['the folder', 0o644, 0o555],
    ['both', 0o444, 0o555],
  ])('can be read where %s may not be written to, and not be changed', (_, fileMode, folderMode) => {
    const [folder, path] = sealedDatabase(fileMode, folderMode);
    asSomebodyElse(() => {
      const error = errorOf(() => openDatabase(path));
      expect(error.message).toBe(`${path} cannot be opened`);
      const db = openDatabase(path, { readonly: true });
      expect(listSeries(db)).toMatchObject([BTC]);
      expect(loadCandles(db, BTC).length).toBe(2);
      expect(integrityProblems(db)).toEqual([]);
      expect(() => writeCandles(db, BTC, candlesAt([7]), TEST_DELIVERY)).toThrow(DataError);
      db.close();
    });
    expect(readdirSync(folder)).toEqual(['candor.sqlite']);
  });

  test('can be read where it may not be written to while its owner is at work', () => {
    const [folder, path] = sealedDatabase(0o644, 0o755);
    const owner = openDatabase(path);
    writeCandles(owner, BTC, candlesAt([2, 3]), TEST_DELIVERY);
    chmodSync(folder, 0o555);
    asSomebodyElse(() => {
      const db = openDatabase(path, { readonly: true });
      expect(loadCandles(db, BTC).length).toBe(4);
      db.close();
    });
    owner.close();
  });

  test('a file that may not be read is said to be so', () => {
    const [, path] = sealedDatabase(0o600, 0o755);
    asSomebodyElse(() => {
      const error = errorOf(() => openDatabase(path, { readonly: true }));
      expect(error.message).toBe(`${path} cannot be opened`);
      expect(error.hint).toMatch(/this user may read it/);
    });
  });

  test('a damaged file is named as damaged', () => {
    const path = join(temporaryFolder(), 'candor.sqlite');
    const db = openDatabase(path);
    writeCandles(db, BTC, candlesAt(Array.from({ length: 5_000 }, (_, i) => i)), TEST_DELIVERY);
    db.close();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 8_192);
    writeFileSync(path, bytes);
    const work = (): unknown => {
      const damaged = openDatabase(path);
      try {
        return inTransaction(damaged, () => damaged.prepare('SELECT count(*), sum(v) FROM candles').all());
      } finally {
        damaged.close();
      }
    };
    expect(errorOf(work).message).toMatch(/is damaged/);
  });
});

describe('writing', () => {
  test('a lock that another holds is waited for, then named; nothing is lost', () => {
    const path = join(temporaryFolder(), 'candor.sqlite');
    const db = openDatabase(path, { busyTimeoutMs: 50 });
    const other = new Database(path);
    other.exec('BEGIN IMMEDIATE');
    const error = errorOf(() => writeCandles(db, BTC, candlesAt([0]), TEST_DELIVERY));
    expect(error.message).toMatch(/locked by another process/);
    expect(error.hint).toMatch(/run the command again/);
    other.exec('ROLLBACK');
    expect(writeCandles(db, BTC, candlesAt([0]), TEST_DELIVERY).added).toBe(1);
    other.close();
    db.close();
  });

  test('a full disk is named; what was stored before stays, and the rest goes in when there is room', () => {
    const db = openDatabase(join(temporaryFolder(), 'candor.sqlite'));
    writeCandles(db, BTC, candlesAt([0, 1, 2]), TEST_DELIVERY);
    // SQLite answers with the same error when the file may not grow as when the disk is full.
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages + 2}`);
    const many = candlesAt(Array.from({ length: 5_000 }, (_, i) => i));
    const error = errorOf(() => writeCandles(db, BTC, many, TEST_DELIVERY));
    expect(error.message).toMatch(/no space left/);
    expect(error.hint).toMatch(/what was stored before is all there/);
    expect(db.prepare('SELECT count(*) FROM candles').pluck().get()).toBe(3);
    expect(integrityProblems(db)).toEqual([]);
    db.pragma('max_page_count = 1000000');
    expect(writeCandles(db, BTC, many, TEST_DELIVERY)).toMatchObject({ added: 4_997, unchanged: 3 });
    db.close();
  });

  test('an error inside a transaction takes back all of it, and is passed on', () => {
    const db = openDatabase(':memory:');
    const work = (): never => {
      db.exec("INSERT INTO series (source, coin, interval, kind) VALUES ('x', 'BTC', '1h', 'trade')");
      throw new RangeError('own goal');
    };
    expect(() => inTransaction(db, work)).toThrow(new RangeError('own goal'));
    expect(db.prepare('SELECT count(*) FROM series').pluck().get()).toBe(0);
    db.close();
  });
});
