import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { StudyTrial } from '../evidence/trial-lines.ts';

const TRIAL: StudyTrial = {
  kind: 'study',
  study: 'ninety-days',
  strategies: [
    { name: 'breakout', fileSha256: '1'.repeat(64), params: { lookback: 20 } },
    { name: 'ema-cross', fileSha256: '2'.repeat(64), params: {} },
  ],
  coins: ['BTC', 'ETH', 'SOL'],
  interval: '1h',
  fromMs: Date.UTC(2025, 3, 27),
  toMs: Date.UTC(2025, 6, 26),
  cell: { target: 2 },
  cells: 20,
  fingerprint: 'abc',
  source: 'hyperliquid',
  isSynthetic: false,
  gates: { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 },
  fees: { taker: 0.00045, maker: 0.00015 },
  slippageBps: 2,
  seed: 1,
  controls: { draws: 1000, seed: 1 },
  resultSha256: '3'.repeat(64),
};

/** A project in which this study was run twice, and once on the synthetic market. */
async function inProject(body: (folder: string, ledger: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
    const ledger = join(folder, 'backtests/trials.jsonl');
    const clock = fixedClock(Date.UTC(2025, 6, 27));
    for (const isSynthetic of [false, false, true]) appendTrial(ledger, { ...TRIAL, isSynthetic }, clock);
    await body(folder, ledger);
  });
}

describe.concurrent('candor trials', () => {
  it('lists every run, and counts a repeated one once', () =>
    inProject(async (folder) => {
      const { exitCode, stdout } = await runCandor(['trials'], folder);
      expect(exitCode).toBe(0);
      expect(stdout.split('\n').slice(1)).toEqual([
        '1  2025-07-27  ninety-days  BTC ETH SOL   2025-04-27 …       2         –',
        '                            1h            2025-07-26',
        '2  2025-07-27  ninety-days  BTC ETH SOL   2025-04-27 …       2         –',
        '                            1h            2025-07-26',
        '3  2025-07-27  ninety-days  BTC ETH SOL   synthetic          2         –',
        '                            1h            market',
        '3 runs on record; real candles: 2 distinct trials (40 with the heat maps)',
        'one more strategy on BTC, ETH, SOL, 2025-04-27 … 2025-07-26, would be',
        '  trial 3, in 3 clusters (2 counted without their returns);',
        '  the best of so many shows a Sharpe ratio of 0.09 a day by luck alone',
        'the chain is intact (backtests/trials.jsonl)',
        'lines cut off its end show here alone, and in git log -p: commit it',
        '',
      ]);
    }));

  it('lists a sweep with all of its combinations', () =>
    inProject(async (folder, ledger) => {
      const { kind: _, study, interval, cells, controls, gates, seed, ...common } = TRIAL;
      const sweep = { grid: {}, account: 'each-coin', combinations: 2160 } as const;
      appendTrial(
        ledger,
        { ...common, kind: 'sweep', sweep: study, ...sweep, intervals: [interval], identity: '4'.repeat(64) },
        fixedClock(Date.UTC(2025, 6, 28)),
      );
      const { stdout } = await runCandor(['trials'], folder);
      expect(stdout).toMatch(/^4 {2}2025-07-28 {2}ninety-days {2}BTC ETH SOL {3}2025-04-27 … {3}2,160 +–$/m);
      expect(stdout).toContain('4 runs on record; real candles: 2,162 distinct trials (2,200 with the heat maps)');
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }));

  it('fails on a ledger in which a line was changed, and says which', () =>
    inProject(async (folder, ledger) => {
      writeFileSync(ledger, readFileSync(ledger, 'utf8').replace('"cells":20', '"cells":1'));
      const { exitCode, stdout, stderr } = await runCandor(['trials'], folder);
      expect(exitCode).toBe(1);
      expect(stdout).toContain('the chain is broken: backtests/trials.jsonl, line 1: the line was changed');
      expect(stderr).toContain('Restore the file from git');
    }));

  it('of a new project is empty', async () => {
    await inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
      const { exitCode, stdout } = await runCandor(['trials', '--json'], folder);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        trials: [],
        seals: [],
        state: { intact: true },
        lost: [],
        next: null,
        real: { trials: 0, combinations: 0 },
        synthetic: { trials: 0, combinations: 0 },
      });
    });
  });
});
