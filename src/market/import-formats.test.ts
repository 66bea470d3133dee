import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { fixedClock } from '../domain/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { loadCandles } from './candle-store.ts';
import { type ImportOptions, importFile, type Understood } from './import.ts';
import { listSeries } from './series-store.ts';
import {
  candlesAt,
  memoryDatabase,
  NEW_YEAR_MS,
  refusalOf,
  refusalOfPath,
  temporaryFile,
  temporaryFolder,
} from './testing.ts';

const NAME = 'mine_BTC_1h.csv';
const HEADER = 'time,open,high,low,close,volume';
const OHLCV = '100,102,99,101,10';

/** A file with hourly rows, whose times are written as the function says. */
function hourly(write: (timeMs: number) => string | number, count = 5, header = HEADER): string {
  const rows = Array.from({ length: count }, (_, i) => `${write(NEW_YEAR_MS + i * HOUR_MS)},${OHLCV}`);
  return `${header}\n${rows.join('\n')}\n`;
}

/** How a file is understood, and the opens that it leaves in an empty database. */
async function imported(
  path: string,
  options: ImportOptions = {},
): Promise<Understood & { readonly opens: readonly number[] }> {
  const db = memoryDatabase();
  let understood: Understood | undefined;
  const onReading = (reading: Understood): void => {
    expect(listSeries(db)).toEqual([]);
    understood = reading;
  };
  await importFile(db, path, { ...options, onReading });
  if (understood === undefined) expect.fail('it did not say how it understood the file');
  const opens = db.prepare('SELECT t FROM candles ORDER BY t').pluck().all() as number[];
  return { ...(understood as Understood), opens };
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

const FIVE_HOURS = [0, 1, 2, 3, 4].map((i) => NEW_YEAR_MS + i * HOUR_MS);

describe('candles as other sources write them', () => {
  test.each<[what: string, text: string, times: string, order: string, notes: readonly RegExp[]]>([
    ['seconds', hourly((ms) => ms / 1_000), 'UTC seconds', 'oldest first', []],
    ['microseconds', hourly((ms) => `${ms}000`), 'UTC microseconds', 'oldest first', []],
    [
      'dates in another zone',
      hourly((ms) => isoOf(ms + 2 * HOUR_MS).replace('Z', '+02:00')),
      'dates with their zone',
      'oldest first',
      [],
    ],
    [
      'newest first, below an address',
      `https://www.example.com/\n${hourly((ms) => isoOf(2 * NEW_YEAR_MS + 4 * HOUR_MS - ms).slice(0, 19))}`,
      'dates without a zone, read as UTC',
      'newest first',
      [/^line 1 is passed over: https/],
    ],
    ['closes', hourly((ms) => ms + HOUR_MS - 1), 'UTC milliseconds', 'oldest first', [/times are closes/]],
    [
      'closes on the grid, by their name',
      hourly((ms) => ms + HOUR_MS, 5, HEADER.replace('time', 'close_time')),
      'UTC milliseconds',
      'oldest first',
      [/times are closes/],
    ],
    [
      'hours without a trade',
      `${hourly((ms) => ms)}${NEW_YEAR_MS + 5 * HOUR_MS},,,,,\n${NEW_YEAR_MS + 6 * HOUR_MS},NaN,nan,null,NaN,0\n`,
      'UTC milliseconds',
      'oldest first',
      [/^2 rows without prices left out \(the first is line 7\)$/],
    ],
  ])('%s', async (_, text, times, order, notes) => {
    const understood = await imported(temporaryFile(NAME, text));
    expect(understood.opens).toEqual(FIVE_HOURS);
    expect(understood).toMatchObject({ rows: 5, interval: '1h', reading: { format: 'CSV', times, order } });
    expect(understood.reading.notes).toEqual(notes.map((note) => expect.stringMatching(note)));
    expect(understood.reading.first).toBe('2025-01-01T00:00Z  o 100  h 102  l 99  c 101  v 10');
    expect(understood.reading.last).toMatch(/^2025-01-01T04:00Z /);
  });

  test('an interval that nothing says is that of the rows, and is said', async () => {
    const path = temporaryFile(
      'btc.csv',
      hourly((ms) => ms),
    );
    const understood = await imported(path, { coin: 'BTC', source: 'mine' });
    expect(understood).toMatchObject({
      interval: '1h',
      reading: { notes: ['the interval is 1h: the rows are that far apart'] },
    });
  });

  test.each(['Binance_BTCUSDT_1h.csv', 'kraken_BTC-USD_1h.csv'])(
    '%s is a market of BTC, if it is said',
    async (name) => {
      const path = temporaryFile(
        name,
        hourly((ms) => ms),
      );
      expect((await imported(path, { coin: 'BTC' })).coin).toBe('BTC');
      expect((await refusalOfPath(path, { coin: 'ETH' })).message).toContain('--coin ETH contradicts');
    },
  );

  test('the same candles from another source stay apart; a mark price is no trade price', async () => {
    const db = memoryDatabase();
    const text = hourly((ms) => ms);
    for (const name of ['mine_BTC_1h.csv', 'yours_BTC_1h.csv', 'mine_BTC_1h-mark.csv']) {
      await importFile(db, temporaryFile(name, text));
    }
    await importFile(db, temporaryFile('mark.csv', text), {
      coin: 'BTC',
      source: 'yours',
      interval: '1h',
      kind: 'mark',
    });
    expect(listSeries(db).map(({ source, kind }) => `${source} ${kind}`)).toEqual([
      'mine trade',
      'mine mark',
      'yours trade',
      'yours mark',
    ]);
    const error = await refusalOf('mine_BTC_1h-mark.csv', text, { kind: 'trade' });
    expect(error.message).toContain('--kind trade contradicts the name');
  });

  test('candles of the exchange in JSON whose trades nobody counted have none, not zero', async () => {
    const row = { t: NEW_YEAR_MS, T: NEW_YEAR_MS + HOUR_MS - 1, s: 'BTC', i: '1h', o: '1', h: '2', l: '1', c: '2' };
    const silent = { ...row, t: row.t + HOUR_MS, T: row.T + HOUR_MS, v: '0.0', n: 0 };
    const db = memoryDatabase();
    await importFile(db, temporaryFile('a.json.gz', JSON.stringify([{ ...row, v: '5', n: 0 }, silent])));
    expect(db.prepare('SELECT n FROM candles ORDER BY t').pluck().all()).toEqual([null, 0]);
  });
});

describe('numbers and times that are not understood are refused', () => {
  test.each<[what: string, text: string, says: RegExp, detail: RegExp, hint: RegExp]>([
    [
      'decimal commas',
      'time;open;high;low;close;volume\n1735689600;1,5;2;1;2;3\n',
      /1 of 1 lines/,
      /a comma in a number: open is '1,5'/,
      /with a point/,
    ],
    [
      'thousands',
      `${HEADER}\n1735689600,"93,576.5",2,1,2,3\n`,
      /1 of 1 lines/,
      /open is '93,576.5'/,
      /nothing between thousands/,
    ],
    [
      'a unit that changes',
      `${HEADER}\n1735689600,${OHLCV}\n1735693200000,${OHLCV}\n`,
      /1 of 2 lines/,
      /line 3: no time like the others: time is '1735693200000'/,
      /Repair/,
    ],
    [
      'day or month',
      `${HEADER}\n01.02.2025,${OHLCV}\n`,
      /times in column 'time' are not understood: '01.02.2025'/,
      /^$/,
      /day and month/,
    ],
    ['prices in part', `${HEADER}\n1735689600,1,,1,2,3\n`, /1 of 1 lines/, /not a number: high is ''/, /Repair/],
    ['no prices at all', `${HEADER}\n1735689600,,,,,\n`, /has no rows with prices/, /^$/, /^$/],
    [
      'several coins',
      `time,symbol,open,high,low,close,volume\n1735689600,BTC,${OHLCV}\n1735689600,ETH,${OHLCV}\n`,
      /more than one coin: BTC, and ETH in line 3/,
      /^$/,
      /Split it/,
    ],
    [
      'the header again',
      `${HEADER}\n1735689600,${OHLCV}\n${HEADER}\n`,
      /1 of 2 lines/,
      /line 3: the header again/,
      /Repair/,
    ],
  ])('%s', async (_, text, says, detail, hint) => {
    const error = await refusalOf(NAME, text);
    expect(error.message).toMatch(says);
    expect(error.details.join('\n')).toMatch(detail);
    expect(error.hint ?? '').toMatch(hint);
  });

  test.each<[what: string, bytes: readonly number[], says: RegExp]>([
    ['a zip file', [0x50, 0x4b, 3, 4, 1, 2], /is a zip file/],
    ['an xz archive', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], /is an xz archive/],
    ['noise', [1, 2, 3, 0, 5, 6, 7], /is no text/],
  ])('%s', async (_, bytes, says) => {
    const path = join(temporaryFolder(), NAME);
    writeFileSync(path, Buffer.from(bytes));
    expect((await refusalOfPath(path)).message).toMatch(says);
  });
});

describe('Parquet', () => {
  const candles = candlesAt([0, 1, 2, 4]);
  const columnOf = (name: keyof (typeof candles)[number]): number[] => candles.map((candle) => candle[name] as number);
  const prices = (['open', 'high', 'low', 'close', 'volume'] as const).map((name) => ({ name, data: columnOf(name) }));
  const opens = columnOf('openTimeMs');

  type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

  function parquetFile(columnData: Columns, name = 'mine_BTC_1h.parquet'): string {
    const path = join(temporaryFolder(), name);
    writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData })));
    return path;
  }

  test.each<[what: string, time: Columns[number], times: string]>([
    ['timestamps', { name: 'timestamp', data: opens.map((ms) => new Date(ms)) }, 'UTC timestamps'],
    ['milliseconds', { name: 'ts', data: opens.map(BigInt) }, 'UTC milliseconds'],
    ['nanoseconds', { name: 'ts', data: opens.map((ms) => BigInt(ms) * 1_000_000n) }, 'UTC nanoseconds'],
    ['text', { name: 'date', data: opens.map((ms) => new Date(ms).toISOString()) }, 'dates with their zone'],
  ])('%s', async (_, time, times) => {
    const db = memoryDatabase();
    const result = await importFile(db, parquetFile([time, ...prices]));
    expect(result).toMatchObject({ added: 4, gaps: [{ missing: 1 }], reading: { format: 'Parquet', times } });
    const { close, firstOpenMs } = loadCandles(db, { coin: 'BTC', interval: '1h' });
    expect([firstOpenMs, ...close]).toEqual([NEW_YEAR_MS, 101, 102, 103, Number.NaN, 105]);
  });

  test('rows without prices are left out; rows that are wrong are named as rows', async () => {
    const time = { name: 't', data: opens.map((ms) => new Date(ms)) };
    const empty = prices.map(({ name, data }) => ({ name, data: data.with(3, Number.NaN) }));
    const left = await importFile(memoryDatabase(), parquetFile([time, ...empty]));
    expect(left).toMatchObject({
      added: 3,
      reading: { notes: ['1 row without prices left out (the first is row 4)'] },
    });
    const wrong = prices.map(({ name, data }) => ({ name, data: name === 'high' ? data.with(1, 1) : data }));
    const error = await refusalOfPath(parquetFile([time, ...wrong]));
    expect(error.message).toMatch(/1 of 4 rows are bad/);
    expect(error.details[0]).toMatch(/^row 2: high below open or close/);
  });

  test('an empty, a broken, an encrypted file, nested and missing columns', async () => {
    const time = { name: 't', data: opens.map((ms) => new Date(ms)) };
    const none = prices.map(({ name }) => ({ name, data: [], type: 'DOUBLE' as const }));
    const empty = parquetFile([{ name: 't', data: [], type: 'TIMESTAMP' }, ...none]);
    expect((await refusalOfPath(empty)).message).toMatch(/is a Parquet file without rows/);
    const missing = await refusalOfPath(parquetFile([time, ...prices.slice(0, 4)]));
    expect(missing.message).toMatch(/no column is recognised as volume/);
    expect(missing.details).toEqual(['columns: t,open,high,low,close']);
    const path = join(temporaryFolder(), 'mine_BTC_1h.parquet');
    writeFileSync(path, 'PAR1 and then noise that ends so: PAR1');
    expect((await refusalOfPath(path)).message).toMatch(/is a broken Parquet file/);
    writeFileSync(path, 'PARE0123456789PARE');
    expect((await refusalOfPath(path)).message).toMatch(/is an encrypted Parquet file/);
    const nested = { name: 'close', data: candles.map((candle) => [candle.close]), type: 'JSON' as const };
    const error = await refusalOfPath(parquetFile([time, ...prices.slice(0, 3), nested, ...prices.slice(4)]));
    expect(error.details[0]).toMatch(/^row 1: not a number: close/);
  });

  test('what has not closed yet is refused here too', async () => {
    const time = { name: 't', data: opens.map((ms) => new Date(ms)) };
    const clock = fixedClock(NEW_YEAR_MS + 4 * HOUR_MS + MINUTE_MS);
    const error = await refusalOfPath(parquetFile([time, ...prices]), { clock });
    expect(error.details).toEqual(['row 4: the candle of 2025-01-01T04:00Z, and it is 2025-01-01T04:01Z now']);
  });
});
