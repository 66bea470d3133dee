import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCandor, startCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import type { ClosedCandle } from '../domain/candle.ts';
import { systemClock } from '../domain/clock.ts';
import { DAY_MS, formatDate, HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { writeCandles } from '../market/candle-store.ts';
import { type MarketDatabase, openDatabase } from '../market/database.ts';
import { writeFunding } from '../market/funding-store.ts';
import { recordGaps } from '../market/gap-store.ts';
import { writeInstruments } from '../market/instrument-store.ts';
import { behindMs } from './data-status.ts';

const DATABASE = 'data/candor.sqlite';
const DELIVERY = { origin: 'a file', clock: systemClock };
/** The newest half hour that has closed: what is stored up to it is not behind. */
const NEWEST_MS = Math.floor(systemClock.nowMs() / (30 * MINUTE_MS)) * 30 * MINUTE_MS;

/** Candles that end then, of which every fourth is silent; parts of an hour agree with it. */
function candles(interval: Interval, rows: number, endMs: number, price = 100): ClosedCandle[] {
  const stepMs = intervalMs(interval);
  return Array.from({ length: rows }, (_, i) => ({
    openTimeMs: epochMs(endMs - (rows - i) * stepMs),
    ...{ open: price, high: price + 1, low: price - 1, close: price },
    volume: i % 4 === 0 ? 0 : 10,
  }));
}

const key = (coin: string, interval: Interval, kind: 'trade' | 'mark' = 'trade', source = 'hyperliquid') => {
  return { source, coin, interval, kind } as const;
};

function inProject(fill: (db: MarketDatabase) => void, body: (folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
    const db = openDatabase(join(folder, DATABASE));
    fill(db);
    db.close();
    await body(folder);
  });
}

/** BTC up to now but for a hole and a correction, others behind, delisted, marks, funding, another source. */
function fill(db: MarketDatabase): void {
  const half = candles('30m', 1_000, NEWEST_MS);
  writeCandles(db, key('BTC', '30m'), [...half.slice(0, 400), ...half.slice(403)], DELIVERY);
  writeCandles(db, key('BTC', '30m'), [{ ...(half[500] as ClosedCandle), volume: 11 }], DELIVERY);
  recordGaps(db, key('BTC', '30m'), [
    {
      fromMs: half[400]?.openTimeMs as number,
      toMs: half[403]?.openTimeMs as number,
      reason: 'venue-stop',
      origin: "the exchange's answers",
    },
  ]);
  writeCandles(db, key('BTC', '1m', 'mark'), candles('1m', 90, NEWEST_MS), DELIVERY);
  writeCandles(db, key('ETH', '30m'), candles('30m', 100, NEWEST_MS - 10 * DAY_MS), DELIVERY);
  writeCandles(db, key('SOL', '1m'), candles('1m', 100, NEWEST_MS - 10 * DAY_MS), DELIVERY);
  writeCandles(db, key('OLD', '30m'), candles('30m', 50, NEWEST_MS - 300 * DAY_MS), DELIVERY);
  writeCandles(
    db,
    key('BTC', '1h', 'trade', 'binance-spot'),
    candles('1h', 50, Math.floor(NEWEST_MS / DAY_MS) * DAY_MS - 300 * DAY_MS),
    DELIVERY,
  );
  const hours = Array.from({ length: 48 }, (_, i) => Math.floor(NEWEST_MS / HOUR_MS) * HOUR_MS - i * HOUR_MS);
  const rates = hours.reverse().map((hour) => ({ timeMs: epochMs(hour + 40), rate: 0.0000125 }));
  writeFunding(db, { source: 'hyperliquid', coin: 'BTC' }, rates, DELIVERY);
  const old = { coin: 'OLD', szDecimals: 2, marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 3 }], isDelisted: true };
  writeInstruments(db, [old]);
}

describe('candor data status', () => {
  it('shows of every series its span, rows, gaps, corrections, silence, and how far it is behind', () =>
    inProject(fill, async (folder) => {
      const { exitCode, stdout } = await runCandor(['data', 'status'], folder);
      expect(exitCode).toBe(0);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(stdout).toMatch(/^binance-spot\ncoin +series +rows +from +to +gaps +rev +silent +behind\n/m);
      expect(stdout).toMatch(/^hyperliquid, preferred$/m);
      expect(stdout).toMatch(/^BTC +30m +997 +\S+ +\S+ +1 +1 +24\.9 % +(–|30 min)$/m);
      expect(stdout).toMatch(/^BTC +1m mark +90 .* 0 +0 +– +(–|\d+ min)$/m);
      expect(stdout).toMatch(/^BTC +funding +48 .* 0 +0 +– +(–|1 h)$/m);
      expect(stdout).toMatch(/^ETH +30m +100 .* 10 d$/m);
      expect(stdout).toMatch(/^OLD +30m +50 .* delisted$/m);
      expect(stdout).toMatch(/^7 series: 1,435 rows, 1 gap, 1 revision; the rules of \d+ coins$/m);
      const since = formatDate(NEWEST_MS - 10 * DAY_MS - 30 * MINUTE_MS);
      expect(stdout).toContain(`\n  npx candor ingest --coins `);
      expect(stdout).toContain(` --since ${since}\n`);
      expect(stdout).toContain('For 1 of these series that\n');
    }));

  it('has the same as JSON', () =>
    inProject(fill, async (folder) => {
      const { stdout } = await runCandor(['data', 'status', '--json'], folder);
      const { series, total, nowMs, bytes } = JSON.parse(stdout) as Record<string, unknown>;
      expect(total).toEqual({ rows: 1_435, gaps: 1, missing: 3, revisions: 1 });
      expect(bytes).toBeGreaterThanOrEqual(statSync(join(folder, DATABASE)).size);
      expect(nowMs).toBeGreaterThanOrEqual(NEWEST_MS);
      expect(series).toContainEqual(expect.objectContaining({ coin: 'OLD', rows: 50, behindMs: null, gapCount: 0 }));
    }));

  it.each([
    ['a candle that opens where the newest has closed', '1m', 'trade', -MINUTE_MS, 0],
    ['one before that', '1m', 'trade', -2 * MINUTE_MS, MINUTE_MS],
    ['the settlement of this hour', '1h', 'funding', 0, 0],
    ['the settlement of the hour before', '1h', 'funding', -HOUR_MS, HOUR_MS],
  ] as const)('counts from %s', (_, interval, kind, lastOpenMs, behind) => {
    const hourMs = 1_000 * HOUR_MS;
    const series = { interval, kind, lastOpenMs: epochMs(hourMs + lastOpenMs) };
    expect(behindMs(series, hourMs + 30_000)).toBe(behind);
    expect(behindMs(series, hourMs + 5_000)).toBe(Math.max(0, behind - intervalMs(interval)));
  });
});

describe('candor data check', () => {
  it('names gaps with their reason, and says what --strict is for', () =>
    inProject(fill, async (folder) => {
      const { exitCode, stdout } = await runCandor(['data', 'check'], folder);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/\(3 missing\):?\s+the venue stood still \(the exchange's answers\)/);
      expect(stdout).toContain('7 series: 1 gap, 0 disagreements, the file is sound\n');
      expect(stdout).toContain('with --strict they do');
      const strict = await runCandor(['data', 'check', '--strict'], folder);
      expect(strict.exitCode).toBe(1);
      expect(strict.stdout).not.toContain('with --strict they do');
      const all = JSON.parse((await runCandor(['data', 'check', '--json'], folder)).stdout) as {
        series: { gaps: { reason: string }[] }[];
      };
      expect(all.series.flatMap(({ gaps }) => gaps.map(({ reason }) => reason))).toEqual(['venue-stop']);
    }));

  it('finds a candle of the mark price that is not what its own parts say', () =>
    inProject(
      (db) => {
        writeCandles(db, key('BTC', '1m', 'mark'), candles('1m', 120, NEWEST_MS), DELIVERY);
        const [hours] = [candles('30m', 4, NEWEST_MS)];
        writeCandles(db, key('BTC', '30m', 'mark'), [{ ...(hours[1] as ClosedCandle), high: 107 }], DELIVERY);
      },
      async (folder) => {
        const { exitCode, stdout } = await runCandor(['data', 'check', '--strict'], folder);
        expect(exitCode).toBe(1);
        expect(stdout).toContain('hyperliquid BTC mark 30m against 1m: 1 candle not as the parts say');
        expect(stdout).toContain('high 107, from parts 101');
      },
    ));

  it('fails on a candle that no market can have made, and on a damaged file', () =>
    inProject(
      (db) => {
        writeCandles(db, key('BTC', '1h'), candles('1h', 10, NEWEST_MS), DELIVERY);
        db.exec('UPDATE candles SET h = l - 1 WHERE t = (SELECT max(t) FROM candles)');
      },
      async (folder) => {
        const impossible = await runCandor(['data', 'check'], folder);
        expect(impossible.exitCode).toBe(1);
        expect(impossible.stdout).toContain('candles that no market can have made');
        const path = join(folder, DATABASE);
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.subarray(0, bytes.length - 8_192));
        const { exitCode, stdout, stderr } = await runCandor(['data', 'check'], folder);
        expect(exitCode).toBe(1);
        expect(`${stdout}${stderr}`).toMatch(/damaged/i);
      },
    ));
});

describe('candor data backup', () => {
  it('copies the database while another process writes, and refuses to replace a file', () =>
    inProject(fill, async (folder) => {
      const writer = openDatabase(join(folder, DATABASE));
      writer.exec('BEGIN IMMEDIATE');
      const backup = await runCandor(['data', 'backup', 'copies/candor.sqlite'], folder);
      writer.exec('ROLLBACK');
      writer.close();
      expect(backup).toMatchObject({ exitCode: 0, stderr: '' });
      expect(backup.stdout).toMatch(/^copies\/candor\.sqlite: \d\.\d MB, checked, in \d\.\d s$/m);
      const status = async (file: string): Promise<unknown> =>
        (
          JSON.parse((await runCandor(['data', 'status', '--json', '--database', file], folder)).stdout) as {
            total: unknown;
          }
        ).total;
      expect(await status('copies/candor.sqlite')).toEqual(await status(DATABASE));
      const again = await runCandor(['data', 'backup', 'copies/candor.sqlite', '--json'], folder);
      expect(again).toMatchObject({ exitCode: 2, stdout: '' });
      expect(again.stderr).toContain('a backup writes over nothing');
    }));

  it('that is stopped leaves no file of that name', () =>
    inProject(fill, async (folder) => {
      const { child, ended } = startCandor(['data', 'backup', 'copy.sqlite'], folder);
      child.kill('SIGKILL');
      await ended;
      expect(existsSync(join(folder, 'copy.sqlite'))).toBe(false);
      expect(await runCandor(['data', 'backup', 'copy.sqlite'], folder)).toMatchObject({ exitCode: 0 });
    }));
});
