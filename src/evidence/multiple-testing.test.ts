import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reasonIn, valueIn } from '../../test/estimates.ts';
import { Prng } from '../domain/prng.ts';
import { benjaminiHochberg, holm, type SequentialPlan, SequentialPValue } from './multiple-testing.ts';

describe("Holm's correction", () => {
  test('multiplies by how many are left, and never falls', () => {
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.5, 0.9])).toEqual([1, 1]);
    expect(holm([0.02, Number.NaN])).toEqual([0.02, Number.NaN]);
  });
});

describe('the correction of Benjamini and Hochberg', () => {
  test('the example of their paper: four of fifteen at a rate of 5 %', () => {
    const pValues = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
    ];
    expect(benjaminiHochberg(pValues).filter((p) => p <= 0.05)).toHaveLength(4);
    expect(holm(pValues).filter((p) => p <= 0.05)).toHaveLength(3);
  });

  test('divides by the rank, and never falls', () => {
    expect(benjaminiHochberg([0.04, 0.01, 0.03, Number.NaN])).toEqual([0.04, 0.03, 0.04, Number.NaN]);
    expect(benjaminiHochberg([])).toEqual([]);
  });

  const values = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(Number.NaN)));

  test('property: between the single value and that of Holm, in the same order', () => {
    fc.assert(
      fc.property(values, (pValues) => {
        const [rates, errors] = [benjaminiHochberg(pValues), holm(pValues)];
        pValues.forEach((p, i) => {
          if (Number.isNaN(p)) {
            expect(rates[i]).toBeNaN();
            return;
          }
          expect(rates[i]).toBeGreaterThanOrEqual(p);
          expect(rates[i]).toBeLessThanOrEqual((errors[i] as number) * (1 + 1e-12));
          pValues.forEach((other, k) => {
            if (p < other) expect(rates[i]).toBeLessThanOrEqual(rates[k] as number);
          });
        });
      }),
    );
  });

  test('of what passes at a tenth, a tenth at most is false, on average', () => {
    const rng = new Prng(95);
    const families = 2_000;
    let falseShare = 0;
    for (let family = 0; family < families; family++) {
      // Fifteen without effect, five with one.
      const pValues = Array.from({ length: 20 }, (_, i) => (i < 15 ? rng.uniform() : rng.uniform() ** 6));
      const passed = benjaminiHochberg(pValues).map((p) => p <= 0.1);
      const found = passed.filter(Boolean).length;
      if (found > 0) falseShare += passed.slice(0, 15).filter(Boolean).length / found / families;
    }
    // The theorem says 15/20 of a tenth.
    expect(Math.abs(falseShare - 0.075)).toBeLessThan(0.02);
  });
});

/** Draws until the matter is settled; 1 is a draw that did at least as well. */
function settle(plan: SequentialPlan, draw: () => boolean): SequentialPValue {
  let state = SequentialPValue.start(plan);
  while (!state.isSettled) state = state.after(draw());
  return state;
}

const drawsOf = (pattern: string): (() => boolean) => {
  let next = 0;
  return () => pattern[next++] === '+';
};

describe('a sequential p-value', () => {
  test.each([
    ['three of the first three', '+++', 3, 3 / 3],
    ['the third exceedance at the sixth draw', '+..+.+', 6, 3 / 6],
    ['the third exceedance at the very last draw', '+.+......+', 10, 3 / 10],
    ['two when all are drawn', '.+.....+..', 10, 3 / 11],
    ['none', '..........', 10, 1 / 11],
  ])('%s', (_, pattern, drawn, p) => {
    const state = settle({ exceedances: 3, draws: 10 }, drawsOf(pattern));
    expect(state.drawn).toBe(drawn);
    expect(valueIn(state.pValue)).toBe(p);
  });

  test('is not available before it is settled, and takes no draw afterwards', () => {
    const start = SequentialPValue.start({ exceedances: 1, draws: 10 });
    expect(reasonIn(start.after(false).pValue)).toBe('1 of 10 controls are drawn, and 0 of 1 did as well');
    expect(() => start.after(true).after(true)).toThrow('settled after 1 draws');
  });

  test('a state stays what it is', () => {
    const start = SequentialPValue.start({ exceedances: 2, draws: 10 });
    start.after(true);
    expect(start).toMatchObject({ drawn: 0, exceeded: 0 });
  });

  test.each([
    [0, 10],
    [1, 0],
    [1.5, 10],
    [1, Number.NaN],
  ])('%d exceedances in %d draws are refused', (exceedances, draws) => {
    expect(() => SequentialPValue.start({ exceedances, draws })).toThrow('no plan');
  });

  test('property: never zero, never above one, within the plan', () => {
    const count = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(count, count, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (exceedances, draws, seed, p) => {
        const rng = new Prng(seed);
        const state = settle({ exceedances, draws }, () => rng.uniform() < p);
        const value = valueIn(state.pValue);
        expect(value).toBeGreaterThanOrEqual(1 / (draws + 1));
        expect(value).toBeLessThanOrEqual(1);
        expect(state.drawn).toBeLessThanOrEqual(draws);
      }),
    );
  });

  test('without effect, P(p ≤ α) is at most α, and α where α is one of its values', () => {
    const plan = { exceedances: 10, draws: 199 };
    const rng = new Prng(1991);
    const studies = 20_000;
    const pValues = Array.from({ length: studies }, () => {
      // The observation's own true p-value is uniform.
      const p = rng.uniform();
      return valueIn(settle(plan, () => rng.uniform() < p).pValue);
    });
    for (const alpha of [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]) {
      const share = pValues.filter((p) => p <= alpha).length / studies;
      // Four standard errors of a binomial share.
      const tolerance = 4 * Math.sqrt((alpha * (1 - alpha)) / studies);
      expect(share).toBeLessThan(alpha + tolerance);
      // Between 10 / 199 and 10 / 1 all multiples 10 / l are possible.
      if (alpha > 0.05) expect(Math.abs(share - alpha)).toBeLessThan(tolerance + 0.001);
    }
  });
});
