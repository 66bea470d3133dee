import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CandleColumns } from '../domain/candle.ts';
import { MINUTE_MS } from '../domain/time.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { CandleTable, fiveColumns } from './candle-table.ts';
import { type MarketDatabase, openDatabase } from './database.ts';
import { BLOCK_MS } from './migrations.ts';
import { findCandleSeries } from './series-store.ts';
import { summarizeSeries } from './series-summary.ts';
import { candleAt, candlesAt, NEW_YEAR_MS, TEST_DELIVERY, temporaryFolder } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '5m', kind: 'trade' } as const;
const STEP_MS = 5 * MINUTE_MS;
const BLOCK_ROWS = BLOCK_MS / STEP_MS;
/** The new year is in the middle of a block: these are the rest of it, three whole ones, and some of a fifth. */
const ROWS = 4 * BLOCK_ROWS;
const ALL = candlesAt(
  Array.from({ length: ROWS }, (_, i) => i),
  STEP_MS,
);
const at = (row: number): number => NEW_YEAR_MS + row * STEP_MS;

interface Files {
  readonly path: string;
  /** Where the copies of blocks are. */
  readonly folder: string;
}

function stored(candles = ALL): Files & { readonly db: MarketDatabase } {
  const path = join(temporaryFolder(), 'candor.sqlite');
  const db = openDatabase(path);
  onTestFinished(() => {
    db.close();
  });
  writeCandles(db, BTC, candles, TEST_DELIVERY);
  return { path, folder: join(path, '..', 'columns', 'candor.sqlite'), db };
}

/** What the rows themselves say. */
function rowsOf(db: MarketDatabase): number[][] {
  const { id, firstOpenMs, lastOpenMs } = findCandleSeries(db, BTC);
  const length = (lastOpenMs - firstOpenMs) / STEP_MS + 1;
  const column = (): Float64Array => new Float64Array(length);
  const columns = [column(), column(), column(), column(), column()] as const;
  new CandleTable(db, id, STEP_MS).fill(columns, firstOpenMs);
  return columns.map((values) => [...values]);
}

function valuesOf(columns: CandleColumns): number[][] {
  return fiveColumns(columns).map((values) => [...values]);
}

function seals(db: MarketDatabase): number {
  return db.prepare('SELECT count(*) FROM blocks').pluck().get() as number;
}

describe('the column cache', () => {
  test('has a file for each sealed block, and reads them instead of the rows', () => {
    const { db, folder } = stored();
    expect(seals(db)).toBe(4);
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    expect(readdirSync(folder)).toHaveLength(4);
    const inodes = () => readdirSync(folder).map((name) => statSync(join(folder, name)).ino);
    const before = inodes();
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    expect(inodes()).toEqual(before);
    // The proof that it is read: with the guard taken off, a change of a row is not seen.
    db.exec('DROP TRIGGER candle_changed');
    db.prepare('UPDATE candles SET c = 7 WHERE t = ?').run(at(BLOCK_ROWS));
    expect(loadCandles(db, BTC).close[BLOCK_ROWS]).toBe(101 + BLOCK_ROWS);
  });

  test('any range has the rows of that range', () => {
    const { db } = stored(ALL.filter((_, i) => i % 100 !== 3));
    const whole = rowsOf(db);
    for (const [from, to] of [
      [0, ROWS],
      [1, ROWS - 1],
      [BLOCK_ROWS / 2, BLOCK_ROWS * 2.5],
      [700, 700 + BLOCK_ROWS],
      [2_000, 2_100],
    ] as const) {
      const columns = loadCandles(db, { ...BTC, fromMs: at(from), toMs: at(to) });
      expect(valuesOf(columns)).toEqual(whole.map((values) => values.slice(from, to)));
      expect(columns.open.buffer).toBeInstanceOf(SharedArrayBuffer);
    }
  });

  test('first-seen values lie over what is in it', () => {
    const { db } = stored();
    const row = BLOCK_ROWS + 5;
    loadCandles(db, BTC);
    writeCandles(db, BTC, [candleAt(row, 7, STEP_MS)], TEST_DELIVERY);
    for (let i = 0; i < 2; i++) {
      expect(loadCandles(db, BTC).open[row]).toBe(7);
      expect(loadCandles(db, { ...BTC, asSeen: true }).open[row]).toBe(100 + row);
    }
  });

  test('files of blocks that have changed are removed, and what a killed process left', () => {
    const { db, folder } = stored();
    loadCandles(db, BTC);
    const before = readdirSync(folder);
    writeFileSync(join(folder, `${before[0]}.123-0`), 'half');
    writeCandles(db, BTC, [candleAt(BLOCK_ROWS + 5, 7, STEP_MS)], TEST_DELIVERY);
    expect(seals(db)).toBe(4);
    loadCandles(db, BTC);
    const after = readdirSync(folder);
    expect(after).toHaveLength(4);
    expect(after.filter((name) => before.includes(name))).toHaveLength(3);
  });
});

describe('a bad file', () => {
  const damages: [string, (file: string, other: string) => void][] = [
    ['that is empty', (file) => writeFileSync(file, '')],
    ['that was cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, 30_000))],
    ['with a flipped bit in a price', (file) => flip(file, 20_000)],
    ['with a flipped bit in its last byte', (file) => flip(file, statSync(file).size - 1)],
    ['with a flipped bit in its checksum', (file) => flip(file, 9)],
    ['that is another block', (file, other) => cpSync(other, file)],
    ['of another program', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size, 'x'))],
    [
      'that is a folder',
      (file) => {
        renameSync(file, `${file}.away`);
        mkdirSync(file);
      },
    ],
  ];

  function flip(file: string, offset: number): void {
    const bytes = readFileSync(file);
    bytes[offset] = (bytes[offset] as number) ^ 1;
    writeFileSync(file, bytes);
  }

  test.each(damages)('%s is found, and made anew where it can be', (_, damage) => {
    const { db, folder } = stored();
    loadCandles(db, BTC);
    const names = readdirSync(folder);
    const good = new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
    const [file, other] = names.map((name) => join(folder, name)) as [string, string];
    damage(file, other);
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    if (statSync(file).isDirectory()) return;
    for (const [name, bytes] of good) expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
  });

  test('is found although the file was found right before', () => {
    const { db, folder } = stored();
    loadCandles(db, BTC);
    const [name] = readdirSync(folder);
    const file = join(folder, name as string);
    const marked = (): boolean => statSync(file).mtimeMs < Date.UTC(2004, 1);
    loadCandles(db, BTC);
    // What has only just been written may not be on the disk yet.
    expect(marked()).toBe(false);
    utimesSync(file, NEW_YEAR_MS / 1_000, NEW_YEAR_MS / 1_000);
    loadCandles(db, BTC);
    expect(marked()).toBe(true);
    // The proof that a marked file is not added up: somebody who gives it its mark back is believed.
    const { mtimeMs } = statSync(file);
    const good = readFileSync(file);
    flip(file, 20_000);
    utimesSync(file, mtimeMs / 1_000, mtimeMs / 1_000);
    expect(valuesOf(loadCandles(db, BTC))).not.toEqual(rowsOf(db));
    flip(file, 20_000);
    flip(file, 20_000);
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    expect(readFileSync(file).equals(good)).toBe(true);
    expect(marked()).toBe(false);
  });

  test('of a seal that is wrong is never written', () => {
    const { db, folder } = stored();
    db.exec("UPDATE blocks SET fingerprint = replace(hex(zeroblob(32)), '00', 'ab')");
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    expect(existsSync(folder)).toBe(false);
  });

  test('a folder that may not be written to, or is a file, makes nothing wrong', () => {
    const { db, path } = stored();
    writeFileSync(join(path, '..', 'columns'), 'in the way');
    expect(valuesOf(loadCandles(db, BTC))).toEqual(rowsOf(db));
    const sealed = stored();
    mkdirSync(sealed.folder, { recursive: true });
    chmodSync(sealed.folder, 0o555);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(valuesOf(loadCandles(sealed.db, BTC))).toEqual(rowsOf(sealed.db));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    expect(readdirSync(sealed.folder)).toEqual([]);
  });
});

describe('whoever writes, and however', () => {
  const row = fc.nat(ROWS + 300);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('insert' as const), row, value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('replace' as const), row, value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('upsert' as const), row, value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('update' as const), row, value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('move' as const), row, value: row }),
    fc.record({ kind: fc.constant('delete' as const), row, value: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ kind: fc.constant('deliver' as const), row, value: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant('load' as const), row, value: fc.constant(0) }),
  );

  const VALUES = '(series, t, o, h, l, c, v, n) VALUES (1, :t, :value, :value, :value, :value, :value, NULL)';
  const STATEMENTS = {
    insert: `INSERT OR IGNORE INTO candles ${VALUES}`,
    replace: `INSERT OR REPLACE INTO candles ${VALUES}`,
    upsert: `INSERT INTO candles ${VALUES} ON CONFLICT DO UPDATE SET c = excluded.c, v = 0`,
    update: 'UPDATE candles SET c = :value WHERE t = :t',
    move: 'UPDATE OR IGNORE candles SET t = :value WHERE t = :t',
    delete: 'DELETE FROM candles WHERE t >= :t AND t < :value',
  };

  test('what is loaded is what is stored, and what is counted too', () => {
    const master = stored();
    loadCandles(master.db, BTC);
    master.db.close();
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 12 }), (steps) => {
        const folder = temporaryFolder();
        cpSync(join(master.path, '..'), folder, { recursive: true });
        const path = join(folder, 'candor.sqlite');
        const ours = openDatabase(path);
        // Another program's connection, like that of the sqlite3 shell, with its own settings.
        const other = new Database(path);
        for (const [{ kind, row: index, value }, isOurs] of steps) {
          if (kind === 'deliver') writeCandles(ours, BTC, [candleAt(index, value, STEP_MS)], TEST_DELIVERY);
          else if (kind === 'load') loadCandles(ours, BTC);
          else {
            const asTime = kind === 'move' ? at(value) : kind === 'delete' ? at(index + value) : value;
            (isOurs ? ours : other).prepare(STATEMENTS[kind]).run({ t: at(index), value: asTime });
          }
        }
        for (const db of [ours, openDatabase(path)]) {
          const expected = rowsOf(db);
          expect(valuesOf(loadCandles(db, BTC))).toEqual(expected);
          const close = expected[3] as number[];
          const rows = close.filter((price) => !Number.isNaN(price)).length;
          const silent = (expected[4] as number[]).filter((volume) => volume === 0).length;
          expect(summarizeSeries(db)).toMatchObject([
            { rows, missing: close.length - rows, zeroVolumeFraction: silent / rows },
          ]);
          db.close();
        }
        other.close();
      }),
      { numRuns: 40 },
    );
  });
});
