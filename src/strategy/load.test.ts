import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { type CandorError, LookAheadError, StrategyError, UsageError } from '../domain/errors.ts';
import { listStrategies, loadCheckedStrategy, loadStrategy } from './load.ts';

const canaries = fileURLToPath(new URL('../../test/canaries/', import.meta.url));
const strategies = fileURLToPath(new URL('../../strategies/', import.meta.url));
const program = fileURLToPath(new URL('../../test/load-strategies.ts', import.meta.url));

async function refusal(name: string, directory = canaries): Promise<CandorError> {
  return loadStrategy(name, directory).then(
    () => {
      throw new Error(`${name} was not refused`);
    },
    (error: CandorError) => error,
  );
}

/** A file in a folder of its own, as a user might write it; it cannot import 'candor' from there. */
function refusalOfText(text: string, file = 'mine.ts'): Promise<CandorError> {
  return inTemporaryFolder({ [file]: text }, (folder) => refusal(join(folder, file)));
}

describe('loading a strategy', () => {
  test('by name or by file, with the hash of its text', async () => {
    const byName = await loadStrategy('breakout-volume', strategies);
    const byFile = await loadStrategy('strategies/breakout-volume.ts', canaries);
    expect(byName.strategy).toMatchObject({ name: 'breakout-volume', thesis: 'continuation' });
    expect(byFile.strategy).toBe(byName.strategy);
    expect(byName.file).toBe(join(strategies, 'breakout-volume.ts'));
    expect(byName.sha256).toBe(createHash('sha256').update(readFileSync(byName.file)).digest('hex'));
  });

  test('afresh: the same expressions, and code with a memory of its own', async () => {
    const { strategy, reload } = await loadStrategy('honest-scan', canaries);
    const again = await reload();
    expect(again).not.toBe(strategy);
    expect(again.build({ run: 4 }).params).toEqual({ run: 4 });
    expect(again.build().sides.long?.[0]?.condition.node).not.toBe(strategy.build().sides.long?.[0]?.condition.node);
  });

  test('that was checked before, as long as its file is still the same', async () => {
    const { strategy, sha256 } = await loadStrategy('breakout', strategies);
    expect((await loadCheckedStrategy('breakout', strategies, sha256)).strategy).toBe(strategy);
    await expect(loadCheckedStrategy('breakout', strategies, 'another')).rejects.toThrow(
      'strategies/breakout.ts is not the file that this run began with',
    );
  });

  test('names are listed in order, without tests', () => {
    inTemporaryFolder({ 'b.ts': '', 'a.ts': '', 'a.test.ts': '', 'notes.md': '' }, (folder) => {
      expect(listStrategies(folder)).toEqual(['a', 'b']);
    });
  });
});

describe('a file that is no strategy is refused, and says where', () => {
  test('an unknown name, with the nearest', async () => {
    const error = await refusal('brekout', strategies);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      message: "unknown strategy 'brekout'",
      hint: expect.stringContaining('Did you mean breakout'),
    });
  });

  test('a syntax error, with its line', async () => {
    const error = await refusalOfText('const a = 1;\nconst b = ;\nexport default a;\n');
    expect(error).toBeInstanceOf(StrategyError);
    expect(error.message).toMatch(/mine\.ts:2 cannot be loaded: /);
  });

  test('a module that throws, with its line', async () => {
    const error = await refusal('throws-at-load');
    expect(error).toBeInstanceOf(StrategyError);
    expect(error.message).toBe('test/canaries/throws-at-load.ts:4 cannot be loaded: no limit was set');
  });

  test('a default export that is something else', async () => {
    const error = await refusalOfText("export default { name: 'mine', build: () => ({}) };\n");
    expect(error.message).toMatch(/mine\.ts does not export a strategy by default$/);
    expect(error.hint).toContain("defineStrategy({ name: 'mine'");
  });

  test('another name than that of the file', async () => {
    const error = await refusal('misnamed');
    expect(error.message).toBe("test/canaries/misnamed.ts holds a strategy named 'something-else'");
  });

  test.each([
    ["import { readFileSync } from 'node:fs';", 'node:fs'],
    ["import prices from './prices.json' with { type: 'json' };", './prices.json'],
    ["const { prices } = await import('./prices.ts');", './prices.ts'],
    ["export * from './another.ts';", './another.ts'],
    ["const prices = await import('./prices' + '.ts');", 'a computed name'],
  ])('an import beside candor: %s', async (line, specifier) => {
    const error = await refusalOfText(`// import 'node:os' in a comment is none\n${line}\nexport default 1;\n`);
    expect(error).toBeInstanceOf(StrategyError);
    expect(error.message).toMatch(/mine\.ts:2 imports /);
    expect(error.message).toContain(`imports ${specifier}`);
    expect(error.hint).toContain("imports 'candor' alone");
  });

  test('prices that it brings along in a file', async () => {
    expect((await refusal('peeking-file')).message).toBe('test/canaries/peeking-file.ts:1 imports node:fs');
    expect((await refusal('peeking-types')).message).toBe('test/canaries/peeking-types.ts:2 imports ../shared-data.ts');
  });

  test('two theses in one strategy, with both names', async () => {
    expect((await refusal('mixed-bets')).message).toContain(
      "'breakout' (long) bets on continuation, 'oversold' (long) on reversal",
    );
  });

  test('a scan whose step is another function each time', async () => {
    const error = await refusal('inline-scan');
    expect(error.message).toContain("another strategy each time it is built: condition 'inline' (long) differs");
    expect(error.hint).toContain('top-level function');
  });

  test('conditions that are not always there', async () => {
    const error = await refusal('moody');
    expect(error.message).toContain("condition 'mood' (long) is not always there");
  });

  test('more corners than can be looked at', async () => {
    const error = await refusal('too-many-corners');
    expect(error.message).toContain("the sweeps of 'too-many-corners' have 8192 corners");
    expect(error.hint).toContain('At most 4096');
  });
});

describe('look-ahead is refused when the strategy loads', () => {
  test('at the defaults, in an exit', async () => {
    const error = await refusal('ahead-by-default');
    expect(error).toBeInstanceOf(LookAheadError);
    expect(error.message).toBe(
      "test/canaries/ahead-by-default.ts:11: condition 'top' (exitLong) of 'ahead-by-default': " +
        'ago(-1) reads a candle that had not happened yet',
    );
  });

  test('at a corner of the sweep only, inside a helper, with the params of that corner', async () => {
    const error = await refusal('ahead-at-corner');
    expect(error).toBeInstanceOf(LookAheadError);
    expect(error.message).toBe(
      "test/canaries/ahead-at-corner.ts:4: condition 'later' (long) of 'ahead-at-corner': " +
        'ago(-10) reads a candle that had not happened yet',
    );
    expect(error.details).toEqual(['params: lookback = 20']);
  });

  test('between the corners, as soon as that combination is built', async () => {
    const { strategy } = await loadStrategy('ahead-inside', canaries);
    expect(() => strategy.build({ lookback: 30 })).not.toThrow();
    expect(() => strategy.build({ lookback: 20 })).toThrow(LookAheadError);
    expect(() => strategy.build({ lookback: 20 })).toThrow("ahead-inside.ts:10: condition 'bent' (long)");
  });
});

test('Node loads strategies without a build, also in a worker, and places their errors as exactly', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const [here, worker] = stdout.trim().split('\n');
  expect(JSON.parse(here ?? '')).toEqual({
    names: listStrategies(strategies),
    refused: expect.stringContaining("test/canaries/ahead-at-corner.ts:4: condition 'later' (long)"),
    thrown: 'test/canaries/throws-at-load.ts:4 cannot be loaded: no limit was set',
  });
  expect(worker).toBe(here);
});
