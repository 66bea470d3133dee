import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { runCandor, startCandor } from '../../test/run-candor.ts';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { systemClock } from '../domain/clock.ts';
import { openDatabase } from '../market/database.ts';
import { summarizeSeries } from '../market/series-summary.ts';
import { seriesName } from './database.ts';

const START_MS = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;

/** Hours of candles as CSV; `change` may spoil the cells of a row, or repeat, drop and swap rows. */
function csv(hours: number, change: (rows: string[][]) => string[][] = (rows) => rows): string {
  const rows = Array.from({ length: hours }, (_, i) => [`${START_MS + i * HOUR_MS}`, '100', '102', '99', '101', '5']);
  return `t,o,h,l,c,v\n${change(rows)
    .map((row) => `${row.join(',')}\n`)
    .join('')}`;
}

/** Replaces one cell of row 10, which is line 12 of the file. */
const cell =
  (column: number, value: string) =>
  (rows: string[][]): string[][] =>
    rows.with(10, (rows[10] as string[]).with(column, value));

const GOOD = 'hyperliquid_BTC_1h.csv';

async function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder({ 'strategies/.keep': '', [GOOD]: csv(48) }, body);
}

/** What is stored: series → rows. */
function stored(folder: string): Record<string, number> {
  const db = openDatabase(join(folder, 'data/candor.sqlite'));
  const series = summarizeSeries(db).map((one): [string, number] => [seriesName(one), one.rows]);
  db.close();
  return Object.fromEntries(series);
}

describe.concurrent('candor import', () => {
  it('stores a file once, however often it comes', () =>
    inProject(async (folder) => {
      const first = await runCandor(['import', GOOD], folder);
      expect(first).toMatchObject({
        exitCode: 0,
        stderr: `${GOOD}: t,o,h,l,c,v, UTC milliseconds, 48 rows\nin data/candor.sqlite\n`,
      });
      expect(first.stdout).toMatch(/^hyperliquid BTC 1h +48 +0 +0 +0 +2025-01-01 … 2025-01-02$/m);
      const again = await runCandor(['import', GOOD, '--json'], folder);
      expect(JSON.parse(again.stdout)).toMatchObject({ imported: [{ added: 0, unchanged: 48 }], refused: [] });
      expect(stored(folder)).toEqual({ 'hyperliquid BTC 1h': 48 });
    }));

  it('refuses candles that have not closed: what is stored first is final', () =>
    inProject(async (folder) => {
      const hour = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS;
      const rows = [hour - 2 * HOUR_MS, hour - HOUR_MS, hour].map((openMs) => `${openMs},100,102,99,101,5\n`);
      writeFileSync(join(folder, 'hyperliquid_ETH_1h.csv'), `t,o,h,l,c,v\n${rows.join('')}`);
      const { exitCode, stderr } = await runCandor(['import', 'hyperliquid_ETH_1h.csv'], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('hyperliquid_ETH_1h.csv has candles that have not closed yet');
      expect(stderr).toContain('line 4:');
      expect(stored(folder)).toEqual({});
    }));

  it('takes from the options what the name does not say', () =>
    inProject(async (folder) => {
      writeFileSync(join(folder, 'mine.csv.gz'), gzipSync(csv(30)));
      const bare = await runCandor(['import', 'mine.csv.gz', '--dry-run'], folder);
      expect(bare.exitCode).toBe(1);
      expect(bare.stderr).toContain('--coin');
      const args = ['import', 'mine.csv.gz', '--coin', 'ETH', '--interval', '1h', '--source', 'mine'];
      expect(await runCandor([...args, '--dry-run'], folder)).toMatchObject({ exitCode: 0 });
      expect(existsSync(join(folder, 'data'))).toBe(false);
      expect(stored(folder)).toEqual({});
      expect(await runCandor(args, folder)).toMatchObject({ exitCode: 0 });
      expect(stored(folder)).toEqual({ 'mine ETH 1h': 30 });
    }));

  it.each([
    ['a bad number', csv(48, cell(4, '1o1')), /line 12/],
    ['NaN', csv(48, cell(4, 'NaN')), /line 12/],
    ['high below low', csv(48, cell(2, '90')), /line 12/],
    ['negative volume', csv(48, cell(5, '-1')), /line 12/],
    ['a time off the grid', csv(48, cell(0, `${START_MS + 10 * HOUR_MS + 1}`)), /line 12/],
    ['a row twice', csv(48, (rows) => rows.toSpliced(10, 0, rows[9] as string[])), /line 12/],
    ['rows out of order', csv(48, (rows) => [...rows.slice(0, 10), ...rows.slice(10).reverse()]), /line 11/],
    ['a row cut short', csv(48).slice(0, -6), /line 49/],
    ['another header', csv(48).replace('t,o,h', 'when,o,h'), /line 1/],
    ['no rows', 't,o,h,l,c,v\n', /hyperliquid_ETH_1h\.csv/],
    ['nothing', '', /hyperliquid_ETH_1h\.csv/],
    ['another spacing', csv(48, (rows) => rows.filter((_, i) => i % 4 === 0)), /4h/],
  ])('refuses %s, names the place, and keeps the other file', (_, text, place) =>
    inProject(async (folder) => {
      const bad = 'hyperliquid_ETH_1h.csv';
      writeFileSync(join(folder, bad), text);
      const { exitCode, stderr } = await runCandor(['import', bad, GOOD], folder);
      expect(stderr).toContain(`error: ${bad}`);
      expect(stderr).toMatch(place);
      expect(stderr).toContain('1 of 2 files refused');
      expect(exitCode).toBe(1);
      expect(stored(folder)).toEqual({ 'hyperliquid BTC 1h': 48 });
    }),
  );

  it('refuses a truncated gzip file, a folder, and a file that is not there', () =>
    inProject(async (folder) => {
      writeFileSync(join(folder, 'hyperliquid_ETH_1h.csv.gz'), gzipSync(csv(48)).subarray(0, 200));
      mkdirSync(join(folder, 'hyperliquid_SOL_1h.csv'));
      const files = ['hyperliquid_ETH_1h.csv.gz', 'hyperliquid_SOL_1h.csv', 'hyperliquid_XRP_1h.csv'];
      const { exitCode, stderr } = await runCandor(['import', ...files], folder);
      for (const file of files) expect(stderr).toContain(`error: ${file}`);
      expect(stderr).toContain('hyperliquid_SOL_1h.csv cannot be read: it is a directory');
      expect(exitCode).toBe(1);
      expect(stored(folder)).toEqual({});
    }));

  it('refuses an unknown interval with the nearest one', () =>
    inProject(async (folder) => {
      const { exitCode, stderr } = await runCandor(['import', GOOD, '--interval', '1hr'], folder);
      expect(stderr).toContain("unknown interval '1hr'");
      expect(stderr).toContain('Did you mean 1h');
      expect(exitCode).toBe(1);
    }));

  it.each([
    ['--coin', 'ETH', 'BTC'],
    ['--interval', '4h', '1h'],
    ['--source', 'binance', 'hyperliquid'],
  ])('refuses %s %s for a file whose name says %s', (option, asked, named) =>
    inProject(async (folder) => {
      const { exitCode, stderr } = await runCandor(['import', GOOD, option, asked], folder);
      expect(stderr).toContain(`${option} ${asked} contradicts the name '${GOOD}', which says ${named}`);
      expect(stderr).toContain('rename the file');
      expect(exitCode).toBe(1);
      expect(stored(folder)).toEqual({});
      const same = await runCandor(['import', GOOD, option, named], folder);
      expect(same.exitCode).toBe(0);
    }),
  );

  it('shows how it understands a file of another source before it stores it, and a dry run shows the same', () =>
    inProject(async (folder) => {
      const rows = [2, 1, 0].map((i) => `${new Date(START_MS + i * HOUR_MS).toISOString()},100,102,99,101,5,7\n`);
      const file = 'binance_BTC_1h.csv';
      writeFileSync(join(folder, file), `Date,Open,High,Low,Close,Volume BTC,Volume USDT\n${rows.join('')}`);
      const understood = [
        `${file} is read as binance BTC 1h, 3 rows:`,
        '  columns  time = Date, volume = Volume BTC; open, high, low, close as named',
        '  unread   Volume USDT',
        '  times    dates with their zone, newest first (turned around)',
        '  first    2025-01-01T00:00Z  o 100  h 102  l 99  c 101  v 5',
        '  last     2025-01-01T02:00Z  o 100  h 102  l 99  c 101  v 5',
      ].join('\n');
      const dry = await runCandor(['import', file, '--dry-run'], folder);
      expect(dry.stderr).toBe(`${understood}\nnothing was stored (--dry-run)\n`);
      expect(existsSync(join(folder, 'data'))).toBe(false);
      const json = await runCandor(['import', file, '--dry-run', '--json'], folder);
      const reading = { ignored: ['Volume USDT'], order: 'newest first', columns: { time: 'Date' } };
      expect(JSON.parse(json.stdout)).toMatchObject({ imported: [{ reading }] });
      expect(json.stderr).toBe('');
      const said = await runCandor(['import', file, '--columns', 'volume=Volume USDT'], folder);
      expect(said.stderr).toContain('volume = Volume USDT; open, high, low, close as named\n  unread   Volume BTC\n');
      expect(stored(folder)).toEqual({ 'binance BTC 1h': 3 });
      const wrong = await runCandor(['import', file, '--columns', 'volume'], folder);
      expect(wrong.stderr).toContain("--columns: 'volume' is not field=column");
      expect(wrong.exitCode).toBe(2);
    }));

  it('keeps sources apart, and says which one a study reads', () =>
    inProject(async (folder) => {
      await runCandor(['import', GOOD], folder);
      const files = ['binance_BTC_1h.csv', 'kraken_ETH_1h.csv', 'binance_ETH_1h.csv', 'binance_BTC_1h-mark.csv'];
      for (const file of files) writeFileSync(join(folder, file), csv(48));
      const { stderr } = await runCandor(['import', ...files], folder);
      expect(stderr.split('\n').filter((line) => line.includes('kept apart'))).toEqual([
        'BTC 1h: from binance and hyperliquid, kept apart; a study reads hyperliquid',
        'ETH 1h: from binance and kraken, kept apart; name one in the config (source)',
      ]);
      expect(stored(folder)).toMatchObject({
        'binance BTC 1h': 48,
        'hyperliquid BTC 1h': 48,
        'binance BTC 1h mark': 48,
      });
    }));

  it('refuses a coin in other letters, or with a wrong one, and notes one whose rules are not known', () =>
    inProject(async (folder) => {
      for (const file of ['mine.csv', 'mine_btc_1h.csv', 'mine_ETC_1h.csv']) writeFileSync(join(folder, file), csv(30));
      const options = ['--source', 'mine', '--interval', '1h'];
      const typed = (coin: string) => runCandor(['import', 'mine.csv', '--coin', coin, ...options], folder);
      expect((await typed('btc')).stderr).toMatch(/no coin 'btc', but there is BTC\n.*say --coin BTC/);
      expect((await typed('BTCC')).stderr).toContain('Did you mean BTC?');
      expect((await runCandor(['import', 'mine_btc_1h.csv'], folder)).stderr).toMatch(/'btc'.*\n.*rename the file/);
      expect(stored(folder)).toEqual({});
      const doge = await typed('DOGE');
      expect(doge.stderr).toContain('the trading rules of DOGE are not known');
      // Ethereum Classic is one letter from Ether, and no slip of the pen.
      const classic = await runCandor(['import', 'mine_ETC_1h.csv'], folder);
      expect(classic.stderr).toContain('the trading rules of ETC are not known');
      expect(stored(folder)).toEqual({ 'mine DOGE 1h': 30, 'mine ETC 1h': 30 });
    }));

  it('data check lists gaps in lines of 80 characters, and fails for them when it is strict', () =>
    inProject(async (folder) => {
      const file = 'hyperliquid_UNITTESTCOIN_1h_with-a-remark.csv';
      writeFileSync(
        join(folder, file),
        csv(48, (rows) => rows.toSpliced(10, 2)),
      );
      await runCandor(['import', GOOD, file], folder);
      const { exitCode, stdout } = await runCandor(['data', 'check'], folder);
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`2025-01-01T10:00Z to 2025-01-01T12:00Z (2 missing):\n    absent in ${file}\n`);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect((await runCandor(['data', 'check', '--strict'], folder)).exitCode).toBe(1);
    }));

  it('waits for another process that writes, and says so when it takes too long', () =>
    inProject(async (folder) => {
      await runCandor(['import', GOOD], folder);
      const other = new Database(join(folder, 'data/candor.sqlite'));
      other.exec('BEGIN IMMEDIATE');
      writeFileSync(join(folder, 'hyperliquid_ETH_1h.csv'), csv(30));
      const { exitCode, stderr } = await runCandor(['import', 'hyperliquid_ETH_1h.csv'], folder);
      other.exec('ROLLBACK');
      other.close();
      expect(stderr).toContain('is locked by another process');
      expect(exitCode).toBe(1);
      expect(stored(folder)).toEqual({ 'hyperliquid BTC 1h': 48 });
    }));

  it('leaves the file of another program alone', () =>
    inProject(async (folder) => {
      const { exitCode, stderr } = await runCandor(['--database', GOOD, 'import', GOOD], folder);
      expect(stderr).toContain('is not a database');
      expect(exitCode).toBe(1);
      expect(readFileSync(join(folder, GOOD), 'utf8')).toBe(csv(48));
    }));

  it('stops at Ctrl-C with every file whole or absent, and goes on at the next run', () =>
    inProject(async (folder) => {
      const coins = Array.from({ length: 24 }, (_, i) => `COIN${i}`);
      const files = coins.map((coin) => `hyperliquid_${coin}_1h.csv`);
      const text = csv(12_000);
      for (const file of files) writeFileSync(join(folder, file), text);
      const { child, ended } = startCandor(['import', ...files], folder);
      await atLeastOneSeriesIn(join(folder, 'data/candor.sqlite'));
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('stopped') });

      const kept = stored(folder);
      expect(new Set(Object.values(kept))).toEqual(new Set([12_000]));
      expect(Object.keys(kept).length).toBeLessThan(coins.length);
      expect(await runCandor(['data', 'check'], folder)).toMatchObject({ exitCode: 0 });
      expect(await runCandor(['import', ...files], folder)).toMatchObject({ exitCode: 0 });
      expect(Object.keys(stored(folder))).toHaveLength(coins.length);
    }));
});

/** Waits until another process has stored something; it may not even have made the file yet. */
async function atLeastOneSeriesIn(path: string): Promise<void> {
  for (;;) {
    try {
      const db = new Database(path, { readonly: true, fileMustExist: true });
      const found = db.prepare('SELECT 1 FROM candles LIMIT 1').get();
      db.close();
      if (found !== undefined) return;
    } catch {
      // Not there yet, or being made.
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describeWithSharedData('candor import on real files', () => {
  it('refuses the defects and imports the gaps', () =>
    inProject(async (folder) => {
      const files = [
        'binance-spot_BTC_1m_201712-201802.csv.gz',
        'binance-spot_ETH_1m_20230320-0331.csv.gz',
        'binance-um_BTC_30m_newyork-local-time.csv.gz',
        'freqtrade_UNITTEST-BTC_1m_gappy.csv.gz',
      ].map((file) => sharedData(`defects/${file}`));
      const { exitCode, stdout, stderr } = await runCandor(['import', ...files], folder);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/binance-spot_BTC_1m_201712.*21,602 of 127,340 lines are bad; nothing was imported/);
      expect(stderr).toMatch(/newyork.*2 of 16,944 lines are bad; nothing was imported/);
      expect(stderr).toContain('daylight saving');
      expect(stderr).toContain('binance-spot ETH 1m: 80 candles missing');
      expect(stdout).toMatch(/^freqtrade UNITTEST-BTC 1m +13,681 +0 +0 +538 /m);
      expect(stored(folder)).toEqual({
        'binance-spot ETH 1m': 17_200,
        'freqtrade UNITTEST-BTC 1m': 13_681,
      });
    }));

  it('knows the gaps of funding, and where intervals disagree', () =>
    inProject(async (folder) => {
      const files = ['candles/hyperliquid_BTC_1h', 'candles/hyperliquid_BTC_30m', 'funding/hyperliquid_BTC_funding'];
      await runCandor(['import', ...files.map((file) => sharedData(`${file}.csv.gz`))], folder);
      const { exitCode, stdout } = await runCandor(['data', 'check'], folder);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('2023-07-02T20:00Z to 2023-07-02T21:00Z (1 missing):');
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect((await runCandor(['data', 'check', '--strict'], folder)).exitCode).toBe(1);
      expect(stdout).toContain(
        'hyperliquid BTC 1h against 30m: 1 candle not as the parts say\n  2025-04-20T10:00Z: open',
      );
      expect(stdout).toContain('3 series: 3 gaps, 1 disagreement, the file is sound');
    }));
});
