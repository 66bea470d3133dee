import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import * as naive from '../../../test/naive-series.ts';
import { closesToCandles, evaluate, realCandles, walkCandles } from '../../../test/series-data.ts';
import { describeWithSharedData } from '../../../test/shared-data.ts';
import { type CandleColumns, sliceColumns } from '../../domain/candle.ts';
import { settleOf } from '../horizon.ts';
import { ownMarket } from '../market.ts';
import type { Series } from '../series.ts';

const { open, high, low, close, volume, typical, trueRange, atr, adx, macd, bollinger, vwap } = ownMarket;

interface Case {
  readonly name: string;
  readonly series: Series;
  readonly oracle: (candles: CandleColumns) => number[];
  /** How its value may differ from the oracle's, relative to its size and to the price; 0: not at all. */
  readonly tolerance: number;
  /** Recursive kernels agree to 1e-9 from two starts, all others to the bit. */
  readonly recursive?: true;
}

const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value - (b[i] as number));
const typicalOf = (c: CandleColumns): number[] =>
  Array.from(c.close, (value, i) => ((c.high[i] as number) + (c.low[i] as number) + value) / 3);

const CASES: readonly Case[] = [
  { name: 'ago 1', series: close.ago(1), oracle: (c) => naive.ago(c.close, 1), tolerance: 0 },
  { name: 'ago 50', series: close.ago(50), oracle: (c) => naive.ago(c.close, 50), tolerance: 0 },
  ...[1, 2, 7, 20, 65, 300].flatMap((n): Case[] => [
    { name: `highest ${n}`, series: high.highest(n), oracle: (c) => naive.highest(c.high, n), tolerance: 0 },
    { name: `lowest ${n}`, series: low.lowest(n), oracle: (c) => naive.lowest(c.low, n), tolerance: 0 },
    { name: `sum ${n}`, series: volume.sum(n), oracle: (c) => naive.sum(c.volume, n), tolerance: 1e-12 },
    { name: `mean ${n}`, series: close.mean(n), oracle: (c) => naive.mean(c.close, n), tolerance: 1e-13 },
    // The oracle loses half of its digits where the deviation is small, so this one is looser.
    {
      name: `deviation ${n}`,
      series: close.deviation(n),
      oracle: (c) => naive.deviation(c.close, n),
      tolerance: 1e-12,
    },
  ]),
  { name: 'rank 20', series: close.rank(20), oracle: (c) => naive.rank(c.close, 20), tolerance: 1e-15 },
  { name: 'true range', series: trueRange, oracle: (c) => naive.trueRange(c.high, c.low, c.close), tolerance: 0 },
  {
    name: 'typical price over volume',
    series: vwap(20),
    oracle: (c) => {
      const turnover = naive.sum(
        typicalOf(c).map((price, i) => price * (c.volume[i] as number)),
        20,
      );
      const traded = naive.sum(c.volume, 20);
      return turnover.map((value, i) => (traded[i] === 0 ? Number.NaN : value / (traded[i] as number)));
    },
    tolerance: 1e-12,
  },
  ...[1, 2, 20, 65].flatMap((n): Case[] => [
    { name: `ema ${n}`, series: close.ema(n), oracle: (c) => naive.ema(c.close, n), tolerance: 1e-9, recursive: true },
    { name: `rsi ${n}`, series: close.rsi(n), oracle: (c) => naive.rsi(c.close, n), tolerance: 1e-7, recursive: true },
    {
      name: `atr ${n}`,
      series: atr(n),
      oracle: (c) => naive.wilder(naive.trueRange(c.high, c.low, c.close), n),
      tolerance: 1e-9,
      recursive: true,
    },
  ]),
  {
    name: 'adx 14',
    series: adx(14),
    oracle: (c) => naive.adx(c.high, c.low, c.close, 14),
    tolerance: 1e-9,
    recursive: true,
  },
  {
    name: 'macd signal',
    series: macd(12, 26, 9).signal,
    oracle: (c) => naive.ema(minus(naive.ema(c.close, 12), naive.ema(c.close, 26)), 9),
    tolerance: 1e-9,
    recursive: true,
  },
  {
    name: 'upper band',
    series: bollinger(20, 2).upper,
    oracle: (c) => {
      const width = naive.deviation(c.close, 20);
      return naive.mean(c.close, 20).map((middle, i) => middle + 2 * (width[i] as number));
    },
    tolerance: 1e-12,
  },
];

/** Same where both are numbers, and NaN in the same places. */
function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number, scale: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    const same = Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(scale, Math.abs(b));
    if (!same) expect.fail(`row ${i}: ${a} instead of ${b}`);
  }
}

function scaleOf(candles: CandleColumns): number {
  return candles.close.reduce((most, value) => (value > most ? value : most), 0);
}

/** @param read called when the first test runs: the body of a skipped `describe` runs too, and may find no file */
function againstOracles(read: () => CandleColumns): void {
  let candles: CandleColumns;
  let results: number[][];
  beforeAll(() => {
    candles = read();
    results = evaluate(
      candles,
      CASES.map(({ series }) => series),
    );
  });
  test.each(CASES.map((kase, i) => ({ ...kase, i })))('$name', ({ oracle, tolerance, i }) => {
    const actual = results[i] as number[];
    expect(actual.some((value) => !Number.isNaN(value))).toBe(true);
    expectClose(actual, oracle(candles), tolerance, tolerance === 0 ? 0 : scaleOf(candles));
  });
}

const random = walkCandles({ length: 4_000, seed: 7 });
const withGaps = walkCandles({ length: 9_000, seed: 8, gaps: 0.0006, flat: 0.2, firstSlot: 483_013 });

describe('kernels equal their oracles on a random walk', () => againstOracles(() => random));
describe('kernels equal their oracles with NaN inside', () => againstOracles(() => withGaps));
describeWithSharedData('kernels equal their oracles on real candles', () => {
  againstOracles(() => realCandles('BTC', '1h'));
});

describe.each([
  { name: 'random', candles: random },
  { name: 'with gaps', candles: withGaps },
])('any partition into blocks gives the same bits ($name)', ({ candles }) => {
  const wanted = CASES.map(({ series }) => series);
  const whole = evaluate(candles, wanted);
  test.each([1, 37, 4_096])('blocks of %i', (block) => {
    expect(evaluate(candles, wanted, { block })).toStrictEqual(whole);
  });
});

describe.each([
  { name: 'random', candles: random, from: 613 },
  { name: 'with gaps', candles: withGaps, from: 1_234 },
])('a value depends on candles, not on where loading began ($name)', ({ candles, from }) => {
  const wanted = CASES.map(({ series }) => series);
  const early = evaluate(candles, wanted).map((values) => values.slice(from));
  const late = evaluate(sliceColumns(candles, from, candles.length), wanted);
  test.each(CASES.map((kase, i) => ({ ...kase, i })))('$name', ({ series, recursive, i }) => {
    const settle = settleOf(series.node, '1h');
    const [a, b] = [(early[i] as number[]).slice(settle), (late[i] as number[]).slice(settle)];
    if (recursive) expectClose(b, a, 1e-9, scaleOf(candles));
    else expect(b).toStrictEqual(a);
  });
});

describe('windows', () => {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0, 5) },
  );

  test('equal the oracle for any values, any length, at any place on the grid', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 2, max: 12 }),
        fc.nat(1_000),
        (closes, n, firstSlot) => {
          const candles = closesToCandles(closes, firstSlot);
          const wanted = [
            close.highest(n),
            close.lowest(n),
            close.sum(n),
            close.mean(n),
            close.deviation(n),
            close.rank(n),
          ];
          const [top, bottom, total, middle, width, place] = evaluate(candles, wanted) as [
            number[],
            number[],
            number[],
            number[],
            number[],
            number[],
          ];
          // Adding 0 makes one zero of 0 and −0, which `Math.max` and `Math.min` order and sums do not keep.
          const zeros = (values: number[]): number[] => values.map((x) => x + 0);
          expect(zeros(top)).toStrictEqual(zeros(naive.highest(closes, n)));
          expect(zeros(bottom)).toStrictEqual(zeros(naive.lowest(closes, n)));
          expect(place).toStrictEqual(naive.rank(closes, n));
          expectClose(total, naive.sum(closes, n), 1e-13, n * 1e6);
          expectClose(middle, naive.mean(closes, n), 1e-13, 1e6);
          expectClose(width, naive.deviation(closes, n), 1e-12, 1e6);
        },
      ),
    );
  });

  test('of equal values: the mean is that value and the deviation is 0, exactly', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(99),
        (x, n, slot) => {
          const [middle, width] = evaluate(
            closesToCandles(
              Array.from({ length: n + 5 }, () => x),
              slot,
            ),
            [close.mean(n), close.deviation(n)],
          ) as [number[], number[]];
          expect(new Set(middle.slice(n - 1))).toStrictEqual(new Set([x]));
          expect(new Set(width.slice(n - 1))).toStrictEqual(new Set([0]));
        },
      ),
    );
  });

  test('a NaN inside is no breakout: the highest of 9, NaN, 1 is unknown, and known again when it has left', () => {
    const [top, breakout] = evaluate(closesToCandles([9, Number.NaN, 1, 2, 3, 4]), [
      close.highest(3),
      close.gt(close.ago(1).highest(3)),
    ]);
    expect(top).toStrictEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 3, 4]);
    expect(breakout).toStrictEqual([0, 0, 0, 0, 0, 1]);
  });
});

describe('recursive kernels', () => {
  test('are silent until their seed weighs less than 1e-9', () => {
    const [values] = evaluate(random, [close.ema(20)]) as [number[]];
    const first = values.findIndex((value) => !Number.isNaN(value));
    expect((1 - 2 / 21) ** first).toBeLessThan(1e-9);
    expect((1 - 2 / 21) ** (first - 1)).toBeGreaterThan(1e-9);
    expect(first).toBe(settleOf(close.ema(20).node, '1h'));
  });

  test('begin anew after a gap', () => {
    const closes = Array.from({ length: 400 }, (_, i) => (i === 200 ? Number.NaN : 100 + (i % 7)));
    const [values] = evaluate(closesToCandles(closes), [close.ema(5)]) as [number[]];
    const settle = settleOf(close.ema(5).node, '1h');
    const silent = values.flatMap((value, i) => (Number.isNaN(value) ? [i] : []));
    const begin = (from: number): number[] => Array.from({ length: settle }, (_, i) => from + i);
    expect(silent).toStrictEqual([...begin(0), 200, ...begin(201)]);
  });

  test('of a flat series the rsi is 50, the atr 0 and the adx 0, whatever came long before', () => {
    const flat = Array.from({ length: 700 }, (_, i) => (i < 50 ? 100 + 10 * Math.sin(i) : 100));
    const [strength, range, direction] = evaluate(closesToCandles(flat), [close.rsi(14), atr(14), adx(14)]);
    expect([strength?.at(-1), range?.at(-1), direction?.at(-1)]).toStrictEqual([50, 0, 0]);
  });

  test('the rsi of a series that only rises is 100', () => {
    const [values] = evaluate(closesToCandles(Array.from({ length: 400 }, (_, i) => 100 + i)), [close.rsi(14)]);
    expect(values?.at(-1)).toBe(100);
  });
});

describe('what is computed of one candle', () => {
  test('a division by zero, the logarithm of nothing, and a z-score of equal values are unknown', () => {
    const [quotient, logarithm, score] = evaluate(closesToCandles([1, 0, -1, 3, 3, 3]), [
      open.over(close),
      close.log(),
      close.zScore(3),
    ]);
    expect(quotient).toStrictEqual([1, Number.NaN, 1, 1, 1, 1]);
    expect(logarithm).toStrictEqual([0, Number.NaN, Number.NaN, Math.log(3), Math.log(3), Math.log(3)]);
    expect(score?.at(-1)).toBe(Number.NaN);
  });

  test('arithmetic is that of numbers', () => {
    const candles = walkCandles({ length: 50, gaps: 0.1 });
    const wanted = [
      high.minus(low),
      close.times(2).plus(1),
      open.min(close),
      open.max(close),
      close.negate().abs(),
      typical,
    ];
    const [range, twice, least, most, same, third] = evaluate(candles, wanted);
    for (let i = 0; i < candles.length; i++) {
      const [o, h, l, c] = [candles.open[i], candles.high[i], candles.low[i], candles.close[i]] as [
        number,
        number,
        number,
        number,
      ];
      expect([range?.[i], twice?.[i], least?.[i], most?.[i], same?.[i], third?.[i]]).toStrictEqual([
        h - l,
        c * 2 + 1,
        Math.min(o, c),
        Math.max(o, c),
        c,
        (h + l + c) / 3,
      ]);
    }
  });
});
