import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { UsageError } from '../domain/errors.ts';
import type { Sweep } from '../domain/sweep.ts';
import { loadSweep } from './sweep-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const SWEEP = `coins: [BTC, ETH]
intervals: [1h]
span: { days: 30 }
strategies: [breakout]
cell: { stop: 2 % }
`;

function loaded(text: string): Promise<Sweep> {
  return new Promise((resolve, reject) => {
    inTemporaryFolder({ 'backtests/sweeps/mine.yaml': text }, async (root) => {
      resolve(loadSweep('mine', { root, workingDirectory: root, seed: 7 }));
    }).catch(reject);
  });
}

async function mistakesOf(text: string): Promise<readonly string[]> {
  const error: unknown = await loaded(text).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).details;
}

describe('a sweep file', () => {
  it('says what is tried, and what it leaves out is filled in', async () => {
    const sweep = await loaded(SWEEP);
    expect(sweep).toMatchObject({
      name: 'mine',
      strategies: [{ name: 'breakout', params: {} }],
      grid: [{ at: {}, rules: sweep.cell }],
      account: 'each-coin',
      depositUsd: 10_000_000_000,
      seed: 7,
    });
    expect(Object.isFrozen(sweep.grid[0]?.rules)).toBe(true);
  });

  it('takes a param as a range, as a list, or as one value', async () => {
    const params = '{ lookback: { from: 10, to: 20, step: 5 }, side: [up, down], strength: 0.7 }';
    const sweep = await loaded(SWEEP.replace('[breakout]', `[{ name: breakout, params: ${params} }]`));
    expect(sweep.strategies[0]?.params).toEqual({ lookback: [10, 15, 20], side: ['up', 'down'], strength: [0.7] });
  });

  it('makes a cell of every combination of the grid, the last rule moving fastest', async () => {
    const sweep = await loaded(`${SWEEP}grid: { stop: [1 %, 2 %], target: [1, none] }\naccount: { shared: true }\n`);
    expect(sweep.account).toBe('shared');
    expect(sweep.grid.map(({ at }) => Object.values(at).join(' '))).toEqual([
      '1 % 1 R',
      '1 % none',
      '2 % 1 R',
      '2 % none',
    ]);
  });

  it.each([
    ['intervals: [1h]', 'interval: 1h', ["line 2: unknown key 'interval' (did you mean intervals?)", 'is missing']],
    ['intervals: [1h]', 'intervals: [1h, 2d]', ["line 2: intervals[1]: '2d' is not one of 1m"]],
    ['coins: [BTC, ETH]', 'coins: []', ['line 1: coins: the list is empty']],
    ['[breakout]', '[]', ['line 4: strategies: the list is empty']],
    ['[breakout]', '[{ name: breakout, params: { lookback: [] } }]', ['lookback: the list is empty']],
    ['[breakout]', '[{ name: breakout, params: { lookback: [5, 5] } }]', ['5 is listed twice']],
    ['[breakout]', '[{ name: breakout, params: { lookback: [{}] } }]', ['a value is a number or a name']],
    ['[breakout]', '[{ name: breakout, params: { lookback: { from: 1, to: 9 } } }]', ['step']],
    ['[breakout]', '[{ name: breakout, params: { lookback: { from: 9, to: 1, step: 1 } } }]', ["not below 'from'"]],
    [
      '[breakout]',
      '[{ name: breakout, params: { lookback: { from: 1, to: 9, step: 5 } } }]',
      ['does not meet its end'],
    ],
    ['cell: { stop: 2 % }', 'cell: { stop: 2 % }\ngrid: { target: [] }', ['line 6: grid.target: the list is empty']],
  ])('with %s written as %s is refused, and says where and why', async (text, wrong, said) => {
    const mistakes = (await mistakesOf(SWEEP.replace(text, wrong))).join('\n');
    for (const words of said) expect(mistakes).toContain(words);
  });

  it('that is not there is refused with the nearest name', () => {
    const place = { root: ROOT, workingDirectory: ROOT, seed: 1 };
    expect(() => loadSweep('breakout-volum', place)).toThrow("no sweep 'breakout-volum' in backtests/sweeps/");
  });

  it('comes with the project, and can be named by its path', () => {
    const place = { root: ROOT, workingDirectory: join(ROOT, 'backtests'), seed: 1 };
    const byName = loadSweep('breakout-volume', place);
    expect(byName).toEqual(loadSweep('sweeps/breakout-volume.yaml', place));
    expect(byName.grid).toHaveLength(20);
  });
});
