import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCandles, writeCandles } from './candle-store.ts';
import { integrityProblems, openDatabase } from './database.ts';
import { listSeries } from './series-store.ts';
import { candlesAt, TEST_DELIVERY, temporaryFolder } from './testing.ts';
import { spawnModule, spawnWriter } from './testing-processes.ts';

const COINS = ['BTC', 'ETH', 'SOL'];
const ROWS = 60;
const BATCHES = 150;

/**
 * Looks at everything again and again until all is written. A snapshot has whole batches only, of the three coins as
 * many or one more for those that are written first, and never fewer than the one before.
 */
const READER = `
import { loadCandles } from '#market/candle-store.ts';
import { onSnapshot, openDatabase } from '#market/database.ts';
import { summarizeSeries } from '#market/series-summary.ts';
const [path, coins, rows, all] = JSON.parse(process.argv[1]);
const db = openDatabase(path);
let before = 0;
let looks = 0;
console.log('reading');
for (;;) {
  const lengths = onSnapshot(db, () => {
    const summary = new Map(summarizeSeries(db).map((one) => [one.coin, one]));
    return coins.map((coin) => {
      const { close, length } = loadCandles(db, { coin, interval: '1m' });
      const { rows } = summary.get(coin);
      if (rows !== length) throw new Error(coin + ': counted ' + rows + ' of ' + length);
      const bad = close.findIndex((value, i) => value !== 101 + i);
      if (bad !== -1) throw new Error(coin + ': row ' + bad + ' is ' + close[bad]);
      return length;
    });
  });
  const most = Math.max(...lengths);
  const isOrdered = lengths.every((length, i) => i === 0 || length <= lengths[i - 1]);
  if (lengths.some((length) => length % rows !== 0 || most - length > rows) || !isOrdered || most < before) {
    throw new Error('no snapshot: ' + lengths + ' after ' + before);
  }
  before = most;
  looks++;
  if (Math.min(...lengths) === all) break;
}
if (looks < 3) throw new Error('looked only ' + looks + ' times');
db.close();
`;

describe('one writer and many readers', () => {
  test('nobody waits in vain, and everybody sees whole moments', async () => {
    const path = join(temporaryFolder(), 'candor.sqlite');
    const writer = await spawnWriter(path, { coins: COINS, batches: BATCHES, rows: ROWS });
    // All coins have a first batch: what is asked for is there.
    const db = openDatabase(path);
    while (listSeries(db).length < COINS.length) await new Promise((resolve) => setTimeout(resolve, 5));
    const args = [JSON.stringify([path, COINS, ROWS, BATCHES * ROWS])];
    const readers = await Promise.all([1, 2, 3].map(() => spawnModule(READER, args)));
    const ends = await Promise.all([writer, ...readers].map(({ ended }) => ended));
    expect(ends).toEqual(ends.map(() => ({ exitCode: 0, stderr: '' })));
    expect(integrityProblems(db)).toEqual([]);
    db.close();
  });
});

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;

/** A file may not grow beyond this many blocks of 1,024 bytes: what a full disk is to a process. */
const LARGEST_FILE_KB = 600;

const FILLER = `
import { writeCandles } from '#market/candle-store.ts';
import { openDatabase } from '#market/database.ts';
process.on('SIGXFSZ', () => {});
const db = openDatabase(process.argv[1]);
console.log('writing');
const candle = (i) => ({
  openTimeMs: 1_735_689_600_000 + i * 60_000, open: 100 + i, high: 102 + i, low: 99 + i, close: 101 + i, volume: 10 + i,
});
try {
  for (let i = 0; ; i += 500) {
    const candles = Array.from({ length: 500 }, (_, j) => candle(i + j));
    const delivery = { origin: 'a test', clock: { nowMs: () => 0 } };
    writeCandles(db, { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' }, candles, delivery);
    process.stdout.write('.');
  }
} catch (error) {
  console.error(error.name + ': ' + error.message + ' | ' + error.details + ' | ' + error.hint);
  process.exit(3);
}
`;

describe('a disk that fills up', () => {
  test('is named; every batch that was stored is there, and the next run goes on', async () => {
    const path = join(temporaryFolder(), 'candor.sqlite');
    const filler = await spawnModule(FILLER, [path], { largestFileKb: LARGEST_FILE_KB });
    const { exitCode, stderr } = await filler.ended;
    expect(stderr).toMatch(/^DataError: .*candor\.sqlite/);
    expect(stderr).toMatch(/what was stored before is/);
    expect(exitCode).toBe(3);
    const db = openDatabase(path);
    expect(integrityProblems(db)).toEqual([]);
    const { close, length } = loadCandles(db, BTC);
    expect(length).toBeGreaterThan(0);
    expect(length % 500).toBe(0);
    expect([...close]).toEqual(Array.from({ length }, (_, i) => 101 + i));
    const rest = candlesAt(
      Array.from({ length: length + 700 }, (_, i) => i),
      60_000,
    );
    expect(writeCandles(db, BTC, rest, TEST_DELIVERY)).toMatchObject({ added: 700, unchanged: length, revised: 0 });
    db.close();
  });
});
