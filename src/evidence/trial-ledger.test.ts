import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { fixedClock } from '../domain/clock.ts';
import { DAY_MS } from '../domain/time.ts';
import { appendTrial, readTrials } from './trial-ledger.ts';
import type { StudyTrial, SweepTrial } from './trial-lines.ts';
import { countTrials, trialsTouching } from './trials.ts';

const HASH = 'ab'.repeat(32);
const clock = fixedClock(Date.UTC(2026, 0, 2));
const base: StudyTrial = {
  kind: 'study',
  study: 'ninety-days',
  strategies: [{ name: 'breakout', fileSha256: HASH, params: { lookback: 20 } }],
  coins: ['BTC', 'ETH'],
  interval: '1h',
  fromMs: 0,
  toMs: 90 * DAY_MS,
  cell: { stop: { fraction: 0.02 }, target: 2 },
  cells: 20,
  fingerprint: 'f1',
  source: 'hyperliquid',
  isSynthetic: false,
  gates: { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 },
  fees: { taker: 0.00045, maker: 0.00015 },
  slippageBps: 2,
  seed: 1,
  controls: { draws: 1000, seed: 1 },
  resultSha256: HASH,
};

const sweep: SweepTrial = {
  kind: 'sweep',
  sweep: 'breakout-volume',
  strategies: [{ name: 'breakout-volume', fileSha256: HASH, params: { lookback: [10, 20, 30] } }],
  coins: ['SOL'],
  intervals: ['30m', '1h'],
  fromMs: 0,
  toMs: 90 * DAY_MS,
  cell: { stop: { fraction: 0.02 } },
  grid: { target: ['1 R', '2 R'] },
  account: 'each-coin',
  combinations: 12,
  fingerprint: 'f1',
  source: 'hyperliquid',
  isSynthetic: false,
  fees: { taker: 0.00045, maker: 0.00015 },
  slippageBps: 2,
  identity: HASH,
  resultSha256: HASH,
};

function inLedger<T>(trials: readonly Partial<StudyTrial>[], body: (path: string) => T): T {
  return inTemporaryFolder({}, (folder) => {
    const path = join(folder, 'backtests', 'trials.jsonl');
    for (const trial of trials) appendTrial(path, { ...base, ...trial }, clock);
    return body(path);
  });
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');
const studies = [{ study: 'one' }, { study: 'two' }, { study: 'three' }];

describe('a chain of lines', () => {
  test('a ledger that is not there yet is empty', () => {
    expect(readTrials('/nowhere/trials.jsonl')).toEqual({ lines: [], trials: [], state: { intact: true } });
  });

  test('each line carries its number, its time, and the hash of the one before', () =>
    inLedger(studies, (path) => {
      const { trials, state } = readTrials(path);
      expect(state).toEqual({ intact: true });
      expect(trials.map((trial) => [trial.kind === 'study' && trial.study, trial.sequence])).toEqual([
        ['one', 1],
        ['two', 2],
        ['three', 3],
      ]);
      expect(trials.map(({ recordedAtMs }) => recordedAtMs)).toEqual(Array(3).fill(clock.nowMs()));
      expect(trials[0]?.previous).toBe('0'.repeat(64));
      expect(trials[2]?.previous).toBe(trials[1]?.hash);
    }));

  const damages: [string, (lines: string[]) => string[], number, string][] = [
    ['a line that was changed', ([a, b, c]) => [a, b?.replace('two', 'owt'), c] as string[], 2, 'changed'],
    ['the last line changed', ([a, b, c]) => [a, b, c?.replace('"target":2', '"target":3')] as string[], 3, 'changed'],
    ['a line that was removed', ([a, , c]) => [a, c] as string[], 2, 'does not follow'],
    ['the first line removed', ([, b, c]) => [b, c] as string[], 1, 'does not follow'],
    ['two lines in the wrong order', ([a, b, c]) => [b, a, c] as string[], 1, 'does not follow'],
    ['a conflict of git left in', ([a, b, c]) => [a, '<<<<<<< HEAD', b, c] as string[], 2, 'no line of a trial ledger'],
  ];
  test.each(damages)('%s is found, and the rest is read all the same', (_, damage, line, reason) =>
    inLedger(studies, (path) => {
      const damaged = damage(linesOf(path));
      writeFileSync(path, `${damaged.join('\n')}\n`);
      const { trials, state } = readTrials(path);
      expect(state).toMatchObject({ intact: false, brokenAtLine: line });
      expect(state).toHaveProperty('reason', expect.stringContaining(reason));
      expect(trials).toHaveLength(damaged.filter((text) => text.startsWith('{')).length);
    }),
  );

  test('a changed line cannot be mended by hashing it anew: the next one still names the old hash', () =>
    inLedger(studies, (path) => {
      const [first, , third] = linesOf(path);
      inLedger([{ study: 'one' }, { study: 'forged' }], (other) => {
        writeFileSync(path, `${[first, linesOf(other)[1], third].join('\n')}\n`);
      });
      expect(readTrials(path).state).toMatchObject({ intact: false, brokenAtLine: 3 });
    }));
});

describe('a crash in the middle of a line', () => {
  test('is named with what to do; the chain goes on, and is whole again without the torn line', () =>
    inLedger(studies.slice(0, 2), (path) => {
      const [first] = linesOf(path);
      appendFileSync(path, (first as string).slice(0, 100));
      expect(readTrials(path).state).toEqual({
        intact: false,
        brokenAtLine: 3,
        reason: 'the last line was cut off while it was written',
        hint: 'Delete that line; what it was for is not on record, and can be run again.',
      });
      appendTrial(path, { ...base, study: 'after the crash' }, clock);
      expect(readTrials(path)).toMatchObject({ state: { brokenAtLine: 3 }, trials: { length: 3 } });

      writeFileSync(path, `${linesOf(path).toSpliced(2, 1).join('\n')}\n`);
      const mended = readTrials(path);
      expect(mended.state).toEqual({ intact: true });
      expect(mended.trials.at(-1)).toMatchObject({ study: 'after the crash', sequence: 3 });
    }));

  test('an editor that took the last line break away did no harm', () =>
    inLedger(studies.slice(0, 2), (path) => {
      writeFileSync(path, linesOf(path).join('\n'));
      expect(readTrials(path).state).toEqual({ intact: true });
      appendTrial(path, { ...base, study: 'three' }, clock);
      expect(readTrials(path)).toMatchObject({ state: { intact: true }, trials: { length: 3 } });
    }));
});

const program = (path: string, count: number): string => `
  import { appendTrial } from ${JSON.stringify(fileURLToPath(new URL('./trial-ledger.ts', import.meta.url)))};
  import { systemClock } from ${JSON.stringify(fileURLToPath(new URL('../domain/clock.ts', import.meta.url)))};
  try {
    for (let i = 0; i < ${count}; i++) appendTrial(${JSON.stringify(path)}, ${JSON.stringify(base)}, systemClock);
  } catch (error) {
    process.stdout.write(JSON.stringify({ message: error.message, hint: error.hint }));
  }`;
const node = (path: string, count: number): [string, string[]] => [
  process.execPath,
  ['--input-type=module-typescript', '--eval', program(path, count)],
];

describe('other processes, and the disk', () => {
  test('four processes that write at once lose nothing and break nothing', () =>
    inTemporaryFolder({}, async (folder) => {
      const path = join(folder, 'trials.jsonl');
      await Promise.all([1, 2, 3, 4].map(() => promisify(execFile)(...node(path, 15))));
      const { trials, state } = readTrials(path);
      expect(state).toEqual({ intact: true });
      expect(trials.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    }));

  test('a process that died with the lock leaves no lock behind', () =>
    inLedger(studies, (path) => {
      const die = `import Database from 'better-sqlite3';
        new Database(${JSON.stringify(`${path}.lock`)}).exec('BEGIN EXCLUSIVE');
        process.kill(process.pid, 'SIGKILL');`;
      expect(() => execFileSync(process.execPath, ['--input-type=module', '--eval', die])).toThrow('SIGKILL');
      expect(existsSync(`${path}.lock`)).toBe(true);
      expect(appendTrial(path, base, clock).sequence).toBe(4);
    }));

  test('a folder that cannot be made is named', () =>
    inTemporaryFolder({ backtests: 'a file where the folder should be' }, (folder) => {
      const path = join(folder, 'backtests', 'trials.jsonl');
      expect(() => appendTrial(path, base, clock)).toThrow(`the trial could not be written to ${path} (EEXIST)`);
    }));

  test('a lock that is held is said to be held', () =>
    inLedger(studies, (path) => {
      const holder = new Database(`${path}.lock`);
      holder.exec('BEGIN EXCLUSIVE');
      expect(() => appendTrial(path, base, clock, 50)).toThrow('is locked by another process');
      holder.close();
      expect(linesOf(path)).toHaveLength(3);
    }));

  // `ulimit -f 1` lets a file grow to one block of 512 or 1,024 bytes: writing fails in the middle of a line, as on a
  // full disk.
  test('a full disk leaves the ledger as it was', () =>
    inLedger([{ study: 'one' }], (path) => {
      const before = readFileSync(path, 'utf8');
      expect(statSync(path).size).toBeLessThan(1024);
      const [command, args] = node(path, 1);
      const said = execFileSync('sh', ['-c', 'ulimit -f 1; exec "$0" "$@"', command, ...args], { encoding: 'utf8' });
      expect(JSON.parse(said)).toMatchObject({
        message: expect.stringContaining('the trial could not be written'),
        hint: expect.stringContaining('The ledger is as it was. Make room'),
      });
      expect(readFileSync(path, 'utf8')).toBe(before);
    }));
});

describe('counting', () => {
  test('the same strategy, params, cell and data count once, however often they are run', () => {
    const [breakout] = base.strategies;
    if (breakout === undefined) throw new Error('no strategy');
    const variants: Partial<StudyTrial>[] = [
      {},
      { study: 'the same under another name' },
      { cell: { target: 2, stop: { fraction: 0.02 } } },
      { cell: { target: 2, stop: { fraction: 0.02 }, aRuleThatCameLater: null } },
      { strategies: [{ ...breakout, params: { lookback: 30 } }] },
      { strategies: [{ ...breakout, fileSha256: 'cd'.repeat(32) }, breakout] },
      { cell: { stop: { fraction: 0.03 }, target: 2 }, cells: 1 },
      { fingerprint: 'f2' },
    ];
    inLedger(variants, (path) => {
      expect(countTrials(readTrials(path).trials)).toEqual({ trials: 5, combinations: 4 * 20 + 1 });
    });
  });

  test('overlap is by time and coin, whatever the source and the fingerprint', () =>
    inLedger([{}, { source: 'binance', fingerprint: 'f2' }, { isSynthetic: true }], (path) => {
      const { trials } = readTrials(path);
      const touching = (coins: string[], fromDay: number, toDay: number, isSynthetic = false): number =>
        trialsTouching(trials, { coins, fromMs: fromDay * DAY_MS, toMs: toDay * DAY_MS, isSynthetic }).length;
      expect(touching(['ETH'], 80, 120)).toBe(2);
      expect(touching(['SOL'], 80, 120)).toBe(0);
      expect(touching(['ETH'], 90, 120)).toBe(0);
      expect(touching(['ETH'], 80, 120, true)).toBe(1);
    }));
});

describe('sweeps in the ledger', () => {
  test('stand in the same chain as studies, and every combination is a trial, once', () =>
    inLedger([base], (path) => {
      const byNewerCode = { ...sweep, identity: 'cd'.repeat(32) };
      for (const trial of [sweep, byNewerCode, { ...sweep, fingerprint: 'f2', combinations: 5 }]) {
        appendTrial(path, trial, clock);
      }
      appendTrial(path, base, clock);
      const { trials, state } = readTrials(path);
      expect(state).toEqual({ intact: true });
      expect(trials.map(({ kind }) => kind)).toEqual(['study', 'sweep', 'sweep', 'sweep', 'study']);
      expect(countTrials(trials)).toEqual({ trials: 1 + 12 + 5, combinations: 20 + 12 + 5 });
      const stretch = { coins: ['SOL'], fromMs: DAY_MS, toMs: 2 * DAY_MS, isSynthetic: false };
      expect(trialsTouching(trials, stretch).map(({ kind }) => kind)).toEqual(['sweep', 'sweep', 'sweep']);
    }));
});
