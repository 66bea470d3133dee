import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { linkCandor, runCandor } from '../../test/run-candor.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { openDatabase } from '../market/database.ts';
import type { Proof } from '../strategy/prove.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const prove = (...args: string[]) => runCandor(['prove', ...args, '--synthetic'], root);
const canary = (name: string) => `test/canaries/${name}.ts`;

/** Believes in a price that the synthetic Bitcoin stays below; at twice the price it does not. */
const LEVEL = `
import { defineStrategy } from 'candor';
export default defineStrategy({
  name: 'level',
  thesis: 'continuation',
  summary: 'Above a price.',
  params: {},
  long: ({ close }) => ({ dear: close.gt(150_000) }),
});
`;

describe.concurrent('candor prove', () => {
  it('finds an honest strategy honest', async () => {
    const { exitCode, stdout, stderr } = await prove('breakout', '--param', 'lookback=30', '--candles', '50');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'on the built-in synthetic market\n' });
    expect(stdout).toMatch(/^breakout on BTC 1h, lookback 30/);
    expect(stdout).toContain('\nno look-ahead: nothing changes when later candles are cut off or invented\n');
  });

  it('finds a scan that peeks, and says at which condition and candle', async () => {
    const shown = await prove(canary('peeking-scan'));
    expect(shown.stdout).toMatch(/it looks ahead: condition 'foresight' \(long\) at .* is false, but true when/);
    expect(shown.exitCode).toBe(1);
    const { stdout } = await prove(canary('peeking-scan'), '--json');
    const { clean, difference } = JSON.parse(stdout) as Proof & { clean: boolean };
    expect({ clean, difference }).toMatchObject({ clean: false, difference: { side: 'long', condition: 'foresight' } });
  });

  it('warns of a strategy that says something else at twice the price', () =>
    inTemporaryFolder({ 'strategies/level.ts': LEVEL }, async (folder) => {
      linkCandor(folder);
      const { exitCode, stdout } = await runCandor(['prove', 'level', '--synthetic', '--candles', '50'], folder);
      expect(stdout).toMatch(/it depends on absolute prices: condition 'dear' .* when all prices are doubled/);
      expect(exitCode).toBe(0);
    }));

  it('of a database without candles says how to come by some', () =>
    inTemporaryFolder({ 'strategies/.keep': '' }, async (folder) => {
      const path = join(folder, 'candor.sqlite');
      openDatabase(path).close();
      const { exitCode, stderr } = await runCandor(['prove', 'breakout', '--database', path], root);
      expect(stderr).toMatch(/there are no candles in .*\n.*import FILE.*--synthetic/);
      expect(exitCode).toBe(2);
    }));

  it('says that silence proves little', async () => {
    const { exitCode, stdout } = await prove(canary('never-fires'), '--candles', '20');
    expect(stdout).toContain('no signal at all on this stretch: silence proves little');
    expect(exitCode).toBe(0);
  });

  it.each([
    [['breakuot'], 2, ["unknown strategy 'breakuot'", 'Did you mean breakout?']],
    [['breakout', '--coin', 'BTCC'], 2, ["no 'BTCC'", 'Did you mean BTC?']],
    [['breakout', '--interval', '1hr'], 2, ["unknown interval '1hr'", 'Did you mean 1h']],
    [['breakout', '--param', 'lookback=-1'], 2, ["param 'lookback' of 'breakout' is a whole number from 2 up, not -1"]],
    [['breakout', '--param', 'lokback=9'], 2, ["'breakout' has no param 'lokback'", 'Did you mean lookback?']],
    [['breakout', '--param', 'lookback'], 2, ['Write it as name=value.']],
    [[canary('mixed-bets')], 1, ["'mixed-bets' mixes bets", "'breakout'", "'oversold'"]],
    [[canary('throws-midway')], 1, ['out of luck', 'test/canaries/throws-midway.ts:4']],
    [[canary('ahead-at-corner')], 1, ['test/canaries/ahead-at-corner.ts:4', "condition 'later'", 'lookback = 20']],
    [[canary('ahead-by-default')], 1, ['test/canaries/ahead-by-default.ts:11', "condition 'top'"]],
    [[canary('peeking-file')], 1, ['imports node:fs']],
  ])('refuses %j', async (args, status, messages) => {
    const { exitCode, stdout, stderr } = await prove(...args);
    for (const message of messages) expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: status, stdout: '' });
  });
});
