import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { StrategyError, UsageError } from '../domain/errors.ts';
import {
  choice,
  combinations,
  cornerValues,
  countCombinations,
  int,
  parseParams,
  real,
  scaleValues,
  sweepValues,
  type Values,
} from './params.ts';

const params = {
  lookback: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 65, step: 5 } }),
  level: int({ default: 30, min: 1, max: 49 }),
  surge: real({ default: 1.5, sweep: { from: 1, to: 2, step: 0.5 }, min: 0 }),
  average: choice(['ema', 'mean'], { default: 'mean' }),
};

describe('a slip in what is typed', () => {
  // What Node sees, which strips types without looking at them.
  const untyped = (input: object): never => input as never;

  test.each([
    ['int', () => int(untyped({ defualt: 20 })), "int(…) has no key 'defualt'", 'Did you mean default?'],
    ['real', () => real(untyped({ default: 1, swep: {} })), "real(…) has no key 'swep'", 'Did you mean sweep?'],
    ['choice', () => choice(['a'], untyped({ defalt: 'a' })), "choice(…) has no key 'defalt'", 'Did you mean default?'],
    ['no default', () => int(untyped({ min: 1 })), 'int(…) has no default', 'Every param has one: default: 20.'],
  ])('is named with the nearest key: %s', (_, make, message, hint) => {
    expect(make).toThrow(StrategyError);
    expect(make).toThrow(expect.objectContaining({ message, hint }));
  });
});

describe('sweep values', () => {
  test('run from one end to the other', () => {
    expect(sweepValues(params.lookback)).toEqual([10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65]);
    expect(sweepValues(params.surge)).toEqual([1, 1.5, 2]);
    expect(sweepValues(params.level)).toEqual([30]);
    expect(sweepValues(params.average)).toEqual(['ema', 'mean']);
  });

  test('are multiplied, not accumulated: seven steps of a tenth end at 0.8, not at 0.7999999999999999', () => {
    let accumulated = 0.1;
    for (let i = 0; i < 7; i++) accumulated += 0.1;
    expect(accumulated).not.toBe(0.8);
    expect(sweepValues(real({ default: 0.1, sweep: { from: 0.1, to: 0.8, step: 0.1 } }))).toEqual([
      0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8,
    ]);
  });

  test('a sweep that ends at zero ends there, whatever is left over of its steps', () => {
    expect(sweepValues(real({ default: 0, sweep: { from: -0.9, to: 0, step: 0.3 } }))).toEqual([-0.9, -0.6, -0.3, 0]);
  });

  test('property: every value is the one that a person would write', () => {
    const decimals = fc.record({
      from: fc.integer({ min: -1000, max: 1000 }),
      step: fc.integer({ min: 1, max: 500 }),
      steps: fc.integer({ min: 0, max: 200 }),
      scale: fc.constantFrom(1, 10, 100, 1000),
    });
    fc.assert(
      fc.property(decimals, ({ from, step, steps, scale }) => {
        const at = (i: number): number => (from + i * step) / scale;
        const param = real({ default: at(0), sweep: { from: at(0), to: at(steps), step: step / scale } });
        expect(sweepValues(param)).toEqual(Array.from({ length: steps + 1 }, (_, i) => at(i) + 0));
      }),
    );
  });

  test('corners are the ends of a sweep and every option of a choice', () => {
    expect(cornerValues(params.lookback)).toEqual([10, 65]);
    expect(cornerValues(params.level)).toEqual([30]);
    expect(cornerValues(params.average)).toEqual(['ema', 'mean']);
    expect(countCombinations(params, cornerValues)).toBe(8);
    const corners = [...combinations(params, cornerValues)];
    expect(corners).toHaveLength(8);
    expect(corners[0]).toEqual({ lookback: 10, level: 30, surge: 1, average: 'ema' });
    expect(corners[1]).toEqual({ lookback: 10, level: 30, surge: 1, average: 'mean' });
    expect(corners[7]).toEqual({ lookback: 65, level: 30, surge: 2, average: 'mean' });
    expect(new Set(corners.map((corner) => JSON.stringify(corner))).size).toBe(8);
  });
});

describe('a param that contradicts itself is refused where it is written', () => {
  test.each([
    [
      'a default outside its range',
      () => int({ default: 60, max: 50 }),
      'the default 60, but the param is a whole number up to 50',
    ],
    ['a fraction for a whole number', () => int({ default: 1.5 }), 'the default 1.5'],
    ['zero candles', () => int({ unit: 'candles', default: 0 }), 'a whole number from 1 up'],
    ['a sweep outside the range', () => real({ default: 1, min: 1, sweep: { from: 0, to: 2, step: 1 } }), 'reaches 0'],
    [
      'a sweep that misses its end',
      () => real({ default: 1, sweep: { from: 1, to: 2, step: 0.3 } }),
      'does not meet its end',
    ],
    ['a sweep backwards', () => int({ default: 1, sweep: { from: 9, to: 1, step: 1 } }), "'to' not below 'from'"],
    ['a step of zero', () => int({ default: 1, sweep: { from: 1, to: 9, step: 0 } }), 'the step must be above zero'],
    [
      'a sweep without end',
      () => real({ default: 1, sweep: { from: 0, to: 1e9, step: 1e-3 } }),
      'more than 10000 values',
    ],
    ['a choice that repeats', () => choice(['a', 'b', 'a'], { default: 'a' }), 'repeats'],
    // @ts-expect-error The default must be one of the options.
    ['a default that is no option', () => choice(['ema', 'mean'], { default: 'emma' }), "'emma' is none"],
    // @ts-expect-error A count of candles scales with the interval, so it has no upper end.
    ['a count of candles with a max', () => int({ unit: 'candles', default: 5, max: 9 }), 'has no max'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(StrategyError);
    expect(make).toThrow(message);
  });
});

describe('reading values', () => {
  test('what is left out takes its default', () => {
    expect(parseParams('demo', params, undefined)).toEqual({ lookback: 20, level: 30, surge: 1.5, average: 'mean' });
    expect(parseParams('demo', params, { surge: 2 })).toMatchObject({ lookback: 20, surge: 2 });
  });

  test('a value outside the sweep is fine: the sweep says what is tried, not what is allowed', () => {
    expect(parseParams('demo', params, { lookback: 130 })).toMatchObject({ lookback: 130 });
  });

  test.each([
    [{ lokback: 20 }, "'demo' has no param 'lokback'", 'Did you mean lookback?'],
    [{ level: 50 }, "param 'level' of 'demo' is a whole number from 1 to 49, not 50", 'Its default is 30.'],
    [{ level: 20.5 }, 'a whole number from 1 to 49, not 20.5', 'default'],
    [{ lookback: 0 }, 'a whole number from 1 up, not 0', 'default'],
    [{ surge: -1 }, 'a number from 0 up, not -1', 'default'],
    [{ surge: Number.NaN }, 'not NaN', 'default'],
    [{ surge: '2' }, 'not "2"', 'default'],
    [{ average: 'mena' }, 'one of ema, mean, not "mena"', 'Did you mean ema or mean?'],
    [[20], 'must be names with values', undefined],
  ])('%j is refused', (input, message, hint) => {
    const refusal = catchError(() => parseParams('demo', params, input));
    expect(refusal).toBeInstanceOf(UsageError);
    expect((refusal as UsageError).message).toContain(message);
    if (hint !== undefined) expect((refusal as UsageError).hint).toContain(hint);
  });

  test('values that look like inherited names are unknown, not found', () => {
    expect(() => parseParams('demo', params, { constructor: 1 })).toThrow("no param 'constructor'");
  });
});

test('scaling to a finer interval keeps clock time: counts of candles grow, the rest stays', () => {
  const values = parseParams('demo', params, { lookback: 20, level: 33 });
  expect(scaleValues(params, values, 2)).toEqual({ lookback: 40, level: 33, surge: 1.5, average: 'mean' });
  expect(scaleValues(params, parseParams('demo', params, { lookback: 65 }), 60)).toMatchObject({ lookback: 3900 });
});

test('types: numbers are numbers, a choice is the union of its options', () => {
  expectTypeOf<Values<typeof params>>().toEqualTypeOf<{
    readonly lookback: number;
    readonly level: number;
    readonly surge: number;
    readonly average: 'ema' | 'mean';
  }>();
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
