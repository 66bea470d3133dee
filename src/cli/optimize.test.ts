import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CONFIG,
  inDatabase,
  inProject,
  ON,
  SMALL,
  swapTo,
  trialsOf,
  withRealCandles,
  withTodaysCandles,
} from '../../test/optimize-project.ts';
import { runCandor } from '../../test/run-candor.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { fixedClock } from '../domain/clock.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import { countTrials } from '../evidence/trials.ts';
import { openDatabase } from '../market/database.ts';
import { claimAlone } from '../market/sole-claim.ts';
import { incumbentOf, legState, listPending } from '../optimize/incumbent.ts';
import { listOptimizations } from '../optimize/optimization-store.ts';

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
      // What that process finds out about the incumbent must not be done to another one.
      swapTo(folder, { lookback: 40, surge: 1 });
      const rollback = await runCandor(['optimize', '--rollback'], folder);
      expect(rollback.stderr).toContain('error: another optimiser is at work on ');
      expect(inDatabase(folder, (one) => incumbentOf(one, ON))).toMatchObject({ params: { lookback: 40, surge: 1 } });
      claim.release();
      expect((await runCandor(['optimize', '--rollback'], folder)).exitCode).toBe(0);
      db.close();
    }));
});
