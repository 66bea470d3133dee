import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { loadStudy } from './study-file.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

const MINIMAL = `
coins: [BTC]
interval: 1h
span: { days: 90 }
strategies: [breakout]
cell: { stop: 2 % }
`;

function load(text: string): Study {
  return inTemporaryFolder({ 'backtests/mine.yaml': text }, (root) =>
    loadStudy('mine', { root, workingDirectory: root, seed: 7 }),
  );
}

/** What is wrong with the minimal study when its line that begins like this one is replaced by it. */
function mistakes(line: string): readonly string[] {
  const key = line.slice(0, line.indexOf(':') + 1);
  const lines = MINIMAL.split('\n');
  const at = lines.findIndex((other) => other.startsWith(key));
  const text = at < 0 ? [...lines.slice(0, -1), line] : lines.with(at, line);
  try {
    load(text.join('\n'));
  } catch (error) {
    if (error instanceof UsageError) return error.details;
    throw error;
  }
  throw new Error(`accepted: ${line}`);
}

describe('a study file', () => {
  it('needs five keys; everything else has a default', () => {
    expect(load(MINIMAL)).toEqual({
      name: 'mine',
      coins: ['BTC'],
      interval: '1h',
      confirm: [],
      span: { days: 90 },
      strategies: [{ name: 'breakout', params: {} }],
      cell: {
        stop: { fraction: 0.02 },
        target: null,
        breakEven: null,
        trail: null,
        maxHold: null,
        sizing: { riskFraction: 0.01 },
        leverage: 1,
        maxOpen: null,
        maxExposure: null,
        maxCoinExposure: null,
        maxSideExposure: null,
        minStopMoveBps: 0,
      },
      grid: [],
      controls: { draws: 1000, seed: 7 },
      depositUsd: 10_000_000_000,
    });
  });

  it('may leave params to be chosen on its candles', () => {
    const strategies = 'strategies: [{ name: breakout, params: { strength: 0.8 }, choose: { lookback: [12, 24] } }]';
    expect(load(MINIMAL.replace('strategies: [breakout]', strategies)).strategies).toEqual([
      { name: 'breakout', params: { strength: 0.8 }, choose: { lookback: [12, 24] } },
    ]);
  });

  it('may say every rule, in full or in short', () => {
    const cell = `cell:
  stop: { atr: 2.5, period: 20 }
  target: none
  breakEven: { at: 1 }
  trail: { distance: 3 atr, after: 1.5 }
  sizing: allEquity
  leverage: 3
  maxExposure: 2
  maxCoinExposure: 0.5
  maxSideExposure: none
  minStopMoveBps: 10`;
    expect(load(MINIMAL.replace('cell: { stop: 2 % }', cell)).cell).toEqual({
      stop: { atr: 2.5, period: 20 },
      target: null,
      breakEven: { at: 1 },
      trail: { distance: { atr: 3, period: 14 }, after: 1.5 },
      maxHold: null,
      sizing: 'allEquity',
      leverage: 3,
      maxOpen: null,
      maxExposure: 2,
      maxCoinExposure: 0.5,
      maxSideExposure: null,
      minStopMoveBps: 10,
    });
  });

  it('takes a fixed time in UTC, and params beside a name', () => {
    const text = MINIMAL.replace('{ days: 90 }', '{ from: 2025-04-01, to: 2025-07-01T12:00 }').replace(
      '[breakout]',
      '[{ name: breakout, params: { lookback: 30 } }, ema-cross]',
    );
    expect(load(text)).toMatchObject({
      span: { fromMs: Date.UTC(2025, 3, 1), toMs: Date.UTC(2025, 6, 1, 12) },
      strategies: [
        { name: 'breakout', params: { lookback: 30 } },
        { name: 'ema-cross', params: {} },
      ],
    });
  });

  it('turns the lists of the grid into their product, on top of the cell', () => {
    const { grid } = load(`${MINIMAL}grid: { stop: [1 %, 2 atr], target: [1.5, none] }\n`);
    expect(grid.map(({ at }) => at)).toEqual([
      { stop: '1 %', target: '1.5 R' },
      { stop: '1 %', target: 'none' },
      { stop: '2 ATR(14)', target: '1.5 R' },
      { stop: '2 ATR(14)', target: 'none' },
    ]);
    expect(grid[2]?.rules).toMatchObject({ stop: { atr: 2, period: 14 }, target: 1.5, sizing: { riskFraction: 0.01 } });
  });

  it('of the default study is as the documentation says', () => {
    const study = loadStudy('ninety-days', { root: project, workingDirectory: project, seed: 99 });
    expect(study).toMatchObject({
      name: 'ninety-days',
      coins: ['BTC', 'ETH', 'SOL'],
      interval: '1h',
      confirm: ['30m'],
      span: { days: 90 },
      controls: { draws: 1000, seed: 1 },
    });
    expect(study.strategies).toHaveLength(10);
    expect(study.grid).toHaveLength(20);
    expect(study.grid.filter(({ rules }) => JSON.stringify(rules) === JSON.stringify(study.cell))).toHaveLength(1);
  });

  it.each([
    ['confrim: [30m]', "line 7: unknown key 'confrim' (did you mean confirm?)"],
    ['cell: { stop: 2 %, tagret: 2 }', "line 6: cell: unknown key 'tagret' (did you mean target?)"],
    ['cell: { target: 2 }', 'line 6: cell.stop: is missing: a distance like 2 % or 2 atr'],
    ['cell: { stop: 60 % }', 'line 6: cell.stop.fraction: 0.6 is out of range (above 0 to 0.5)'],
    ['cell: { stop: { fraction: 0.02, atr: 2 } }', 'line 6: cell.stop: a distance is either'],
    ['cell: { stop: wide }', "line 6: cell.stop.fraction: 'wide' is not a number"],
    ['cell: { stop: 2 %, sizing: { riskFraction: 0.5 } }', 'line 6: cell.sizing.riskFraction: 0.5 is out of range'],
    ['cell: { stop: 2 %, leverage: 2.5 }', 'line 6: cell.leverage: 2.5 is not a whole number'],
    ['cell: { stop: 2 %, maxSideExposure: 41 }', 'line 6: cell.maxSideExposure: 41 is out of range (above 0 to 40)'],
    ['cell: { stop: 2 %, maxCoinExposure: 0 }', 'line 6: cell.maxCoinExposure: 0 is out of range (above 0 to 40)'],
    ['cell: { stop: 2 %, maxCionExposure: 1 }', '(did you mean maxCoinExposure?)'],
    ['interval: 1hr', "line 3: interval: '1hr' is not one of 1m, 3m"],
    ['interval: 90m', '(did you mean 30m?)'],
    ['confirm: [45m]', "line 7: confirm[0]: '45m' is not one of"],
    ['confirm: [30m, 1h]', 'line 7: confirm[1]: 1h does not divide 1h into finer candles'],
    ['span: { from: 2025-07-01, to: 2025-04-01 }', 'line 4: span: it ends before it begins'],
    ['span: { from: 2025-02-31, to: 2025-04-01 }', "line 4: span.from: '2025-02-31' is not a date"],
    ['span: { days: 90, from: 2025-04-01 }', 'line 4: span: a span is either'],
    ['strategies: [breakout, breakout]', 'line 5: strategies[1]: breakout is listed twice'],
    ['strategies: [{ name: a, choose: { b: [] } }]', 'line 5: strategies[0].choose.b: the list is empty'],
    ['strategies: [{ name: a, choose: { b: 20 } }]', 'line 5: strategies[0].choose.b: 20 is not a list'],
    ['strategies: [{ name: a, choose: { b: [2, 2] } }]', 'line 5: strategies[0].choose.b[1]: 2 is listed twice'],
    ['strategies: [{ name: a, chose: { b: [2] } }]', "unknown key 'chose' (did you mean choose?)"],
    ['strategies: [{ name: a, params: { b: 1 }, choose: { b: [2] } }]', 'b is fixed in params and chosen here'],
    [
      `strategies: [{ name: a, choose: { b: [${Array.from({ length: 501 }, (_, i) => i)}] } }]`,
      'line 5: strategies[0].choose: 501 combinations are more than 500: a sweep can look at more',
    ],
    ['strategies: []', 'line 5: strategies: the list is empty'],
    ['coins: BTC', "line 2: coins: 'BTC' is not a list"],
    ['grid: { stop: 2 % }', "line 7: grid.stop: '2 %' is not a list"],
    ['grid: { stpo: [2 %] }', "line 7: grid: unknown key 'stpo' (did you mean stop?)"],
    ['controls: { draws: 99 }', 'line 7: controls.draws: 99 is out of range (from 100 to 100000)'],
    ['account: { deposit: 5 }', 'line 7: account.deposit: 5 is out of range'],
  ])('refuses %s', (line, message) => {
    expect(mistakes(line).join('\n')).toContain(message);
  });

  it('that is empty is told what it lacks', () => {
    const lacks = expect.arrayContaining([expect.stringMatching(/^line 1: interval: is missing: one of 1m, 3m/)]);
    expect(() => load('')).toThrow(expect.objectContaining({ details: lacks }));
  });

  it('that does not exist is refused with the nearest name', () => {
    const place = { root: project, workingDirectory: project, seed: 1 };
    expect(() => loadStudy('ninty-days', place)).toThrow(
      expect.objectContaining({
        message: "there is no study 'ninty-days' in backtests/",
        hint: expect.stringMatching(/^Did you mean ninety-days\b/),
      }),
    );
    expect(() => loadStudy('no/such.yaml', place)).toThrow('there is no study no/such.yaml');
  });
});
