import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';

const START_MS = Date.UTC(2025, 0, 1);
const HOUR_MS = 3_600_000;
const GOOD = 'hyperliquid_BTC_1h.csv';
const HOURS = Array.from({ length: 48 }, (_, i) => i).filter((i) => i !== 10);
const CSV = `t,o,h,l,c,v\n${HOURS.map((i) => `${START_MS + i * HOUR_MS},100.5,102,99,101,${i}\n`).join('')}`;

async function inProject(body: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder({ 'strategies/.keep': '', [GOOD]: CSV }, async (folder) => {
    await runCandor(['import', GOOD], folder);
    await body(folder);
  });
}

const BTC = ['--coin', 'BTC', '--interval', '1h'];

describe.concurrent('candor export', () => {
  it('writes what was imported, byte for byte, and says what it is', () =>
    inProject(async (folder) => {
      mkdirSync(join(folder, 'out'));
      const { exitCode, stdout, stderr } = await runCandor(['export', `out/${GOOD}`, ...BTC], folder);
      expect(stderr.split('\n')).toEqual([
        'hyperliquid BTC 1h: 47 rows, 2025-01-01T00:00Z to 2025-01-02T23:00Z, 1 gap (1 missing)',
        `in out/${GOOD}`,
        '',
      ]);
      expect([exitCode, stdout]).toEqual([0, '']);
      expect(readFileSync(join(folder, 'out', GOOD), 'utf8')).toBe(CSV);
    }));

  it("'-' writes to the screen or a pipe; a stretch of it", () =>
    inProject(async (folder) => {
      const stretch = ['--from', '2025-01-01T09:00', '--to', '2025-01-01T13:00'];
      const { stdout, stderr } = await runCandor(['export', '-', ...BTC, ...stretch], folder);
      const lines = CSV.split('\n');
      expect(stdout).toBe(`${[lines[0], ...lines.slice(10, 13)].join('\n')}\n`);
      expect(stderr).toContain('3 rows, 2025-01-01T09:00Z to 2025-01-01T12:00Z, 1 gap');
    }));

  it('goes through Parquet into another database', () =>
    inProject(async (folder) => {
      const exported = await runCandor(['export', 'btc.parquet', ...BTC, '--json'], folder);
      expect(JSON.parse(exported.stdout)).toMatchObject({ rows: 47, betterName: 'hyperliquid_BTC_1h.parquet' });
      const other = ['--database', 'other.sqlite'];
      const options = [...BTC, '--source', 'hyperliquid'];
      const imported = await runCandor([...other, 'import', 'btc.parquet', ...options], folder);
      expect(imported.stderr).toContain('btc.parquet: t,o,h,l,c,v, UTC timestamps, 47 rows');
      expect((await runCandor([...other, 'export', '-', ...BTC], folder)).stdout).toBe(CSV);
    }));

  it('reads the preferred source, unless another one is said', () =>
    inProject(async (folder) => {
      writeFileSync(join(folder, 'binance_BTC_1h.csv'), CSV.replaceAll('100.5', '100.25'));
      await runCandor(['import', 'binance_BTC_1h.csv'], folder);
      const pricesFrom = async (...args: string[]): Promise<string | undefined> =>
        (await runCandor(['export', '-', ...BTC, ...args], folder)).stdout.split('\n')[1]?.split(',')[1];
      expect(await pricesFrom()).toBe('100.5');
      expect(await pricesFrom('--source', 'binance')).toBe('100.25');
      mkdirSync(join(folder, 'config'));
      writeFileSync(join(folder, 'config/candor.yaml'), 'source: binance\n');
      expect(await pricesFrom()).toBe('100.25');
    }));

  it.each([
    ['a file that is there', [GOOD, ...BTC], /is there already\n.*--force/, 2],
    ['another format', ['btc.xlsx', ...BTC], /does not say in which format\n.*\.parquet/, 2],
    ['an unknown coin', ['x.csv', '--coin', 'BTX', '--interval', '1h'], /no candles of 'BTX'.*\n.*Did you mean BTC/, 2],
    ['no interval', ['x.csv', '--coin', 'BTC'], /which interval/, 2],
    ['an interval that is none', ['x.csv', '--coin', 'BTC', '--interval', '7m'], /unknown interval '7m'/, 2],
    [
      'a span that ends before it begins',
      ['x.csv', ...BTC, '--from', '2025-01-02', '--to', '2025-01-01'],
      /is not before/,
      2,
    ],
    [
      'a span without rows',
      ['x.csv', ...BTC, '--from', '2026-01-01'],
      /nothing is stored of 1h candles of BTC from 2026/,
      1,
    ],
    ['another source', ['x.csv', ...BTC, '--source', 'kraken'], /from kraken/, 2],
    ['JSON about what is on the screen', ['-', ...BTC, '--json'], /would both write/, 2],
  ] as const)('refuses %s', (_, args, says, code) =>
    inProject(async (folder) => {
      const before = readdirSync(folder).sort();
      const { exitCode, stdout, stderr } = await runCandor(['export', ...args], folder);
      expect(stderr).toMatch(says);
      expect([exitCode, stdout]).toEqual([code, '']);
      expect(readdirSync(folder).sort()).toEqual(before);
      expect(readFileSync(join(folder, GOOD), 'utf8')).toBe(CSV);
    }),
  );

  it('makes no database where there is none', () =>
    inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
      const { exitCode, stderr } = await runCandor(['export', 'x.csv', ...BTC], folder);
      expect(stderr).toContain('there is no database data/candor.sqlite yet');
      expect(exitCode).toBe(2);
      expect(existsSync(join(folder, 'data'))).toBe(false);
    }));
});
