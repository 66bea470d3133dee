import { describe, expect, test } from 'vitest';
import type { WalkForward, WalkForwardFold } from '../backtest/outcome.ts';
import { Prng } from '../domain/prng.ts';
import { epochMs } from '../domain/units.ts';
import { walkForwardFindings } from './walk-forward.ts';

type Result = readonly [trades: number, expectancyR: number];

function foldOf([promised, kept]: readonly [Result, Result]): WalkForwardFold {
  const window = { fromMs: epochMs(0), toMs: epochMs(1) };
  const result = ([trades, expectancyR]: Result) => ({ trades, expectancyR });
  return { train: window, test: window, params: {}, inSample: result(promised), outOfSample: result(kept) };
}

function ran(folds: readonly (readonly [Result, Result])[], days = 90): WalkForward {
  const rng = new Prng(1);
  const values = Float64Array.from({ length: 3 * days }, () => 0.01 * rng.normal());
  return {
    isRun: true,
    combinations: 3,
    tried: 3,
    unsettled: 0,
    folds: folds.map(foldOf),
    daily: { periods: days, trials: 3, values },
  };
}

function findings(walkForward: WalkForward) {
  const found = walkForwardFindings({ walkForward });
  if (found?.isAvailable !== true) throw new Error('not available');
  return found.value;
}

describe('walk-forward efficiency', () => {
  test('is what came over what was promised, each trade counted alike', () => {
    const { inSample, outOfSample, efficiency } = findings(
      ran([
        [
          [30, 0.4],
          [10, 0.3],
        ],
        [
          [90, 0.2],
          [30, -0.02],
        ],
      ]),
    );
    expect(inSample).toEqual({ trades: 120, expectancyR: 0.25 });
    expect(outOfSample.expectancyR).toBeCloseTo(0.06, 12);
    expect(efficiency).toEqual({ isAvailable: true, value: outOfSample.expectancyR / 0.25 });
  });

  test('a window without a trade counts for nothing', () => {
    const { outOfSample } = findings(
      ran([
        [
          [40, 0.4],
          [0, Number.NaN],
        ],
        [
          [40, 0.4],
          [40, 0.1],
        ],
      ]),
    );
    expect(outOfSample).toEqual({ trades: 40, expectancyR: 0.1 });
  });

  test.each<[string, (readonly [Result, Result])[]]>([
    [
      'no params made 30 trades in training window 2 to be chosen by',
      [
        [
          [30, 1],
          [40, 1],
        ],
        [
          [29, 1],
          [40, 1],
        ],
      ],
    ],
    [
      '29 trades on all test windows are too few to compare',
      [
        [
          [30, 1],
          [29, 1],
        ],
      ],
    ],
    [
      'even the best params lost where they were chosen',
      [
        [
          [30, -0.1],
          [30, 0.1],
        ],
      ],
    ],
    [
      'the best params made +0.01 R where they were chosen: that is no promise',
      [
        [
          [30, 0.01],
          [30, 0.1],
        ],
      ],
    ],
  ])('not available: %s', (reason, folds) => {
    expect(findings(ran(folds)).efficiency).toEqual({ isAvailable: false, reason });
  });
});

describe('overfitting', () => {
  test.each([
    [90, 16],
    [79, 14],
    [20, 4],
  ])('%i days are cut into %i blocks', (days, blocks) => {
    const { overfitting } = findings(
      ran(
        [
          [
            [30, 1],
            [30, 1],
          ],
        ],
        days,
      ),
    );
    expect(overfitting.isAvailable && overfitting.value.blocks).toBe(blocks);
  });

  test('19 days are too few', () => {
    const { overfitting } = findings(
      ran(
        [
          [
            [30, 1],
            [30, 1],
          ],
        ],
        19,
      ),
    );
    expect(overfitting).toEqual({ isAvailable: false, reason: '19 whole days are too few; it takes 20' });
  });
});

test('what was not run says why, and a brief study says nothing', () => {
  expect(walkForwardFindings({ walkForward: { isRun: false, reason: 'none' } })).toEqual({
    isAvailable: false,
    reason: 'none',
  });
  expect(walkForwardFindings({})).toBeUndefined();
});
