import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  CONFIG,
  inDatabase,
  inProject,
  trialsOf,
  withRealCandles,
  withTodaysCandles,
} from '../../test/optimize-project.ts';
import { runCandor, startCandor } from '../../test/run-candor.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { fixedClock, systemClock } from '../domain/clock.ts';
import { DAY_MS } from '../domain/time.ts';
import { beginSchedule, listOptimizations } from '../optimize/optimization-store.ts';

describe('candor optimize, while it runs', () => {
  it(
    'makes up once what was missed, though two processes keep the schedule',
    () =>
      inProject(async (folder) => {
        await withTodaysCandles(folder, 130);
        // Somebody kept this schedule forty days ago, and has not been here since.
        const since = fixedClock(systemClock.nowMs() - 40 * DAY_MS);
        inDatabase(folder, (db) => beginSchedule(db, 'monthly', { schedule: '0 6 1 * *', timeZone: 'UTC' }, since));
        const keepers = [1, 2].map(() => startCandor(['--log-level', 'info', 'optimize', '--schedule'], folder));
        const said = keepers.map(({ child }) => {
          const lines: string[] = [];
          child.stderr?.on('data', (text) => lines.push(text));
          return lines;
        });
        const isWaiting = (lines: readonly string[]): boolean => /next on|is tried again/.test(lines.join(''));
        while (!said.every(isWaiting)) {
          for (const [i, { child }] of keepers.entries()) if (child.exitCode !== null) expect.fail(said[i]?.join(''));
          await sleep(100);
        }
        for (const { child } of keepers) child.kill('SIGTERM');
        const ends = await Promise.all(keepers.map(({ ended }) => ended));
        expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
        const runs = inDatabase(folder, listOptimizations);
        expect(runs).toHaveLength(1);
        expect(new Date(runs[0]?.scheduledMs ?? 0).toISOString()).toMatch(/-01T06:00:00\.000Z$/);
        expect(trialsOf(folder).trials).toHaveLength(1);
        expect(ends.map(({ stdout }) => stdout).join('')).toMatch(/ranked \d\w\w of 6/);
      }),
    120_000,
  );

  it('ends at once with Ctrl-C, keeps nothing, and can be run again', () =>
    inProject(async (folder) => {
      await withTodaysCandles(folder, 130);
      const { child, ended } = startCandor(['optimize'], folder);
      while (!existsSync(join(folder, 'data/candor.sqlite-optimizer'))) {
        if (child.exitCode !== null) expect.fail('it ended before it began');
        await sleep(20);
      }
      child.kill('SIGINT');
      const { exitCode, stderr } = await ended;
      expect(stderr).toContain('stopped: nothing is left half done, and the same command can be run again');
      expect(exitCode).toBe(130);
      expect(inDatabase(folder, listOptimizations)).toEqual([]);
      expect(trialsOf(folder).trials).toEqual([]);
      expect((await runCandor(['optimize', '--dry-run'], folder)).exitCode).toBe(0);
    }));
});

describeWithSharedData('candor optimize --schedule on real candles', () => {
  it(
    'keeps its schedule until it is stopped, and decides nothing on candles of long ago',
    () =>
      inProject(
        async (folder) => {
          await withRealCandles(folder);
          const { child, ended } = startCandor(['--log-level', 'info', 'optimize', '--schedule'], folder);
          let said = '';
          child.stderr?.on('data', (text) => {
            said += text;
          });
          while (!said.includes('is tried again in 1 min')) {
            if (child.exitCode !== null) expect.fail(said);
            await sleep(100);
          }
          child.kill('SIGTERM');
          const { exitCode } = await ended;
          expect(exitCode).toBe(0);
          expect(said).toContain("'*/1 * * * *' in Europe/Berlin");
          expect(said).toContain('the candles are too old to decide on');
          expect(said).toContain('BTC 1h ends at 2025-07-26T');
          expect(inDatabase(folder, listOptimizations)).toEqual([]);
        },
        { config: `${CONFIG}optimizer: { schedule: '*/1 * * * *', timeZone: Europe/Berlin }\n` },
      ),
    120_000,
  );
});
