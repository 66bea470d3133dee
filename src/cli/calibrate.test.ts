import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import type { CalibrationSummary } from '../evidence/calibration-summary.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const STUDY = `
coins: [BTC, ETH]
interval: 1h
span: { days: 40 }
strategies: [{ name: breakout-volume, choose: { lookback: [20, 30] } }, dip-in-uptrend]
cell: { stop: 2 %, target: 2, maxHold: 48, sizing: { riskFraction: 1 % }, leverage: 5 }
controls: { draws: 100 }
`;

function inProject(study: string, body: (folder: string) => Promise<void>): Promise<void> {
  return inTemporaryFolder({ 'backtests/calibration.yaml': study, 'strategies/.keep': '' }, async (folder) => {
    linkCandor(folder);
    for (const path of globSync('strategies/*.ts', { cwd: ROOT })) copyFileSync(join(ROOT, path), join(folder, path));
    await body(folder);
  });
}

function storedIn(folder: string): string {
  const [path] = globSync('data/calibration/*.jsonl', { cwd: folder });
  if (path === undefined) throw new Error('nothing is stored');
  return join(folder, path);
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('candor calibrate', () => {
  it('judges the judge on markets of each world, and goes on with what is stored to the same answer', () =>
    inProject(STUDY, async (folder) => {
      const whole = await runCandor(['calibrate', '--markets', '2'], folder);
      expect(whole.stderr).toContain('real candles are left out: none are stored\n');
      expect(whole.exitCode).toBe(0);
      for (const line of whole.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(whole.stdout).toMatch(/^synthetic, no edge +[01] of 2 /m);
      expect(whole.stdout).toMatch(/^0\.6 % .* of 1 /m);
      expect(whole.stdout).toMatch(/^rotation +\d/m);
      expect(whole.stdout).not.toContain('NaN');
      const path = storedIn(folder);
      const lines = linesOf(path);
      expect(lines).toHaveLength(4);

      // A crash in the middle of a line, two markets before the end.
      writeFileSync(path, `${lines.slice(0, 2).join('\n')}\n${lines[2]?.slice(0, 20)}`);
      const args = ['calibrate', '--markets', '2', '--resume', '--json', '--pictures', 'drawn'];
      const resumed = await runCandor(args, folder);
      expect(new Set(linesOf(path).map(withoutCost))).toEqual(new Set(lines.map(withoutCost)));
      const summary = JSON.parse(resumed.stdout) as CalibrationSummary;
      expect(summary.falseKeeps.map(({ world, kept }) => [world, kept.of])).toEqual([['no-edge', 2]]);
      expect(summary.power.map(({ edge, found }) => [edge, found.of])).toEqual([
        [0.006, 1],
        [0.012, 1],
      ]);
      for (const name of ['power', 'gates']) {
        expect(readFileSync(join(folder, `drawn/calibration-${name}.svg`), 'utf8')).toMatch(
          /^<svg xmlns[\s\S]*<\/svg>\n$/,
        );
      }

      const other = await runCandor(['calibrate', '--markets', '1', '--seed', '2', '--resume'], folder);
      expect(other.stdout).toContain('seed 2');
      expect(globSync('data/calibration/*.jsonl', { cwd: folder })).toHaveLength(2);
    }));

  it('keeps what is done when it is stopped, and says how to go on', () =>
    inProject(STUDY, async (folder) => {
      const { child, ended } = startCandor(['calibrate', '--markets', '500'], folder);
      const isStored = (): boolean => globSync('data/calibration/*.jsonl', { cwd: folder }).length > 0;
      while (!isStored()) await new Promise((resolve) => setTimeout(resolve, 50));
      child.kill('SIGINT');
      const { exitCode, stderr, stdout } = await ended;
      expect(exitCode).toBe(130);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/\d of 1000 markets are stored; the same command with --resume goes on from there\n/);
      for (const line of linesOf(storedIn(folder))) expect(() => JSON.parse(line)).not.toThrow();
    }));

  it('refuses a study in which nothing can be found', async () => {
    await inProject(
      STUDY.replace('{ name: breakout-volume, choose: { lookback: [20, 30] } }, ', ''),
      async (folder) => {
        const { exitCode, stderr } = await runCandor(['calibrate'], folder);
        expect(stderr).toContain("the study 'calibration' does not judge breakout-volume\n");
        expect(exitCode).toBe(2);
        expect(existsSync(join(folder, 'data/calibration'))).toBe(false);
      },
    );
    await inProject(STUDY.replace('{ days: 40 }', '{ from: 2025-04-01, to: 2025-07-01 }'), async (folder) => {
      const { stderr } = await runCandor(['calibrate'], folder);
      expect(stderr).toContain('asks for certain dates, and made-up markets have none\n');
    });
  });
});

/** A market without what it cost, which is another number every time. */
function withoutCost(line: string): string {
  return line.replace(/,"cpuMs":\d+/, '');
}
