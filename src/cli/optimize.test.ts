import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor, startCandor } from '../../test/run-candor.ts';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import { fixedClock, systemClock } from '../domain/clock.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { appendTrial, readTrials } from '../evidence/trial-ledger.ts';
import { countTrials } from '../evidence/trials.ts';
import { inTransaction, type MarketDatabase, openDatabase } from '../market/database.ts';
import { claimAlone } from '../market/sole-claim.ts';
import { incumbentOf, legState, listPending, recordChange } from '../optimize/incumbent.ts';
import { beginSchedule, listOptimizations } from '../optimize/optimization-store.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Nobody listens there, so the exchange is out of reach at once. */
const CONFIG = 'exchange: { apiUrl: "http://127.0.0.1:9" }\n';
const SMALL = `
strategies: [{ name: breakout-volume, params: { lookback: [10, 20, 40], surge: [1, 1.5] } }]
coins: [BTC, ETH, SOL]
interval: 1h
cell: { stop: 2 %, target: 2, maxHold: 24, sizing: { riskFraction: 1 % }, leverage: 5, maxOpen: 3 }
windows: { trainDays: 30, testDays: 20, folds: 4 }
controls: { draws: 100 }
`;

/** A project of its own: what is optimised there is no trial of this one. */
function inProject(
  body: (folder: string) => Promise<void>,
  { file = SMALL, config = CONFIG }: { file?: string; config?: string } = {},
): Promise<void> {
  const files = { 'backtests/optimize/monthly.yaml': file, 'config/candor.yaml': config, 'strategies/.keep': '' };
  return inTemporaryFolder(files, async (folder) => {
    linkCandor(folder);
    for (const path of globSync('strategies/*.ts', { cwd: ROOT })) copyFileSync(join(ROOT, path), join(folder, path));
    await body(folder);
  });
}

async function withRealCandles(folder: string): Promise<void> {
  const files = ['BTC', 'ETH', 'SOL'].map((coin) => sharedData(`candles/hyperliquid_${coin}_1h.csv.gz`));
  expect((await runCandor(['import', ...files], folder)).exitCode).toBe(0);
}

/** The synthetic market, as if it were today's: as many days as there are asked for, up to the last full hour. */
async function withTodaysCandles(folder: string, days: number): Promise<void> {
  const source = syntheticCandles({ coins: ['BTC', 'ETH', 'SOL'], intervals: ['1h'], days, seed: 2 });
  const endMs = Math.floor(systemClock.nowMs() / HOUR_MS) * HOUR_MS;
  for (const coin of ['BTC', 'ETH', 'SOL']) {
    const { firstOpenMs, lastCloseMs } = source.span(coin, '1h');
    const columns = source.candles(coin, '1h', firstOpenMs, lastCloseMs);
    const rows = Array.from({ length: columns.length }, (_, row) => {
      const { open, high, low, close, volume } = columns;
      const values = [open, high, low, close, volume].map((column) => column[row]);
      return [endMs - (columns.length - row) * HOUR_MS, ...values].join(',');
    });
    writeFileSync(join(folder, `hyperliquid_${coin}_1h.csv`), `${['t,o,h,l,c,v', ...rows].join('\n')}\n`);
  }
  const files = ['BTC', 'ETH', 'SOL'].map((coin) => `hyperliquid_${coin}_1h.csv`);
  const { exitCode, stderr } = await runCandor(['import', ...files], folder);
  expect(exitCode, stderr).toBe(0);
}

function inDatabase<T>(folder: string, body: (db: MarketDatabase) => T): T {
  const db = openDatabase(join(folder, 'data/candor.sqlite'));
  try {
    return body(db);
  } finally {
    db.close();
  }
}

const trialsOf = (folder: string) => readTrials(join(folder, 'backtests/trials.jsonl'));
const ON = { strategy: 'breakout-volume', interval: '1h' } as const;

/** As the optimizer would have left it, had it found something. */
function swapTo(folder: string, params: Readonly<Record<string, number>>): void {
  const swap = { ...ON, kind: 'swap', params, fileSha256: 'f', isTrading: true, optimization: null } as const;
  inDatabase(folder, (db) =>
    inTransaction(db, () => recordChange(db, swap, ['BTC', 'ETH', 'SOL'], fixedClock(1_750_000_000_000))),
  );
}

describe('candor optimize', () => {
  it('shows on the synthetic market what it would decide, keeps nothing, and puts that on record', () =>
    inProject(async (folder) => {
      const { stdout, stderr, exitCode } = await runCandor(['optimize', '--synthetic'], folder);
      expect(stderr).toBe('');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('SYNTHETIC MARKET, made up: monthly: breakout-volume on BTC, ETH, SOL 1h');
      expect(stdout).toMatch(/^6 candidates, every combination of its params; 4 folds: train 30 days, leave out$/m);
      expect(stdout).toMatch(/^ranked \d\w\w of 6; .+: kept$/m);
      expect(stdout).toContain('Its own verdict\nis KEEP');
      expect(stdout).toContain('Invented candles decide nothing');
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
      const { trials, state } = trialsOf(folder);
      expect(state.intact).toBe(true);
      expect(trials).toMatchObject([
        { kind: 'optimization', optimization: 'monthly', combinations: 6, isSynthetic: true, decision: 'kept' },
      ]);
      expect(existsSync(join(folder, 'data/candor.sqlite'))).toBe(false);
    }));

  it('swaps what was planted for what is chosen badly, when nothing but the incumbent is changed', () =>
    inProject(
      async (folder) => {
        // The incumbent is asked for in the file of the strategy: breakouts of ten candles on hardly any volume.
        const path = join(folder, 'strategies/breakout-volume.ts');
        const text = readFileSync(path, 'utf8')
          .replace('default: 20', 'default: 200')
          .replace('default: 1.5', 'default: 0');
        writeFileSync(path, text);
        const { stdout } = await runCandor(['optimize', '--synthetic', '--json'], folder);
        const [report] = JSON.parse(stdout);
        expect(report.incumbent.params).toEqual({ lookback: 200, surge: 0 });
        expect(report.decision.word).toBe('swapped');
        expect(report.decision.conditions.map((one: { holds: boolean }) => one.holds)).toEqual([true, true, true]);
        expect(report.decision.story).toMatch(/^ranked 7th of 7; best \+.+; its verdict KEEP: swapped$/);
      },
      { file: SMALL.replace('draws: 100', 'draws: 200') },
    ));

  it.each([
    [['--history', '--rollback'], '--history and --rollback do not go together'],
    [['--schedule', '--dry-run'], '--schedule and --dry-run do not go together'],
    [['--schedule', '--synthetic'], '--schedule and --synthetic do not go together'],
    [['--rollback', '--workers', '2'], '--rollback and --workers do not go together'],
    [['--strategy', 'breakout-volum'], "'monthly' does not optimise 'breakout-volum'\nDid you mean breakout-volume?"],
    [['montly'], "there is no optimisation 'montly' in backtests/optimize/\nDid you mean monthly?"],
    [['--history'], 'there is no database data/candor.sqlite yet'],
    [['--rollback'], 'there is no swap to take back'],
  ])('refuses %j', (args, message) =>
    inProject(async (folder) => {
      const { stderr, exitCode } = await runCandor(['optimize', ...args], folder);
      expect(stderr).toContain(`error: ${message}`);
      expect(exitCode).toBe(2);
      expect(trialsOf(folder).trials).toEqual([]);
    }),
  );

  it('invents no candles to decide on', () =>
    inProject(async (folder) => {
      const { stderr, exitCode } = await runCandor(['optimize'], folder);
      expect(stderr).toContain('error: no candles are stored, and the exchange cannot be reached');
      expect(stderr).toContain('missing: BTC 1h, ETH 1h, SOL 1h');
      expect(exitCode).toBe(1);
    }));

  it.each([
    [
      'nothing to choose',
      'long: ({ close, open }) => ({ up: close.gt(open) })',
      "there is nothing to choose for 'mine'",
    ],
    ['a broken file', 'long: ({ close }) => ({ up: close.gt(', 'strategies/mine.ts:2 cannot be loaded'],
  ])('says what is wrong with a strategy: %s', (_, side, message) =>
    inProject(
      async (folder) => {
        const head = "import { defineStrategy } from 'candor';\nexport default defineStrategy({ name: 'mine',";
        const text = `${head} thesis: 'continuation', summary: 'Mine.', params: {}, ${side} });\n`;
        writeFileSync(join(folder, 'strategies/mine.ts'), text);
        const { stderr, exitCode } = await runCandor(['optimize', '--synthetic'], folder);
        expect(stderr).toContain(`error: ${message}`);
        expect(exitCode).toBeGreaterThan(0);
      },
      { file: SMALL.replace(/strategies: .*/, 'strategies: [mine]') },
    ),
  );

  it('names the nearest strategy, and the nearest param', () =>
    inProject(
      async (folder) => {
        const unknown = await runCandor(['optimize', '--synthetic'], folder);
        expect(unknown.stderr).toContain("error: unknown strategy 'breakout-volum'");
        expect(unknown.stderr).toContain('Did you mean breakout-volume');
        writeFileSync(join(folder, 'backtests/optimize/monthly.yaml'), SMALL.replace('surge:', 'surg:'));
        const param = await runCandor(['optimize', '--synthetic'], folder);
        expect(param.stderr).toContain("error: 'breakout-volume' has no param 'surg'\nDid you mean surge?");
        expect(param.exitCode).toBe(2);
      },
      { file: SMALL.replace('breakout-volume', 'breakout-volum') },
    ));

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

  it('leaves a database of a newer Candor as it is', () =>
    inProject(async (folder) => {
      await withTodaysCandles(folder, 2);
      inDatabase(folder, (db) => db.pragma('user_version = 999'));
      for (const task of ['--dry-run', '--history', '--rollback', '--schedule']) {
        const { stderr, exitCode } = await runCandor(['optimize', task], folder);
        expect(stderr).toContain('was written by a newer Candor');
        expect(exitCode).toBe(1);
      }
    }));

  it('refuses a schedule that is none, with its line, and one that never comes', () =>
    inProject(
      async (folder) => {
        const { stderr, exitCode } = await runCandor(['optimize', '--schedule'], folder);
        expect(stderr).toContain("line 2: optimizer.schedule: 'now and then' is no schedule");
        expect(exitCode).toBe(2);
      },
      { config: `${CONFIG}optimizer: { schedule: now and then }\n` },
    ));
});

describeWithSharedData('candor optimize on real candles', () => {
  it('stands the default strategy down, tells why, and takes it back only as far as there was a swap', () =>
    inProject(async (folder) => {
      await withRealCandles(folder);
      const dry = await runCandor(['optimize', '--dry-run'], folder);
      expect(dry.stdout).toContain('A dry run: nothing was kept but its line in the trial ledger.');
      expect(inDatabase(folder, listOptimizations)).toEqual([]);

      const { stdout, exitCode } = await runCandor(['optimize'], folder);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^ranked \d\w\w of 6; best .+:\sstood down$/m);
      expect(stdout).toMatch(/^note: the newest day is \d+ days old: 'candor ingest' first$/m);
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
      const [run] = inDatabase(folder, listOptimizations);
      expect(run).toMatchObject({
        scheduledMs: null,
        report: { decision: { word: 'stood down' }, sets: { length: 6 } },
      });
      expect(run?.report.provenance.versions['candor']).toBe('0.1.0');
      expect(inDatabase(folder, (db) => legState(db, { ...ON, coin: 'BTC' }))).toMatchObject({
        inForce: { isTrading: true },
        pending: { isTrading: false },
        mayEnter: false,
      });
      // Twice the same on the same candles is one try.
      expect(countTrials(trialsOf(folder).trials)).toEqual({ trials: 6, combinations: 6 });
      expect(trialsOf(folder).trials).toHaveLength(2);

      const again = await runCandor(['optimize'], folder);
      expect(again.stdout).toMatch(/:\sstays stood down$/m);
      const history = await runCandor(['optimize', '--history'], folder);
      expect(history.stdout).toMatch(/^decided +strategy +what came of it$/m);
      expect(history.stdout.match(/stood down/g)).toHaveLength(2);
      expect(history.stdout).toContain('pending: SOL breakout-volume 1h, when flat: its defaults, not trading');
      for (const line of history.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
      const rollback = await runCandor(['optimize', '--rollback'], folder);
      expect(rollback.stderr).toContain('error: there is no swap to take back');
    }));

  it('starts from what was swapped last, and rolls it back on record', () =>
    inProject(async (folder) => {
      await withRealCandles(folder);
      swapTo(folder, { lookback: 40, surge: 1 });
      const { stdout } = await runCandor(['optimize', '--dry-run', '--json'], folder);
      const [report] = JSON.parse(stdout);
      expect(report.incumbent).toMatchObject({ params: { lookback: 40, surge: 1 }, isDefault: false });
      expect(report.warnings).toContain(
        "the strategy's file has changed since the params that it trades with were chosen",
      );
      const rollback = await runCandor(['optimize', '--rollback'], folder);
      expect(rollback.stdout).toContain('breakout-volume 1h: swap 1 is taken back, on record');
      expect(inDatabase(folder, (db) => incumbentOf(db, ON))).toMatchObject({ params: null, isTrading: true });
      expect(inDatabase(folder, listPending)).toMatchObject([{ coin: 'BTC' }, { coin: 'ETH' }, { coin: 'SOL' }]);
      const history = await runCandor(['optimize', '--history'], folder);
      expect(history.stdout).toContain('rolled back to its defaults');

      swapTo(folder, { lookbak: 40 });
      const unfit = await runCandor(['optimize', '--dry-run'], folder);
      expect(unfit.stderr).toContain(
        "error: the params that 'breakout-volume' trades with do not fit its file any more",
      );
      expect(unfit.stderr).toContain('candor optimize --rollback --strategy breakout-volume');
    }));

  it('says how many days the windows take, and how many there are', () =>
    inProject(
      async (folder) => {
        await withRealCandles(folder);
        const { stderr, exitCode } = await runCandor(['optimize', '--dry-run'], folder);
        expect(stderr).toMatch(/^error: the windows of 'monthly' take 431 days, and there are 32\d$/m);
        expect(stderr).toContain('train 30 + embargo 1 + 20 folds × test 20 = 431 days');
        expect(stderr).toMatch(/stored: BTC 1h, 2024-09-04T\d\d:00Z to 2025-07-26T/);
        expect(stderr).toContain('or fewer folds: folds: 14 would fit');
        expect(exitCode).toBe(1);
        expect(trialsOf(folder).trials).toEqual([]);
      },
      { file: SMALL.replace('folds: 4', 'folds: 20') },
    ));

  it('stops at a seal, and says so', () =>
    inProject(async (folder) => {
      await withRealCandles(folder);
      const seal = { kind: 'seal', fromMs: Date.UTC(2025, 6, 1), seenBy: 0 } as const;
      appendTrial(join(folder, 'backtests/trials.jsonl'), seal, fixedClock(1_750_000_000_000));
      const { stdout, stderr } = await runCandor(['optimize', '--dry-run'], folder);
      expect(stderr).toContain('BTC, ETH, SOL: what follows 2025-07-01T00:00Z is sealed and left out');
      expect(stdout).toContain('2025-03-12T00:00Z to 2025-07-01T00:00Z, candles from hyperliquid');
      expect(stdout).not.toContain('days old');
      expect(trialsOf(folder).trials).toMatchObject([{ kind: 'optimization', toMs: Date.UTC(2025, 6, 1) }]);
    }));

  it('goes on with the others when one strategy is broken, and fails in the end', () =>
    inProject(
      async (folder) => {
        await withRealCandles(folder);
        writeFileSync(join(folder, 'strategies/breakout.ts'), 'export default 7;\n');
        const { stdout, stderr, exitCode } = await runCandor(['optimize', '--dry-run'], folder);
        expect(stderr).toContain('error: strategies/breakout.ts does not export a strategy by default');
        expect(stdout).toContain('monthly: breakout-volume on BTC, ETH, SOL 1h');
        expect(exitCode).toBe(1);
      },
      { file: SMALL.replace('[{', '[breakout, {') },
    ));

  it('decides nothing while another process does, but shows and tries', () =>
    inProject(async (folder) => {
      await withRealCandles(folder);
      const db = openDatabase(join(folder, 'data/candor.sqlite'));
      const refusal = (): Error => new Error('not here');
      const claim = claimAlone(db, { role: 'optimizer', refusal: refusal as never }, fixedClock(1_750_000_000_000));
      const { stderr, exitCode } = await runCandor(['optimize'], folder);
      expect(stderr).toContain(`process ${process.pid}, since 2025-06-15T15:06:40Z`);
      expect(stderr).toContain('error: another optimiser is at work on ');
      expect(exitCode).toBe(1);
      expect((await runCandor(['optimize', '--dry-run'], folder)).exitCode).toBe(0);
      claim.release();
      db.close();
    }));

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
