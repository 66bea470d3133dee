import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { StudyTrial, TrialOutcome } from '../evidence/trial-lines.ts';

const HASH = '3'.repeat(64);
const KILLED: TrialOutcome = {
  ...{ word: 'KILL', ground: 'refuted', line: 'refuted: −0.24 R, at best −0.04 R' },
  ...{ trades: 132, expectancyR: -0.24, sharpeDaily: -0.1 },
};
const OPEN: TrialOutcome = {
  ...KILLED,
  word: 'NO VERDICT',
  ground: 'too-few-trades',
  line: 'too few trades: 12 of 113',
};

function trial(fileSha256: string, outcome?: TrialOutcome, overrides: Partial<StudyTrial> = {}): StudyTrial {
  return {
    ...{ kind: 'study', study: 'ninety-days', coins: ['BTC'], interval: '1h', cell: {}, cells: 1, fingerprint: 'f' },
    strategies: [{ name: 'breakout', fileSha256, params: {}, ...(outcome && { outcome }) }],
    ...{ fromMs: Date.UTC(2025, 3, 27), toMs: Date.UTC(2025, 6, 26), source: 'hyperliquid', isSynthetic: false },
    gates: { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 },
    fees: { taker: 0.00045, maker: 0.00015 },
    ...{ slippageBps: 2, seed: 1, controls: { draws: 1000, seed: 1 }, resultSha256: HASH },
    ...overrides,
  };
}

/** A fresh clone: the ledger and nothing else. */
async function inClone(trials: readonly StudyTrial[], body: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
    const clock = fixedClock(Date.UTC(2025, 6, 27));
    for (const one of trials) appendTrial(join(folder, 'backtests/trials.jsonl'), one, clock);
    await body(folder);
  });
}

describe.concurrent('candor verdicts', () => {
  it('knows every verdict in a fresh clone, and lays the killed to rest with their reasons', () =>
    inClone([trial(HASH, OPEN), trial(HASH, KILLED), trial(HASH, OPEN, { isSynthetic: true })], async (folder) => {
      const { stdout, exitCode } = await runCandor(['verdicts'], folder);
      expect(exitCode).toBe(0);
      expect(stdout.split('\n').slice(1, 5)).toEqual([
        'breakout *  KILL     2025-07-27     132  −0.24 R      2',
        '',
        'graveyard',
        '  breakout  refuted: −0.24 R, at best −0.04 R',
      ]);
      expect(stdout).toContain('* 1 file that is no more as judged: another strategy now');
    }));

  it('calls a strategy whose file changed another one, each with a history of its own', () =>
    inClone([trial('1'.repeat(64), KILLED), trial('2'.repeat(64), OPEN)], async (folder) => {
      writeFileSync(join(folder, 'strategies/breakout.ts'), 'export default 1;\n');
      const { stdout } = await runCandor(['verdicts', 'breakout'], folder);
      expect(stdout.match(/^breakout, file \w{12}: another strategy than the file of today$/gm)).toHaveLength(2);
      expect(stdout).toContain('\n\nbreakout, file ');
      expect(stdout).toMatch(/\n {2}#2: too few trades: 12 of 113\n$/);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      const json = JSON.parse((await runCandor(['verdicts', '--json'], folder)).stdout) as { strategies: unknown[] };
      expect(json.strategies).toMatchObject([
        { name: 'breakout', now: 'another file', latest: { line: 1, outcome: KILLED } },
        { name: 'breakout', now: 'another file', latest: { line: 2, outcome: OPEN } },
      ]);
    }));

  it('says of lines that are older than outcomes that they do not tell, and names a slip of the pen', () =>
    inClone([trial(HASH)], async (folder) => {
      const { stdout } = await runCandor(['verdicts'], folder);
      expect(stdout).toMatch(/^breakout \* {2}not told {2}2025-07-27 +– +– +1$/m);
      expect(stdout).toContain('lines that are older than outcomes');
      const unknown = await runCandor(['verdicts', 'brekaout'], folder);
      expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean breakout?') });
    }));
});
