import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../domain/errors.ts';
import { defineStrategy } from '../strategy/define.ts';
import { choice, int, type Params, real } from '../strategy/params.ts';
import { candidatesOf, keyOf } from './candidates.ts';

function strategyOf(params: Params) {
  return defineStrategy({
    name: 'some',
    thesis: 'continuation',
    summary: 'For a test.',
    params,
    long: ({ close, open }) => ({ up: close.gt(open) }),
  });
}

const PAIR = strategyOf({
  lookback: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 30, step: 10 } }),
  surge: real({ default: 1.5, sweep: { from: 1, to: 2, step: 0.5 } }),
});
const WIDE = strategyOf({
  lookback: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 100, step: 5 } }),
  surge: real({ default: 1.5, sweep: { from: 1, to: 3, step: 0.1 } }),
  mode: choice(['calm', 'any', 'wild'], { default: 'any' }),
  fixed: int({ default: 7 }),
});

describe('candidates', () => {
  it('are every combination where there are few, the incumbent first', () => {
    const { sets, drawn, combinations } = candidatesOf(PAIR, {}, { lookback: 20, surge: 1.5 }, 183);
    expect({ drawn, combinations, count: sets.length }).toEqual({ drawn: 'grid', combinations: 9, count: 9 });
    expect(sets.slice(0, 3)).toEqual([
      { lookback: 20, surge: 1.5 },
      { lookback: 10, surge: 1 },
      { lookback: 10, surge: 1.5 },
    ]);
  });

  it('have the incumbent among them where it is none of the combinations', () => {
    const { sets, drawn } = candidatesOf(PAIR, {}, { lookback: 17, surge: 1.25 }, 10);
    expect(drawn).toBe('grid');
    expect(sets).toHaveLength(10);
    expect(sets[0]).toEqual({ lookback: 17, surge: 1.25 });
  });

  it('are spread over all values where there are many: no value of a param is left out, and no step is left', () => {
    const incumbent = { lookback: 20, surge: 1.5, mode: 'any', fixed: 7 };
    const { sets, drawn, combinations } = candidatesOf(WIDE, {}, incumbent, 183);
    expect({ drawn, combinations, count: sets.length }).toEqual({ drawn: 'sobol', combinations: 1197, count: 183 });
    const valuesOf = (name: string): Set<unknown> => new Set(sets.map((set) => set[name]));
    expect(valuesOf('lookback').size).toBe(19);
    expect(valuesOf('surge').size).toBe(21);
    expect(valuesOf('mode')).toEqual(new Set(['calm', 'any', 'wild']));
    expect(valuesOf('fixed')).toEqual(new Set([7]));
    for (const value of valuesOf('lookback')) expect(Number(value) % 5).toBe(0);
  });

  it('are never there twice, however many are wanted of however many there are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 250 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 2, max: 40 }),
        fc.boolean(),
        (wanted, some, many, isAmong) => {
          const lists = { lookback: upTo(many), surge: upTo(some) };
          const incumbent = isAmong ? { lookback: 1, surge: 1 } : { lookback: 1_000, surge: 1 };
          const { sets, drawn } = candidatesOf(PAIR, lists, incumbent, wanted);
          expect(new Set(sets.map(keyOf)).size).toBe(sets.length);
          expect(sets[0]).toEqual(incumbent);
          const all = some * many + (isAmong ? 0 : 1);
          expect(sets.length).toBe(Math.min(wanted, all));
          expect(drawn).toBe(all <= wanted ? 'grid' : 'sobol');
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  it('need something to choose, and values that the strategy allows', () => {
    const nothing = strategyOf({});
    expect(() => candidatesOf(nothing, {}, {}, 10)).toThrow("there is nothing to choose for 'some': it has no params");
    const one = { lookback: [20], surge: [1.5] };
    expect(() => candidatesOf(PAIR, one, { lookback: 20, surge: 1.5 }, 10)).toThrow('each of its params has one value');
    const refused = (chosen: Record<string, number[]>): UsageError | undefined => {
      try {
        candidatesOf(PAIR, chosen, { lookback: 20, surge: 1.5 }, 10);
        return undefined;
      } catch (error) {
        return error as UsageError;
      }
    };
    expect(refused({ lookbak: [1] })).toMatchObject({ message: "'some' has no param 'lookbak'" });
    expect(refused({ lookback: [0, 1] })).toBeInstanceOf(UsageError);
  });
});

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
