import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rational } from '../../test/rational.ts';
import { ceilExact, exceeds, floorExact, powerOfTen, reaches, roundExact } from './rounding.ts';

describe('rule 40: rounding of exact decimals in doubles', () => {
  test.each([
    ['0.29 × 100 is 28.999999999999996', 0.29 * 100, 29, 29],
    ['1.1 × 3 is 3.3000000000000003', 1.1 * 3 * 10, 33, 33],
    ['what is clearly between stays between', 28.9999, 28, 29],
    ['a relative 1e-9 is the limit: inside', 1_000 + 0.9e-6, 1_000, 1_000],
    ['outside', 1_000 + 1.1e-6, 1_000, 1_001],
    ['below, inside', 1_000 - 0.9e-6, 1_000, 1_000],
    ['below, outside', 1_000 - 1.1e-6, 999, 1_000],
    ['negative values', -0.29 * 100, -29, -29],
    ['zero', 0, 0, 0],
  ])('%s', (_, value, floor, ceil) => {
    expect(floorExact(value)).toBe(floor);
    expect(ceilExact(value)).toBe(ceil);
  });

  test('every product of a short decimal and a power of ten that is whole comes out whole, naively it does not', () => {
    let naivelyWrong = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 6 }), (digits, decimals) => {
        const product = Number(`${digits}e-${decimals}`) * powerOfTen(decimals);
        if (Math.floor(product) !== digits || Math.ceil(product) !== digits) naivelyWrong++;
        expect([floorExact(product), ceilExact(product)]).toEqual([digits, digits]);
      }),
      { numRuns: 20_000, seed: 1 },
    );
    expect(naivelyWrong).toBeGreaterThan(100);
  });
});

describe('nearest, ties away from zero', () => {
  test.each([
    [0.5, 1],
    [-0.5, -1],
    [1.4999, 1],
    [2.5, 3],
    [1.005 * 100, 101],
    [1e9 + 0.2, 1e9],
    [-1e12 - 0.4, -1e12],
    [0, 0],
  ])('%d is %d', (value, rounded) => {
    expect(roundExact(value) + 0).toBe(rounded);
  });

  test('it is the rounding of the exact product, for an hour of funding of any coin', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -60_000_000, max: 60_000_000 }),
        fc.integer({ min: 1, max: 1_500_000 }),
        fc.integer({ min: 0, max: 5 }),
        (rateUnits, priceUnits, szDecimals) => {
          const [rate, price] = [rateUnits / 1e10, Number(`${priceUnits}e-${6 - szDecimals}`)];
          const lotSize = 1 / powerOfTen(szDecimals);
          const exact = rational(rate).times(rational(price)).times(rational(lotSize)).times(rational(1e12));
          expect(roundExact(rate * price * lotSize * 1e12) + 0).toBe(Number(exact.round()));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('inclusive triggers', () => {
  test('100.01 + 2.01 reaches 102.02, though not in doubles', () => {
    const [ahead, threshold] = [102.02 - 100.01, 100.01 - 98];
    expect(ahead >= threshold).toBe(false);
    expect(reaches(ahead, threshold)).toBe(true);
    expect(exceeds(ahead, threshold)).toBe(false);
  });

  test('98.70 − 88.83 is a tenth of 98.70, and not more', () => {
    expect(98.7 - 88.83 > 0.1 * 98.7).toBe(true);
    expect(exceeds(98.7 - 88.83, 0.1 * 98.7)).toBe(false);
    expect(exceeds(98.7 - 88.82, 0.1 * 98.7)).toBe(true);
  });

  test('a real difference counts, however small a tick it is', () => {
    expect(reaches(102.019999 - 100.01, 2.01)).toBe(false);
    expect(reaches(-1, -1)).toBe(true);
    expect(reaches(-1.001, -1)).toBe(false);
  });
});

test('a power of ten that is not there is an error', () => {
  expect(() => powerOfTen(16)).toThrow(RangeError);
  expect(() => powerOfTen(-1)).toThrow(RangeError);
});
