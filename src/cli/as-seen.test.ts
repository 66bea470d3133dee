import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { HOUR_MS } from '../domain/time.ts';
import { readTrials } from '../evidence/trial-ledger.ts';
import { readReport } from '../report/read.ts';
import type { Report } from '../report/schema.ts';

const STRATEGY = fileURLToPath(new URL('../../strategies/breakout.ts', import.meta.url));
const RULES = 'cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5 }\n';
const STUDY = `
coins: [BTC]
interval: 1h
span: { days: 30 }
confirm: []
strategies: [breakout]
${RULES}controls: { draws: 100 }
`;
const SWEEP = `
coins: [BTC]
intervals: [1h]
span: { days: 30 }
strategies: [{ name: breakout, params: { lookback: [12, 24] } }]
${RULES}grid: { target: [1, 2] }
`;

const START_MS = Date.UTC(2025, 0, 1);
const HOURS = 24 * 50;
const FILE = 'hyperliquid_BTC_1h.csv';
/** Hours that the exchange is to correct: two of the span, and one long before it. */
const [FIRST, SECOND, EARLY] = [HOURS - 100, HOURS - 50, 3];

/** A slow wave in whole dollars; the candle of each corrected hour reached higher than was said at first. */
function candles(...corrected: number[]): string {
  const rows = Array.from({ length: HOURS }, (_, hour) => {
    const [open, close] = [hour, hour + 1].map((at) => Math.round(50_000 + 4_000 * Math.sin(at / 20) + (at % 7) * 90));
    const [low, high] = [
      Math.min(open as number, close as number) - 30,
      Math.max(open as number, close as number) + 30,
    ];
    return [START_MS + hour * HOUR_MS, open, corrected.includes(hour) ? high + 500 : high, low, close, 12];
  });
  return `t,o,h,l,c,v\n${rows.map((row) => `${row.join()}\n`).join('')}`;
}

/** A project whose only market is what the test imports. */
function inProject(body: (folder: string, deliver: (csv: string) => Promise<void>) => Promise<void>): Promise<void> {
  const files = {
    'backtests/small.yaml': STUDY,
    'backtests/sweeps/small.yaml': SWEEP,
    'config/candor.yaml': 'exchange: { apiUrl: "http://127.0.0.1:9" }\n',
    'strategies/.keep': '',
  };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    copyFileSync(STRATEGY, join(folder, 'strategies/breakout.ts'));
    await body(folder, async (csv) => {
      writeFileSync(join(folder, FILE), csv);
      expect(await runCandor(['import', FILE], folder)).toMatchObject({ exitCode: 0 });
    });
  });
}

async function study(folder: string, ...options: string[]): Promise<{ stdout: string; path: string; report: Report }> {
  const { exitCode, stdout, stderr } = await runCandor(['study', 'small', ...options], folder);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const path = /^as data +(.+)$/m.exec(stdout)?.[1] as string;
  return { stdout, path, report: readReport(join(folder, path)) };
}

describe('the values first seen', () => {
  it('are those of a study before any correction, whatever came later; and its report can be verified for ever', () =>
    inProject(async (folder, deliver) => {
      await deliver(candles());
      const before = await study(folder);
      expect(before.stdout).not.toContain('revised');
      expect(before.report.made.revised).toBeUndefined();
      await deliver(candles(FIRST, SECOND, EARLY));

      const final = await study(folder);
      expect(final.stdout).toContain('note: on final values (2 revised candles in the span; see --as-seen)\n');
      expect(final.report.data.fingerprint).not.toBe(before.report.data.fingerprint);
      expect(final.report.data).not.toHaveProperty('asSeen');
      expect(final.report.made.revised).toEqual([{ coin: 'BTC', interval: '1h', candles: 2 }]);

      const seen = await study(folder, '--as-seen');
      expect(seen.stdout).toContain('note: on the values first seen (2 revised candles in the span)\n');
      for (const line of seen.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(seen.report.data).toEqual({ ...before.report.data, asSeen: true });
      expect(seen.report.strategies).toEqual(before.report.strategies);
      expect(seen.report.resultHash).not.toBe(before.report.resultHash);
      const html = readFileSync(join(folder, seen.path.replace('.json', '.html')), 'utf8');
      expect(html).toContain('as they were first seen. Revised since they were first seen: BTC 1h: 2.');
      const { trials } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(trials.map(({ asSeen }) => asSeen)).toEqual([undefined, undefined, true]);
      expect((await runCandor(['trials'], folder)).stdout).toContain('as first seen');

      await deliver(candles(FIRST, EARLY));
      expect(await runCandor(['verify', seen.path], folder)).toMatchObject({ exitCode: 0 });
      const stale = await runCandor(['verify', before.path], folder);
      expect(stale.exitCode).toBe(1);
      expect(stale.stdout).toContain('their fingerprint differs');
      expect(stale.stdout).toContain('some of them have been revised since the report was made');
    }));

  it('make a sweep another one than the final values do, even where nothing was corrected', () =>
    inProject(async (folder, deliver) => {
      const sweep = async (...options: string[]): Promise<string> =>
        (await runCandor(['sweep', 'small', '--where', 'trades>=1', ...options], folder)).stdout;
      const identityIn = (text: string): unknown => (JSON.parse(text) as { identity: string }).identity;
      await deliver(candles());
      const plain = await sweep();
      expect(plain).not.toContain('first seen');
      expect(await sweep('--as-seen', '--show')).toBe('');
      const seen = await sweep('--as-seen');
      expect(seen).toContain('candles from hyperliquid as first seen\n');
      expect(seen).toContain('note: on the values first seen (0 revised candles in the span)\n');
      expect(seen).toContain("'candor sweep small --show --as-seen' reads it again");
      const both = [await sweep('--show', '--json'), await sweep('--show', '--as-seen', '--json')].map(identityIn);
      expect(new Set(both).size).toBe(2);
      expect(await sweep('--show', '--as-seen')).toContain('as first seen');
      const resumed = await runCandor(['sweep', 'small', '--resume', '--as-seen'], folder);
      expect(resumed.stderr).toMatch(/^(\d+) of \1 combinations are stored already/m);
      const { trials } = readTrials(join(folder, 'backtests/trials.jsonl'));
      expect(trials.map(({ asSeen }) => asSeen)).toEqual([undefined, true]);
      const [html] = globSync('backtests/results/*.html', { cwd: folder }).filter((path) =>
        readFileSync(join(folder, path), 'utf8').includes('on the values first seen'),
      );
      expect(html).toBeDefined();
    }));

  it('are not asked of a market that is made up', () =>
    inProject(async (folder) => {
      for (const command of ['study', 'sweep']) {
        const { exitCode, stderr } = await runCandor([command, 'small', '--as-seen', '--synthetic'], folder);
        expect(exitCode).toBe(2);
        expect(stderr).toContain('--as-seen and --synthetic do not go together');
      }
      const away = await runCandor(['study', 'small', '--as-seen'], folder);
      expect(away.exitCode).toBe(1);
      expect(away.stderr).toContain('the exchange cannot be reached');
    }));
});
