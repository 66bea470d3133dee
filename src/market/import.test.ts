import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClosedCandle } from '../domain/candle.ts';
import { fixedClock } from '../domain/clock.ts';
import { HOUR_MS } from '../domain/time.ts';
import { loadCandles } from './candle-store.ts';
import { loadFunding } from './funding-store.ts';
import { importFile } from './import.ts';
import { listSeries } from './series-store.ts';
import {
  candleCsv,
  candlesAt,
  csvRow,
  memoryDatabase,
  NEW_YEAR_MS,
  refusalOf,
  refusalOfPath,
  temporaryFile,
  temporaryFolder,
} from './testing.ts';

const at = (index: number): number => NEW_YEAR_MS + index * HOUR_MS;

/** Ten hours of candles with one of them changed. */
function csvWith(index: number, change: Partial<Record<keyof ClosedCandle, number>>): string {
  const candles = candlesAt([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  return candleCsv(candles.map((candle, i) => (i === index ? ({ ...candle, ...change } as ClosedCandle) : candle)));
}

describe('importing CSV', () => {
  test('the name says source, coin and interval; the result counts', async () => {
    const db = memoryDatabase();
    const path = temporaryFile('hyperliquid_BTC_1h.csv.gz', candleCsv(candlesAt([0, 1, 3])));
    expect(await importFile(db, path)).toEqual({
      kind: 'candles',
      file: 'hyperliquid_BTC_1h.csv.gz',
      source: 'hyperliquid',
      coin: 'BTC',
      interval: '1h',
      rows: 3,
      added: 3,
      unchanged: 0,
      revised: 0,
      gaps: [{ fromMs: at(2), toMs: at(3), missing: 1 }],
      firstMs: at(0),
      lastMs: at(3),
      series: 'trade',
      reading: {
        format: 'CSV',
        columns: { time: 't', open: 'o', high: 'h', low: 'l', close: 'c', volume: 'v' },
        ignored: [],
        times: 'UTC milliseconds',
        order: 'oldest first',
        notes: [],
        first: '2025-01-01T00:00Z  o 100  h 102  l 99  c 101  v 10',
        last: '2025-01-01T03:00Z  o 103  h 105  l 102  c 104  v 13',
      },
    });
    expect(await importFile(db, path)).toMatchObject({ added: 0, unchanged: 3, revised: 0 });
    expect([...loadCandles(db, { coin: 'BTC', interval: '1h' }).close]).toEqual([101, 102, Number.NaN, 104]);
  });

  test('options say what the name does not, and may repeat it', async () => {
    const db = memoryDatabase();
    const csv = candleCsv(candlesAt([0, 1, 2]));
    await importFile(db, temporaryFile('x.csv', csv), { coin: 'kPEPE', interval: '1h', source: 'mine' });
    await importFile(db, temporaryFile('binance-spot_ETH_1h_jan.csv', csv), { coin: 'ETH' });
    expect(listSeries(db)).toMatchObject([
      { source: 'binance-spot', coin: 'ETH', interval: '1h' },
      { source: 'mine', coin: 'kPEPE', interval: '1h' },
    ]);
  });

  test('columns are found by name, in any order, beside others; a BOM and CRLF do not matter', async () => {
    const db = memoryDatabase();
    const csv = `\uFEFFv,n,c,l,h,o,t\r\n10,3,101,99,102,100,${at(0)}\r\n`;
    await importFile(db, temporaryFile('hyperliquid_BTC_1h.csv', csv));
    const { open, high, low, close, volume } = loadCandles(db, { coin: 'BTC', interval: '1h' });
    expect([open[0], high[0], low[0], close[0], volume[0]]).toEqual([100, 102, 99, 101, 10]);
  });

  test('a dry run says what would happen and keeps nothing', async () => {
    const db = memoryDatabase();
    const path = temporaryFile('hyperliquid_BTC_1h.csv', candleCsv(candlesAt([0, 1, 2])));
    expect(await importFile(db, path, { dryRun: true })).toMatchObject({ rows: 3, added: 3 });
    expect(listSeries(db)).toEqual([]);
  });

  test('Ctrl-C before the write leaves nothing behind', async () => {
    const controller = new AbortController();
    controller.abort(new Error('Ctrl-C'));
    const db = memoryDatabase();
    const path = temporaryFile('hyperliquid_BTC_1h.csv', candleCsv(candlesAt([0, 1, 2])));
    await expect(importFile(db, path, { signal: controller.signal })).rejects.toThrow('Ctrl-C');
    expect(listSeries(db)).toEqual([]);
  });

  test('funding is stored under its full hour, whatever second the venue stamps', async () => {
    const db = memoryDatabase();
    const csv = `t,rate\n${at(0) + 48},0.0000125\n${at(1) + 1_433_040},-0.0002\n`;
    const path = temporaryFile('hyperliquid_BTC_funding.csv.gz', csv);
    expect(await importFile(db, path)).toMatchObject({ kind: 'funding', coin: 'BTC', rows: 2, added: 2 });
    expect(await importFile(db, path)).toMatchObject({ added: 0, unchanged: 2 });
    const { timesMs, rates } = loadFunding(db, 'BTC');
    expect([...timesMs]).toEqual([at(0), at(1)]);
    expect([...rates]).toEqual([0.0000125, -0.0002]);
  });
});

describe('bad files are refused whole, with file, line and cause', () => {
  const NAME = 'hyperliquid_BTC_1h.csv';
  const cases: readonly {
    readonly what: string;
    readonly csv: string;
    readonly says: RegExp;
    readonly detail: RegExp;
  }[] = [
    {
      what: 'high below close',
      csv: csvWith(4, { high: 104 }),
      says: /1 of 10 lines are bad/,
      detail: /^line 6: high below/,
    },
    { what: 'low above open', csv: csvWith(4, { low: 104.5 }), says: /1 of 10/, detail: /^line 6: low above/ },
    { what: 'a price of zero', csv: csvWith(0, { low: 0 }), says: /1 of 10/, detail: /^line 2: price not above zero/ },
    {
      what: 'a negative volume',
      csv: csvWith(9, { volume: -1 }),
      says: /1 of 10/,
      detail: /^line 11: negative volume/,
    },
    {
      what: 'NaN',
      csv: csvWith(3, { close: Number.NaN }),
      says: /1 of 10/,
      detail: /^line 5: not a number: c is 'NaN'/,
    },
    { what: 'an empty field', csv: `${candleCsv([])}1735689600000,1,,1,1,1\n`, says: /1 of 1/, detail: /h is ''/ },
    {
      what: 'a hexadecimal number',
      csv: `${candleCsv([])}1735689600000,0x10,1,1,1,1\n`,
      says: /1 of 1/,
      detail: /0x10/,
    },
    {
      what: 'a short row',
      csv: `${csvWith(0, {})}1735725600000,1,2\n`,
      says: /1 of 11/,
      detail: /^line 12: wrong number of fields: 3/,
    },
    {
      what: 'a time off the grid',
      csv: csvWith(2, { openTimeMs: at(2) + 1_000 }),
      says: /1 of 10/,
      detail: /^line 4: time off the grid: 2025-01-01T02:00:01Z/,
    },
    {
      what: 'a duplicate',
      csv: csvWith(2, { openTimeMs: at(1) }),
      says: /1 of 10/,
      detail: /^line 4: time seen before: 2025-01-01T01:00Z/,
    },
    {
      what: 'a time out of order',
      csv: csvWith(5, { openTimeMs: at(-5) }),
      says: /1 of 10/,
      detail: /^line 7: time before the line above: 2024-12-31T19:00Z after/,
    },
    { what: 'no header', csv: '1735689600000,1,1,1,1,1\n', says: /line 1 is not a header/, detail: /^line 1: 17356/ },
    {
      what: 'a missing column',
      csv: 't,o,h,l,c\n1735689600000,1,1,1,1\n',
      says: /no column is recognised as volume/,
      detail: /^line 1: t,o,h,l,c$/,
    },
    {
      what: 'an unclosed quote',
      csv: 't,o,h,l,c,v\n"1735689600000,1,1,1,1,1\n',
      says: /line \d is not CSV/,
      detail: /[Qq]uot/,
    },
  ];

  test.each(cases)('$what', async ({ csv, says, detail }) => {
    const error = await refusalOf(NAME, csv);
    expect(error.name).toBe('DataError');
    expect(error.message).toMatch(/^hyperliquid_BTC_1h\.csv: /);
    expect(error.message).toMatch(says);
    expect(error.details.join('\n')).toMatch(detail);
    expect(error.hint).toBeTruthy();
  });

  test('all bad lines are counted by kind, the first of each is named', async () => {
    const candles = candlesAt([0, 1, 2, 3, 4, 5]);
    const bad = candles.map((candle, i) =>
      i > 2 ? { ...candle, volume: -1 } : i === 1 ? { ...candle, low: 500 } : candle,
    );
    const error = await refusalOf(NAME, candleCsv(bad));
    expect(error.message).toBe(`${NAME}: 4 of 6 lines are bad; nothing was imported`);
    expect(error.details).toHaveLength(2);
    expect(error.details[0]).toMatch(/^line 3: low above open or close: 2025-01-01T01:00Z o 101 /);
    expect(error.details[1]).toMatch(/^line 5: negative volume: .* \(the first of 3 such lines\)$/);
  });

  test('files joined out of order are no file with the newest first', async () => {
    const error = await refusalOf(NAME, candleCsv(candlesAt([4, 5, 6, 7, 0, 1, 2, 3])));
    expect(error.message).toMatch(/4 of 8 lines are bad/);
    expect(error.details[0]).toMatch(/^line 6: time before the line above: 2025-01-01T00:00Z after 2025-01-01T07:00Z/);
    expect(error.hint).toMatch(/Sort the rows by t/);
    const newestFirst = await refusalOf(NAME, candleCsv(candlesAt([7, 6, 5, 4, 4, 3, 2]) as ClosedCandle[]));
    expect(newestFirst.details).toEqual(['line 5: time seen before: 2025-01-01T04:00Z']);
  });

  test('an empty file, a file without rows, no file', async () => {
    expect((await refusalOf(NAME, '')).message).toMatch(/is empty/);
    expect((await refusalOf(NAME, 't,o,h,l,c,v\n')).message).toMatch(/has no rows/);
    expect((await refusalOfPath(join(temporaryFolder(), 'hyperliquid_BTC_1h.csv'))).message).toMatch(
      /there is no such file/,
    );
    expect((await refusalOfPath(temporaryFolder())).message).toMatch(/cannot be read: it is a directory/);
  });

  test('a truncated gzip file and one with broken bytes', async () => {
    const path = temporaryFile('hyperliquid_BTC_1h.csv.gz', csvWith(0, {}).repeat(50));
    truncateSync(path, 120);
    expect((await refusalOfPath(path)).message).toMatch(/is a truncated gzip file/);
    const noise = temporaryFile('hyperliquid_BTC_1h.csv', '\u001f');
    writeFileSync(noise, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
    expect((await refusalOfPath(noise)).message).toMatch(/is a (broken|truncated) gzip file/);
  });

  test('unreadable lines and impossible candles are counted together, the first of each named', async () => {
    const rows = candlesAt([0, 1, 2]).map((candle) => csvRow(candle).split(','));
    const spoilt = [
      [0, 3, '500'],
      [1, 4, 'NaN'],
      [2, 5, '-1'],
    ] as const;
    for (const [row, column, value] of spoilt) (rows[row] as string[])[column] = value;
    const error = await refusalOf(NAME, `t,o,h,l,c,v\n${rows.map((row) => row.join(',')).join('\n')}\n`);
    expect(error.message).toBe(`${NAME}: 3 of 3 lines are bad; nothing was imported`);
    expect(error.details.map((detail) => detail.split(': ').slice(0, 2).join(': '))).toEqual([
      'line 2: low above open or close',
      'line 3: not a number',
      'line 4: negative volume',
    ]);
    const funding = await refusalOf('hyperliquid_BTC_funding.csv', `t,rate\n${at(0)},0.5\n${at(1)},x\n`);
    expect(funding.message).toMatch(/2 of 2 lines are bad/);
  });

  test('an interval that the spacing contradicts is named with the likely one, both ways', async () => {
    const hourly = candleCsv(candlesAt([0, 1, 2, 4, 5]));
    const finer = await refusalOf('hyperliquid_BTC_30m.csv', hourly);
    expect(finer.message).toMatch(/the rows are 1h apart, not 30m/);
    expect(finer.hint).toContain('rename the file; or, if its name says no interval, import it with --interval 1h.');
    const coarser = await refusalOf('hyperliquid_BTC_4h.csv', hourly);
    expect(coarser.message).toMatch(/the rows are 1h apart, not 4h/);
  });

  test('an unknown interval and a name that says nothing', async () => {
    expect((await refusalOf('hyperliquid_BTC_7m.csv', csvWith(0, {}))).message).toBe("unknown interval '7m'");
    const nameless = await refusalOf('btc.csv', csvWith(0, {}));
    expect(nameless.message).toBe("the name 'btc.csv' does not say its coin");
    const noInterval = await refusalOf('btc.csv', candleCsv(candlesAt([0])), { coin: 'BTC', source: 'mine' });
    expect(noInterval.hint).toMatch(/--interval 1h/);
  });

  test('bad funding', async () => {
    const name = 'hyperliquid_BTC_funding.csv';
    const twice = await refusalOf(name, `t,rate\n${at(0)},0.1\n${at(0) + 900},0.1\n`);
    expect(twice.details[0]).toMatch(/^line 3: hour seen before/);
    const percent = await refusalOf(name, `t,rate\n${at(0)},1.25\n`);
    expect(percent.details[0]).toMatch(/^line 2: rate beyond what the exchange allows: rate is 1.25/);
    expect((await refusalOf(name, 't,price\n1,2\n')).message).toMatch(/no column is recognised as rate/);
  });
});

describe("importing the exchange's JSON", () => {
  const row = (index: number): object => ({
    t: at(index),
    T: at(index + 1) - 1,
    s: 'ETH',
    i: '1h',
    o: '100',
    h: '102.5',
    l: '99',
    c: '101',
    v: '7.25',
    n: 3,
  });

  test('candles say themselves what they are; a forming one is left out', async () => {
    const db = memoryDatabase();
    const path = temporaryFile('candles.json', JSON.stringify([row(0), row(1), row(2)]));
    const result = await importFile(db, path, { clock: fixedClock(at(2.5)) });
    expect(result).toMatchObject({ kind: 'candles', source: 'hyperliquid', coin: 'ETH', interval: '1h', added: 2 });
    expect(db.prepare('SELECT n FROM candles').pluck().all()).toEqual([3, 3]);
  });

  test('a wrong field is named with its row', async () => {
    const bad = await refusalOf('candles.json', JSON.stringify([row(0), { ...row(1), h: 'dear' }]));
    expect(bad.details).toEqual(['[1].h: is no decimal number']);
    const late = Array.from({ length: 5_001 }, (_, i) => row(i - 9_000));
    const inLastPart = await refusalOf('candles.json', JSON.stringify(late.with(5_000, { ...row(0), l: '' })));
    expect(inLastPart.details).toEqual(['[5000].l: is no decimal number']);
    const otherCoin = await refusalOf('candles.json', JSON.stringify(late.with(5_000, { ...row(0), s: 'BTC' })));
    expect(otherCoin.details).toEqual(["[5000].s: is 'BTC' after 'ETH'"]);
    const twice = await refusalOf('candles.json', JSON.stringify([row(0), row(0)]));
    expect(twice.details[0]).toMatch(/^\[1\]\.t: .* does not come after/);
    expect((await refusalOf('candles.json', '[{"t": 1')).message).toMatch(/is not JSON/);
    expect((await refusalOf('x.json', '{"balances": []}')).message).toMatch(
      /no answer of the exchange that can be imported/,
    );
    expect((await refusalOf('c.json', JSON.stringify([row(0)]), { coin: 'BTC' })).message).toMatch(
      /holds the coin ETH, not BTC/,
    );
  });
});
