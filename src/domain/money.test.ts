import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rational, rational } from '../../test/rational.ts';
import { exactFee, feeFraction, feeOf, fundingOf, fundingPerLot } from './money.ts';
import { fromUsd, type Lots, type MicroUsd, microUsd, toUsd } from './units.ts';

describe('rule 18: fees', () => {
  test.each([
    ['$500.01 at 0.045 % is 0.2250045', 500_010_000, 0.00045, 225_005],
    ['a whole micro-dollar is not rounded up', 500_000_000, 0.00045, 225_000],
    ['the least fee is a micro-dollar', 1, 0.00015, 1],
    ['nothing is nothing', 0, 0.00045, 0],
    ['no fee', 500_000_000, 0, 0],
    ['a rebate is rounded towards zero', 500_010_000, -0.00002, -10_000],
  ])('%s', (_, notional, rate, fee) => {
    expect(feeOf(microUsd(notional), rate)).toBe(fee);
  });

  test('they are those of exact arithmetic, up to a billion dollars', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e15 }), fc.integer({ min: -10_000, max: 100_000 }), (notional, parts) => {
        const rate = parts / 1e8;
        const exact = rational(notional).times(rational(rate)).ceil();
        expect(feeOf(notional as MicroUsd, rate)).toBe(Number(exact));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a fee rate as a fraction', () => {
  test('is in lowest terms', () => {
    expect(feeFraction(0.00045)).toEqual({ numerator: 9, denominator: 20_000 });
    expect(feeFraction(-0.00002)).toEqual({ numerator: -1, denominator: 50_000 });
    expect(feeFraction(0)).toEqual({ numerator: 0, denominator: 1 });
  });

  test('gives the same fee, as far as the product is exact', () => {
    const parts = fc.integer({ min: -10_000, max: 100_000 });
    const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(1));
    fc.assert(
      fc.property(parts, share, fc.boolean(), (eightDecimals, share, isTie) => {
        const rate = eightDecimals / 1e8;
        const fraction = feeFraction(rate);
        const { numerator, denominator } = fraction;
        const most = Number.MAX_SAFE_INTEGER / Math.max(1, Math.abs(numerator));
        // Fees that are whole, or just more than that, are where a quotient in doubles could be off.
        const whole = Math.floor((share * most) / denominator) * denominator;
        const notional = isTie ? whole + (whole + 1 <= most ? 1 : 0) : Math.floor(share * most);
        expect(exactFee(notional, fraction) + 0).toBe(feeOf(microUsd(notional), rate));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('rules 18 and 39: funding', () => {
  test('a lot pays rate × price × size an hour, in 10⁻¹² dollars', () => {
    // 0.0000125 × 500 × 0.01 = 0.0000625
    expect(fundingPerLot(0.0000125, 500, 0.01)).toBe(-62_500_000);
    expect(fundingPerLot(-0.0000125, 500, 0.01)).toBe(62_500_000);
    expect(Object.is(fundingPerLot(0, 500, 0.01), 0)).toBe(true);
  });

  test('times lots, floored: what is received is cut, what is paid is rounded up', () => {
    expect(fundingOf(1_500_000, 1 as Lots)).toBe(1);
    expect(fundingOf(-1_500_000, 1 as Lots)).toBe(-2);
    expect(fundingOf(-1, 1 as Lots)).toBe(-1);
    expect(fundingOf(1, 999_999 as Lots)).toBe(0);
    expect(fundingOf(1, 1_000_000 as Lots)).toBe(1);
  });

  test('the floor is that of exact arithmetic', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), fc.integer({ min: 1, max: 5_000_000 }), (sumPerLot, lots) => {
        const exact = new Rational(BigInt(sumPerLot) * BigInt(lots), 1_000_000n).floor();
        expect(fundingOf(sumPerLot, lots as Lots)).toBe(Number(exact));
      }),
      { numRuns: 2_000 },
    );
  });

  test('a sum that is no longer exact is an error', () => {
    expect(() => fundingOf(2 ** 53, 1 as Lots)).toThrow('no longer exact');
    expect(() => fundingOf(0.5, 1 as Lots)).toThrow('no longer exact');
  });
});

describe('units', () => {
  test('micro-dollars are whole, and never minus zero', () => {
    expect(() => microUsd(0.1)).toThrow(RangeError);
    expect(() => microUsd(Number.NaN)).toThrow(RangeError);
    expect(Object.is(microUsd(-0), 0)).toBe(true);
  });

  test('what people write goes to the nearest', () => {
    expect(fromUsd(0.29)).toBe(290_000);
    expect(toUsd(fromUsd(1_234.567891))).toBe(1_234.567891);
  });
});
