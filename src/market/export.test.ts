import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClosedCandle, impossibilityOf } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import type { MarketDatabase } from './database.ts';
import { exportFile, exportText } from './export.ts';
import { shortestDecimal } from './export-format.ts';
import { fingerprintOf } from './fingerprint.ts';
import { loadFunding, writeFunding } from './funding-store.ts';
import { importFile } from './import.ts';
import { candleAt, candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY, temporaryFolder } from './testing.ts';

const BTC = { source: 'mine', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const EXTENSIONS = ['csv', 'csv.gz', 'parquet', 'json', 'json.gz'];

function databaseOf(candles: readonly ClosedCandle[]): MarketDatabase {
  const db = memoryDatabase();
  writeCandles(db, BTC, candles, TEST_DELIVERY);
  return db;
}

async function textOf(db: MarketDatabase, request: Partial<Parameters<typeof exportText>[1]> = {}): Promise<string> {
  let text = '';
  await exportText(db, { ...BTC, ...request }, (part) => {
    text += part;
  });
  return text;
}

const price = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
const candle = fc.record({
  skip: fc.integer({ min: 1, max: 3 }),
  prices: fc.tuple(price, price, price, price),
  volume: fc.double({ min: 0, max: 1e12, noNaN: true }),
  trades: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
});

describe('what was exported and imported again is the same', () => {
  test.each(EXTENSIONS)('as .%s, to the last bit, with its gaps and counts of trades', async (extension) => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(candle, { minLength: 1, maxLength: 30 }), async (drawn) => {
        let openTimeMs = NEW_YEAR_MS;
        const candles = drawn.map(({ skip, prices, volume, trades }, i): ClosedCandle => {
          // Where most rows are further apart than the interval, an import takes it for a wrong one.
          openTimeMs += (i % 3 === 0 ? skip : 1) * HOUR_MS;
          const [low, open, close, high] = prices.toSorted((a, b) => a - b) as [number, number, number, number];
          const known = { openTimeMs: epochMs(openTimeMs), open, high, low, close, volume };
          return trades === undefined ? known : { ...known, trades };
        });
        expect(candles.filter((one) => impossibilityOf(one) !== undefined)).toEqual([]);
        const [from, to] = [databaseOf(candles), memoryDatabase()];
        const path = join(folder, `mine_BTC_1h.${extension}`);
        const exported = await exportFile(from, path, BTC, { force: true });
        const imported = await importFile(to, path);
        expect(imported).toMatchObject({ rows: exported.rows, added: candles.length, firstMs: exported.firstMs });
        const printOf = (db: MarketDatabase): string => fingerprintOf({ candles: [loadCandles(db, BTC)], funding: [] });
        expect(printOf(to)).toBe(printOf(from));
        const tradesOf = (db: MarketDatabase): unknown[] =>
          db.prepare('SELECT n FROM candles ORDER BY t').pluck().all();
        // The shape of the exchange cannot say that nobody counted the trades of a candle without volume.
        const cannotSay = candles.some(({ volume, trades }) => volume === 0 && trades === undefined);
        if (!(extension.startsWith('json') && cannotSay)) expect(tradesOf(to)).toEqual(tradesOf(from));
      }),
      { numRuns: 20 },
    );
  });

  test.each(EXTENSIONS)('funding as .%s', async (extension) => {
    const [from, to] = [memoryDatabase(), memoryDatabase()];
    const rates = [0.0000125, -0.0002, 1e-9];
    const rows = rates.map((rate, i) => ({ timeMs: epochMs(NEW_YEAR_MS + i * HOUR_MS), rate }));
    writeFunding(from, { source: 'mine', coin: 'BTC' }, rows, TEST_DELIVERY);
    const path = join(temporaryFolder(), `mine_BTC_funding.${extension}`);
    await exportFile(from, path, { coin: 'BTC', kind: 'funding' });
    expect(await importFile(to, path)).toMatchObject({ kind: 'funding', source: 'mine', added: 3 });
    expect(loadFunding(to, 'BTC')).toEqual(loadFunding(from, 'BTC'));
  });

  test('more rows than a page, in every format', async () => {
    const from = databaseOf(
      Array.from({ length: 60_000 }, (_, i) => ({ ...candleAt(i - 70_000, 100 + (i % 97) / 7), volume: i })),
    );
    const print = fingerprintOf({ candles: [loadCandles(from, BTC)], funding: [] });
    for (const extension of ['csv.gz', 'parquet', 'json.gz']) {
      const path = join(temporaryFolder(), `mine_BTC_1h.${extension}`);
      expect(await exportFile(from, path, BTC)).toMatchObject({ rows: 60_000, gaps: 0 });
      const to = memoryDatabase();
      await importFile(to, path);
      expect(fingerprintOf({ candles: [loadCandles(to, BTC)], funding: [] })).toBe(print);
    }
  });

  test('candles of the mark price stay what they are', async () => {
    const [from, to] = [memoryDatabase(), memoryDatabase()];
    writeCandles(from, { ...BTC, kind: 'mark' }, candlesAt([0, 1]), TEST_DELIVERY);
    const path = join(temporaryFolder(), 'mine_BTC_1h-mark.json');
    await exportFile(from, path, { ...BTC, kind: 'mark' });
    expect(await importFile(to, path)).toMatchObject({ series: 'mark', added: 2 });
  });
});

describe('what is exported', () => {
  test('a stretch: opens from, closes to; its gaps are counted', async () => {
    const db = databaseOf(candlesAt([0, 1, 2, 5, 6, 7]));
    const stretch = { fromMs: NEW_YEAR_MS + HOUR_MS, toMs: NEW_YEAR_MS + 7 * HOUR_MS };
    const path = join(temporaryFolder(), 'mine_BTC_1h.csv');
    expect(await exportFile(db, path, { ...BTC, ...stretch })).toEqual({
      ...BTC,
      rows: 4,
      firstMs: NEW_YEAR_MS + HOUR_MS,
      lastMs: NEW_YEAR_MS + 6 * HOUR_MS,
      gaps: 1,
      missing: 2,
    });
    expect(readFileSync(path, 'utf8').split('\n').slice(0, 2)).toEqual([
      't,o,h,l,c,v',
      '1735693200000,101,103,100,102,11',
    ]);
  });

  test('the values first seen, where they are asked for', async () => {
    const db = databaseOf(candlesAt([0, 1]));
    writeCandles(db, BTC, [candleAt(1, 500)], TEST_DELIVERY);
    expect(await textOf(db)).toContain('1735693200000,500,502,499,501,11\n');
    expect(await textOf(db, { asSeen: true })).toContain('1735693200000,101,103,100,102,11\n');
  });

  test('JSON has the shape of the exchange', async () => {
    const path = join(temporaryFolder(), 'x.json.gz');
    const exported = await exportFile(databaseOf([{ ...candleAt(0), trades: 7 }]), path, BTC);
    expect(exported.betterName).toBe('mine_BTC_1h.json.gz');
    expect(JSON.parse(gunzipSync(readFileSync(path)).toString())).toEqual([
      {
        t: NEW_YEAR_MS,
        T: NEW_YEAR_MS + HOUR_MS - 1,
        s: 'BTC',
        i: '1h',
        o: '100',
        c: '101',
        h: '102',
        l: '99',
        v: '10',
        n: 7,
      },
    ]);
  });

  test('numbers have no exponent, and read back as they were', () => {
    expect([1e-7, -1.25e-9, 93576, 0.1, 1e21, 1.5e22].map(shortestDecimal)).toEqual([
      '0.0000001',
      '-0.00000000125',
      '93576',
      '0.1',
      '1000000000000000000000',
      '15000000000000000000000',
    ]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(shortestDecimal(value)).not.toContain('e');
        expect(Number(shortestDecimal(value)) + 0).toBe(value + 0);
      }),
    );
  });
});

describe('an export that cannot be', () => {
  test.each<[what: string, file: string, request: object, says: RegExp]>([
    ['no format', 'btc.xlsx', {}, /'btc.xlsx' does not say in which format/],
    ['a folder that is not there', 'none/btc.csv', {}, /there is no directory/],
    ['a directory', '.', {}, /is a directory/],
    ['an unknown coin', 'x.csv', { coin: 'BTX' }, /no candles of 'BTX' are stored/],
    ['another interval', 'x.csv', { interval: '4h' }, /no 4h candles of BTC are stored/],
    ['no interval', 'x.csv', { interval: undefined }, /which interval/],
    ['no funding', 'x.csv', { kind: 'funding' }, /no funding of 'BTC' is stored/],
    [
      'an empty stretch',
      'x.csv',
      { fromMs: NEW_YEAR_MS + 99 * HOUR_MS },
      /nothing is stored of 1h candles of BTC from 2025/,
    ],
  ])('%s', async (_, file, request, says) => {
    const folder = temporaryFolder();
    await expect(exportFile(databaseOf(candlesAt([0, 1])), join(folder, file), { ...BTC, ...request })).rejects.toThrow(
      says,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a file that is there stays, unless it is to be replaced', async () => {
    const path = join(temporaryFolder(), 'mine_BTC_1h.csv');
    writeFileSync(path, 'mine');
    const db = databaseOf(candlesAt([0]));
    await expect(exportFile(db, path, BTC)).rejects.toThrow(/is there already/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
    await exportFile(db, path, BTC, { force: true });
    expect(readFileSync(path, 'utf8')).toMatch(/^t,o,h/);
  });

  test('Ctrl-C leaves neither the file nor a part of it, and the database free', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'mine_BTC_1h.csv');
    const db = databaseOf(candlesAt([0, 1]));
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(exportFile(db, path, BTC, { signal })).rejects.toThrow('Ctrl-C');
    expect(readdirSync(folder)).toEqual([]);
    await exportFile(db, path, BTC);
    expect(existsSync(path)).toBe(true);
  });
});
