import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reasonIn, valueIn } from '../../test/estimates.ts';
import { goldenMatrix, goldenMatrixWithEdge, lcg } from '../../test/golden-matrix.ts';
import { Prng } from '../domain/prng.ts';
import type { ReturnMatrix } from './return-matrix.ts';
import { stationaryIndices } from './stationary-bootstrap.ts';
import { type BootstrapOptions, realityCheck, superiorAbility } from './superior-ability.ts';

const golden = (): BootstrapOptions => ({ q: 0.1, resamples: 500, indices: stationaryIndices(0.1, lcg(7)) });

function noise(periods: number, trials: number, rng: Prng): ReturnMatrix {
  return { periods, trials, values: Float64Array.from({ length: periods * trials }, () => 0.01 * rng.normal()) };
}

describe('golden matrix', () => {
  test('Reality Check', () => {
    const { statistic, pValue } = valueIn(realityCheck(goldenMatrix(), golden()));
    expect(statistic).toBeCloseTo(0.015720977716655957, 9);
    expect(pValue).toBeCloseTo(0.35528942115768464, 9);
    const withEdge = valueIn(realityCheck(goldenMatrixWithEdge(), golden()));
    expect(withEdge.statistic).toBeCloseTo(0.0635714325616988, 9);
    expect(withEdge.pValue).toBeCloseTo(0.001996007984031936, 9);
  });

  test('SPA', () => {
    const { statistic, lower, consistent, upper, deviations } = valueIn(superiorAbility(goldenMatrix(), golden()));
    expect(statistic).toBeCloseTo(1.9590875137835062, 9);
    expect([lower.share, consistent.share, upper.share]).toEqual([0.2, 0.242, 0.242]);
    expect(consistent).toEqual({ exceedances: 121, share: 121 / 500, pValue: 122 / 501 });
    expect(deviations[0]).toBeCloseTo(0.009401870342098079, 9);
    expect(deviations[9]).toBeCloseTo(0.011563475252845436, 9);
  });

  test('SPA of one trial with an edge', () => {
    const { statistic, lower, consistent, upper } = valueIn(superiorAbility(goldenMatrixWithEdge(), golden()));
    expect(statistic).toBeCloseTo(5.4976061410306265, 9);
    expect([lower.share, consistent.share, upper.share]).toEqual([0, 0, 0]);
    expect(consistent.pValue).toBe(1 / 501);
  });
});

/** ω by the formula, from all autocovariances. */
function naiveDeviation({ periods: n, trials, values }: ReturnMatrix, trial: number, q: number): number {
  const column = Array.from({ length: n }, (_, row) => values[row * trials + trial] as number);
  const mean = column.reduce((sum, value) => sum + value, 0) / n;
  const covariance = (lag: number): number =>
    column.slice(lag).reduce((sum, value, t) => sum + (value - mean) * ((column[t] as number) - mean), 0) / n;
  let variance = covariance(0);
  for (let i = 1; i < n; i++) {
    const kernel = ((n - i) / n) * (1 - q) ** i + (i / n) * (1 - q) ** (n - i);
    variance += 2 * kernel * covariance(i);
  }
  return Math.sqrt(variance);
}

describe('properties', () => {
  const shapes = fc.record({
    matrix: fc
      .record({ periods: fc.integer({ min: 20, max: 90 }), trials: fc.integer({ min: 1, max: 5 }), seed: fc.nat() })
      .map(({ periods, trials, seed }) => noise(periods, trials, new Prng(seed))),
    chance: fc.double({ min: 0.25, max: 1, noNaN: true }),
  });
  /** Never fewer than twenty stretches. */
  const qOf = ({ periods }: ReturnMatrix, chance: number): number => Math.max(chance, 20 / periods);

  test('the standard deviation is that of the formula', () => {
    fc.assert(
      fc.property(shapes, ({ matrix, chance }) => {
        const q = qOf(matrix, chance);
        const { deviations } = valueIn(superiorAbility(matrix, { q, resamples: 1, indices: new Prng(1) }));
        deviations.forEach((deviation, trial) => {
          expect(deviation).toBeCloseTo(naiveDeviation(matrix, trial, q), 12);
        });
      }),
    );
  });

  test('lower ≤ consistent ≤ upper, never 0, and adding a twin or a hopeless trial changes little', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), ({ matrix, chance }, seed) => {
        const q = qOf(matrix, chance);
        const run = (of: ReturnMatrix) => valueIn(superiorAbility(of, { q, resamples: 60, indices: new Prng(seed) }));
        const { statistic, lower, consistent, upper } = run(matrix);
        expect(lower.exceedances).toBeLessThanOrEqual(consistent.exceedances);
        expect(consistent.exceedances).toBeLessThanOrEqual(upper.exceedances);
        expect(lower.pValue).toBeGreaterThanOrEqual(1 / 61);
        expect(upper.pValue).toBeLessThanOrEqual(1);
        const first = Array.from({ length: matrix.periods }, (_, row) => matrix.values[row * matrix.trials] as number);
        const twin = run(widened(matrix, first));
        expect([twin.statistic, twin.consistent]).toEqual([statistic, consistent]);
        // A trial that always loses by far does not count, though White's null counts it.
        const hopeless = run(
          widened(
            matrix,
            first.map((value) => value - 0.5),
          ),
        );
        expect([hopeless.statistic, hopeless.consistent]).toEqual([statistic, consistent]);
      }),
    );
  });
});

/** The matrix with one trial more. */
function widened({ periods, trials, values }: ReturnMatrix, column: readonly number[]): ReturnMatrix {
  const rows = column.map((value, row) => [...values.subarray(row * trials, (row + 1) * trials), value]);
  return { periods, trials: trials + 1, values: Float64Array.from(rows.flat()) };
}

test('a nervous trial rules the maximum of the Reality Check, not that of SPA', () => {
  const rng = new Prng(2005);
  const periods = 400;
  const values = Float64Array.from({ length: periods * 2 }, (_, i) =>
    i % 2 === 0 ? 0.002 + 0.01 * rng.normal() : 0.2 * rng.normal(),
  );
  const options = { q: 0.1, resamples: 500 };
  const matrix = { periods, trials: 2, values };
  expect(valueIn(realityCheck(matrix, { ...options, indices: new Prng(1) })).pValue).toBeGreaterThan(0.2);
  expect(valueIn(superiorAbility(matrix, { ...options, indices: new Prng(1) })).consistent.pValue).toBeLessThan(0.02);
});

test('without any edge one record in twenty passes, where it is long enough', () => {
  const rng = new Prng(2000);
  const records = 400;
  let passed = { realityCheck: 0, superiorAbility: 0 };
  for (let i = 0; i < records; i++) {
    const matrix = noise(300, 3, rng);
    const options = { q: 0.5, resamples: 99, indices: rng };
    const rc = valueIn(realityCheck(matrix, options)).pValue;
    const spa = valueIn(superiorAbility(matrix, options)).consistent.pValue;
    passed = {
      realityCheck: passed.realityCheck + (rc <= 0.05 ? 1 : 0),
      superiorAbility: passed.superiorAbility + (spa <= 0.05 ? 1 : 0),
    };
  }
  // Four standard errors of a binomial share.
  for (const count of Object.values(passed)) expect(Math.abs(count / records - 0.05)).toBeLessThan(0.044);
});

describe('edges', () => {
  const options = { q: 1, resamples: 50, indices: new Prng(1) };
  const column = (value: (row: number) => number): ReturnMatrix => ({
    periods: 30,
    trials: 1,
    values: Float64Array.from({ length: 30 }, (_, row) => value(row)),
  });

  test.each([
    ['no trials', { periods: 30, trials: 0, values: new Float64Array() }, 'there are no trials'],
    ['few stretches', noise(19, 2, new Prng(1)), '19 periods are fewer than the 20 stretches of 1 that are needed'],
    ['NaN', column((row) => (row === 4 ? Number.NaN : row)), 'trial 1 in period 5 is NaN'],
  ])('not available: %s', (_, matrix, reason) => {
    expect(reasonIn(superiorAbility(matrix, options))).toContain(reason);
    expect(reasonIn(realityCheck(matrix, options))).toContain(reason);
  });

  test('not available: nothing to measure in', () => {
    expect(
      reasonIn(
        superiorAbility(
          column(() => 0),
          options,
        ),
      ),
    ).toBe('no trial differs from the benchmark');
    expect(
      reasonIn(
        superiorAbility(
          column(() => 0.001),
          options,
        ),
      ),
    ).toContain('trial 1 differs from the benchmark by');
  });

  test('a trial that is the benchmark takes no part', () => {
    const matrix = noise(40, 2, new Prng(8));
    const run = (of: ReturnMatrix) => valueIn(superiorAbility(of, { ...options, indices: new Prng(2) }));
    const { deviations, ...rest } = run(matrix);
    const none = Array.from({ length: 40 }, () => 0);
    expect(run(widened(matrix, none))).toEqual({ ...rest, deviations: Float64Array.of(...deviations, 0) });
  });

  test('losers alone: p is 1', () => {
    const { statistic, consistent } = valueIn(
      superiorAbility(
        column((row) => -1 - (row % 3)),
        options,
      ),
    );
    expect(statistic).toBe(0);
    expect(consistent.pValue).toBe(1);
  });

  test.each([
    [{ ...options, q: 0 }, 'stretches of 1 / 0'],
    [{ ...options, resamples: 0 }, '0 resamples'],
    [{ ...options, indices: (rows: Int32Array) => rows.fill(30) }, 'there is no row 30'],
  ])('refused: %#', (wrong, message) => {
    expect(() => superiorAbility(noise(30, 1, new Prng(1)), wrong)).toThrow(message);
    expect(() => realityCheck(noise(30, 1, new Prng(1)), wrong)).toThrow(message);
  });
});
