import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reasonIn, valueIn } from '../../test/estimates.ts';
import {
  deflatedSharpe,
  expectedMaximum,
  minimumBacktestYears,
  minimumTrackRecord,
  nullSharpeVariance,
  probabilisticSharpe,
  type SharpeMoments,
  sharpeMoments,
} from './sharpe.ts';

/** statistics.md section 1: two years of monthly returns. */
const MONTHLY: SharpeMoments = { count: 24, sharpe: 1.585 / Math.sqrt(12), skewness: -2.448, kurtosis: 10.164 };
/** Section 2, the example of the paper: five years of daily returns. */
const DAILY: SharpeMoments = { count: 1250, sharpe: 2.5 / Math.sqrt(250), skewness: -3, kurtosis: 10 };

describe('moments', () => {
  test('of a short series, by hand', () => {
    // Mean 2, distances −1 −1 0 2: m2 = 6/4, m3 = 6/4, m4 = 18/4.
    expect(valueIn(sharpeMoments([1, 1, 2, 4]))).toEqual({
      count: 4,
      sharpe: expect.closeTo(2 / Math.sqrt(6 / 3), 12),
      skewness: expect.closeTo(1.5 / 1.5 ** 1.5, 12),
      kurtosis: expect.closeTo(4.5 / 1.5 ** 2, 12),
    });
  });

  test.each([
    ['no returns', [], 'there are none'],
    ['one', [0.01], 'there is one'],
    ['a constant', [0.01, 0.01, 0.01], 'all returns are the same'],
    ['a constant but for rounding', [0.3, 0.1 + 0.2, 0.3], 'all returns are the same'],
    ['nothing but zeros', [0, -0, 0], 'all returns are the same'],
    ['nothing that a double can tell apart', [0, Number.MIN_VALUE], 'all returns are the same'],
    ['NaN inside', [0.01, Number.NaN, 0.02], 'return 2 of 3 is not a finite number'],
    ['returns beyond all numbers', [1.7e308, -1.7e308], 'of this size'],
    ['an infinite loss', [0.01, 0.02, Number.NEGATIVE_INFINITY], 'return 3 of 3 is not a finite number'],
  ])('not available: %s', (_, returns, reason) => {
    expect(reasonIn(sharpeMoments(returns))).toContain(reason);
  });

  const returns = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 2, maxLength: 60 });

  test('property: the order of observations does not matter, to the last bit', () => {
    fc.assert(
      fc.property(returns, fc.integer({ min: 0, max: 60 }), (values, at) => {
        const shifted = [...values.slice(at), ...values.slice(0, at)];
        expect(sharpeMoments(shifted)).toEqual(sharpeMoments(values));
        expect(sharpeMoments(values.toReversed())).toEqual(sharpeMoments(values));
      }),
    );
  });

  test('property: doubling all returns changes nothing, and mirroring them the signs alone', () => {
    fc.assert(
      fc.property(returns, (values) => {
        const moments = sharpeMoments(values);
        fc.pre(moments.isAvailable);
        const { count, sharpe, skewness, kurtosis } = valueIn(moments);
        expect(valueIn(sharpeMoments(values.map((value) => 2 * value)))).toEqual({ count, sharpe, skewness, kurtosis });
        const mirrored = valueIn(sharpeMoments(values.map((value) => -value)));
        expect(mirrored.sharpe).toBeCloseTo(-sharpe, 9);
        expect(mirrored.skewness).toBeCloseTo(-skewness, 9);
        expect(mirrored.kurtosis).toBeCloseTo(kurtosis, 9);
      }),
    );
  });

  test('property: whatever the returns, the probability is one, or there is a reason', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        const moments = sharpeMoments(values);
        const psr = moments.isAvailable ? probabilisticSharpe(moments.value, 0) : moments;
        if (!psr.isAvailable) {
          expect(psr.reason).not.toBe('');
          return;
        }
        expect(psr.value).toBeGreaterThanOrEqual(0);
        expect(psr.value).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('probabilistic Sharpe ratio', () => {
  test('golden', () => {
    expect(valueIn(probabilisticSharpe(MONTHLY, 0))).toBeCloseTo(0.9132343068848602, 9);
  });

  test('excess kurtosis gives another number, so it is told from the real one', () => {
    const withBug = valueIn(probabilisticSharpe({ ...MONTHLY, kurtosis: 7.164 }, 0));
    expect(withBug).toBeCloseTo(0.9198410109298375, 9);
    expect(Math.abs(valueIn(probabilisticSharpe(MONTHLY, 0)) - withBug)).toBeGreaterThan(0.006);
  });

  test('is one half at the own Sharpe ratio, and falls with the benchmark', () => {
    expect(valueIn(probabilisticSharpe(MONTHLY, MONTHLY.sharpe))).toBe(0.5);
    expect(valueIn(probabilisticSharpe(MONTHLY, 0.2))).toBeLessThan(valueIn(probabilisticSharpe(MONTHLY, 0.1)));
  });

  test.each([
    ['excess kurtosis of normal returns', { ...MONTHLY, skewness: 0, kurtosis: 0 }, 'is that the excess kurtosis?'],
    ['one return', { ...MONTHLY, count: 1 }, 'two returns or more'],
    ['NaN', { ...MONTHLY, sharpe: Number.NaN }, 'not finite'],
    // Two values, g4 = 1 + g3², at SR = 2 / g3: the formula has a root there.
    ['no variance', { count: 9, sharpe: 1, skewness: 2, kurtosis: 5 }, 'no estimate of how far'],
  ])('not available: %s', (_, moments, reason) => {
    expect(reasonIn(probabilisticSharpe(moments, 0))).toContain(reason);
  });

  test('not available: a benchmark that is none', () => {
    expect(reasonIn(probabilisticSharpe(MONTHLY, Number.NaN))).toContain('benchmark');
  });
});

describe('minimum track record', () => {
  const normal = (periods: number): SharpeMoments => ({
    count: 100,
    sharpe: 2 / Math.sqrt(periods),
    skewness: 0,
    kurtosis: 3,
  });

  test.each([
    ['daily', 250, 2.731187801728176],
    ['weekly', 52, 2.828833586945237],
  ])('golden: %s', (_, periods, years) => {
    const observations = valueIn(minimumTrackRecord(normal(periods), 1 / Math.sqrt(periods), 0.05));
    expect(observations / periods).toBeCloseTo(years, 9);
    if (periods === 250) expect(observations).toBeCloseTo(682.796950432044, 9);
  });

  test('with that many returns the probability is what was asked for', () => {
    const count = valueIn(minimumTrackRecord(MONTHLY, 0.1, 0.05));
    expect(valueIn(probabilisticSharpe({ ...MONTHLY, count }, 0.1))).toBeCloseTo(0.95, 12);
  });

  test.each([0.6, MONTHLY.sharpe, Number.NaN])('not available against %d', (benchmark) => {
    expect(reasonIn(minimumTrackRecord(MONTHLY, benchmark, 0.05))).toContain('not above');
  });

  test.each([0, 0.5, 0.95, Number.NaN])('a level of %d is refused', (alpha) => {
    expect(() => minimumTrackRecord(MONTHLY, 0, alpha)).toThrow(`a level of ${alpha}`);
  });
});

describe('expected maximum', () => {
  test.each([
    [1, 0],
    [10, 1.57459830134575],
    [45, 2.2356401777664052],
    [100, 2.5306028932016846],
  ])('golden: of %d trials', (trials, expected) => {
    expect(expectedMaximum(trials)).toBeCloseTo(expected, 9);
  });

  test('rises with the trials, up to numbers that nobody tries', () => {
    const trials = [1, 2, 3, 5, 10, 1e3, 1e6, 1e9, 1e12, Number.MAX_SAFE_INTEGER];
    const maxima = trials.map(expectedMaximum);
    expect(maxima).toEqual(maxima.toSorted((a, b) => a - b));
    expect(maxima.every(Number.isFinite)).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d trials are refused', (trials) => {
    expect(() => expectedMaximum(trials)).toThrow('not a number of trials');
  });
});

describe('deflated Sharpe ratio', () => {
  const variance = 0.5 / 250;

  test('golden: the example of the paper', () => {
    const { probability, hurdleSharpe } = valueIn(deflatedSharpe(DAILY, 100, variance));
    expect(hurdleSharpe).toBeCloseTo(0.11317200186513214, 9);
    expect(probability).toBeCloseTo(0.9003968344493903, 9);
    expect(valueIn(deflatedSharpe(DAILY, 46, variance)).probability).toBeCloseTo(0.9505017068755787, 9);
  });

  test('annual ratios beside daily counts make anything certain: another number', () => {
    const right = valueIn(deflatedSharpe(DAILY, 100, variance)).probability;
    const annual = valueIn(deflatedSharpe({ ...DAILY, sharpe: 2.5 }, 100, 0.5)).probability;
    expect(annual).toBeCloseTo(0.9999999378, 9);
    expect(annual - right).toBeGreaterThan(0.09);
  });

  test('the excess kurtosis of the example is impossible beside its skewness, and refused', () => {
    // The formula alone would say 0.9017785664393667.
    expect(reasonIn(deflatedSharpe({ ...DAILY, kurtosis: 7 }, 100, variance))).toBe(
      'no returns have skewness -3 and kurtosis 7: is that the excess kurtosis?',
    );
  });

  test('property: falls as the number of trials grows, and as they scatter more', () => {
    const number = fc.integer({ min: 1, max: 1_000_000 });
    const spread = fc.double({ min: 0, max: 0.01, noNaN: true });
    fc.assert(
      fc.property(number, number, spread, spread, (a, b, v, w) => {
        const dsr = (trials: number, sharpeVariance: number): number =>
          valueIn(deflatedSharpe(DAILY, trials, sharpeVariance)).probability;
        expect(dsr(Math.max(a, b), v)).toBeLessThanOrEqual(dsr(Math.min(a, b), v));
        expect(dsr(a, Math.max(v, w))).toBeLessThanOrEqual(dsr(a, Math.min(v, w)));
      }),
    );
  });

  test.each([
    ['one trial', 1, variance],
    ['no variance between trials', 100, 0],
  ])('%s: the hurdle is 0', (_, trials, sharpeVariance) => {
    const { probability, hurdleSharpe } = valueIn(deflatedSharpe(DAILY, trials, sharpeVariance));
    expect(hurdleSharpe).toBe(0);
    expect(probability).toBe(valueIn(probabilisticSharpe(DAILY, 0)));
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('not available with a variance of %d', (sharpeVariance) => {
    expect(reasonIn(deflatedSharpe(DAILY, 100, sharpeVariance))).toContain('not known');
  });

  test('what one Sharpe ratio scatters by chance, the floor of the variance', () => {
    expect(nullSharpeVariance(1251)).toBe(1 / 1250);
    expect(() => nullSharpeVariance(1)).toThrow('two returns or more');
  });
});

describe('minimum backtest length', () => {
  test('golden: 45 trials, a target of 1', () => {
    expect(valueIn(minimumBacktestYears(45, 1))).toBeCloseTo(4.998087004443404, 9);
  });

  test('nothing is chosen from a single trial', () => {
    expect(valueIn(minimumBacktestYears(1, 1))).toBe(0);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('not available for a target of %d', (target) => {
    expect(reasonIn(minimumBacktestYears(45, target))).toContain('not above 0');
  });
});
