import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountCurve, histogramOf } from './curves.ts';

describe('the curve of an account', () => {
  it('takes the deposit for the first peak, a step before the first close', () => {
    const curve = accountCurve(Float64Array.of(90, 95, 110, 55), 100, 1000, 10);
    expect(curve.timesMs).toEqual([1000, 1010, 1020, 1030]);
    expect(curve.equityUsd).toEqual([90, 95, 110, 55]);
    expect(curve.drawdownFraction).toEqual([0.1, 0.05, 0, 0.5]);
    expect(curve.deepest).toEqual({ peakMs: 1020, troughMs: 1030, recoveredMs: null });
  });

  it('knows when the deepest fall was made good, whatever smaller ones came before and after', () => {
    const curve = accountCurve(Float64Array.of(98, 110, 80, 109, 70, 100, 110, 120, 100), 100, 10, 10);
    expect(curve.deepest).toEqual({ peakMs: 20, troughMs: 50, recoveredMs: 70 });
  });

  it('has no deepest fall where there was none', () => {
    expect(accountCurve(Float64Array.of(100, 101), 100, 0, 1).deepest).toBeNull();
  });

  it('keeps, however much it is thinned out, the deepest fall and the last value', () => {
    const falls = fc.array(fc.double({ min: 1, max: 200, noNaN: true }), { minLength: 1, maxLength: 2000 });
    fc.assert(
      fc.property(falls, (values) => {
        const curve = accountCurve(Float64Array.from(values), 100, 0, 1);
        let peak = 100;
        let deepest = 0;
        for (const value of values) {
          peak = Math.max(peak, value);
          deepest = Math.max(deepest, (peak - value) / peak);
        }
        expect(Math.max(...curve.drawdownFraction)).toBe(deepest);
        expect(curve.equityUsd.at(-1)).toBe(values.at(-1));
        expect(curve.timesMs.at(-1)).toBe(values.length - 1);
        expect(curve.timesMs.length).toBeLessThanOrEqual(360);
      }),
    );
  });
});

describe('a histogram', () => {
  it('has edges at multiples of the width; a value on an edge belongs above it', () => {
    expect(histogramOf([-1.1, -1, 0, 0.24, 0.25], 0.25)).toEqual({
      from: -1.25,
      binWidth: 0.25,
      counts: [1, 1, 0, 0, 0, 2, 1],
    });
  });

  it('takes wider bins rather than too many', () => {
    const { counts, binWidth } = histogramOf([0, 1000], 0.25) ?? { counts: [], binWidth: 0 };
    expect(counts.length).toBeLessThan(120);
    expect(binWidth).toBeGreaterThan(0.25);
  });

  it('leaves out what is no number, and is null without any', () => {
    expect(histogramOf([Number.NaN, 1], 1)?.counts).toEqual([1]);
    expect(histogramOf([Number.NaN], 1)).toBeNull();
  });

  it('counts every value', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1 }), (values) => {
        const counts = histogramOf(values, 0.25)?.counts ?? [];
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
      }),
    );
  });
});
