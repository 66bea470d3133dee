import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluate, realCandles, type WalkOptions, walkCandles } from '../../test/series-data.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { type CandleColumns, sliceColumns } from '../domain/candle.ts';
import type { Ground } from './dense.ts';
import { ownMarket } from './market.ts';
import { type Condition, Series } from './series.ts';
import { type Branch, frequentWindows, planSieve } from './sieve-plan.ts';

const { open, high, low, close, volume, every, scan } = ownMarket;

/** The same condition as one that nothing is known about: computed at every row, by kernels alone. */
function plain(condition: Condition): Condition {
  return condition.not().not();
}

function breakout(lookback: number, surge: number): Condition {
  return close.gt(high.ago(1).highest(lookback)).and(volume.gt(volume.ago(1).mean(lookback).times(surge)));
}

/** The reference job of a sweep. */
const BREAKOUTS = Array.from({ length: 12 }, (_, i) => 10 + 5 * i).flatMap((lookback) =>
  [1, 1.5, 2].map((surge) => breakout(lookback, surge)),
);

function lastSign(state: number, { x }: { x: number }): { state: number; value: number } {
  const sign = Math.sign(x) === 0 ? state : Math.sign(x);
  return { state: sign, value: sign };
}
const direction = scan({ initial: 0, inputs: { x: close.change(1) }, step: lastSign, settle: 3 });

const length = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 40 }));
const lag = fc.integer({ min: 0, max: 6 });
const source = fc.tuple(fc.constantFrom(open, high, low, close, volume), lag).map(([x, k]) => x.ago(k));
const windowed = fc
  .tuple(source, length)
  .chain(([x, n]) =>
    fc.constantFrom(x.highest(n), x.lowest(n), x.mean(n), x.sum(n), x.deviation(n), x.rank(n + 1), x.zScore(n)),
  );
const elsewhere = fc.constantFrom(close.ema(4), close.rsi(2), every('4h').close.mean(2), every('2h').high, direction);
const number: fc.Arbitrary<Series> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(windowed, lag).map(([x, k]) => x.ago(k)) },
  { weight: 3, arbitrary: source },
  { weight: 1, arbitrary: fc.tuple(elsewhere, lag).map(([x, k]) => x.ago(k)) },
  {
    weight: 2,
    arbitrary: fc.tuple(windowed, source).chain(([x, y]) => fc.constantFrom(x.plus(y), x.over(y), x.times(1.02))),
  },
);
const comparison = fc
  .tuple(number, number)
  .chain(([x, y]) =>
    fc.constantFrom(x.gt(y), x.gte(y), x.lt(y), x.lte(y), x.crossesAbove(y), x.crossesBelow(y), x.gt(0.5), x.eq(y)),
  );
const breaking = fc
  .tuple(source, source, length, lag)
  .chain(([x, y, n, k]) =>
    fc
      .constantFrom(
        x.gt(y.highest(n)),
        x.gte(y.highest(n)),
        x.lt(y.lowest(n)),
        x.lte(y.lowest(n)),
        y.highest(n).lt(x),
        y.lowest(n).gte(x),
      )
      .map((condition) => condition.ago(k)),
  );
/** Ties, exact and of rounding, are where flat stretches meet factors like 1. */
const excess = fc
  .tuple(number, source, length, fc.constantFrom(1, 1, 0.5, 1.1, -1, 0), lag)
  .chain(([x, y, n, k, shift]) =>
    fc
      .constantFrom(
        y.gt(y.mean(n).times(k)),
        y.lte(y.mean(n)),
        x.gte(y.mean(n).times(k)),
        y.mean(n).gt(x),
        y.mean(n).times(k).lte(y.ago(1)),
      )
      .map((condition) => condition.ago(shift)),
  );
const factor = fc.oneof(
  { weight: 3, arbitrary: comparison },
  { weight: 3, arbitrary: excess },
  { weight: 3, arbitrary: breaking },
  {
    weight: 1,
    arbitrary: fc.tuple(comparison, breaking).chain(([a, b]) => fc.constantFrom(a.or(b), a.not(), b.not())),
  },
);
/** A few conditions, of which sets are made that share some of them. */
const sets = fc
  .array(factor, { minLength: 1, maxLength: 7 })
  .chain((factors) =>
    fc
      .array(fc.subarray(factors, { minLength: 1 }), { minLength: 1, maxLength: 6 })
      .map((chosen) => chosen.map(([first, ...others]) => (first as Condition).and(...others))),
  );
const walk: fc.Arbitrary<WalkOptions> = fc.record({
  length: fc.integer({ min: 1, max: 300 }),
  seed: fc.nat(),
  firstSlot: fc.integer({ min: 483_000, max: 483_100 }),
  gaps: fc.constantFrom(0, 0.01, 0.1),
  flat: fc.constantFrom(0, 0.4),
});

describe('what is looked at only where it matters', () => {
  test('property: sets of conditions say what each says that is computed alone at every row', () => {
    fc.assert(
      fc.property(sets, walk, fc.constantFrom(1, 37, 4_096), (wanted, options, block) => {
        const candles = walkCandles(options);
        const expected = wanted.map((condition) => evaluate(candles, [plain(condition)])[0]);
        expect(evaluate(candles, wanted, { block })).toStrictEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('property: and the same from another start, once they have settled', () => {
    fc.assert(
      fc.property(sets, walk, fc.integer({ min: 1, max: 60 }), (wanted, options, dropped) => {
        const candles = walkCandles({ ...options, length: options.length + 300 });
        const all = evaluate(candles, wanted);
        const late = evaluate(sliceColumns(candles, dropped, candles.length), wanted);
        // Nothing here looks further back than two hundred candles.
        for (const [i, bits] of late.entries()) expect(bits.slice(200)).toStrictEqual(all[i]?.slice(dropped + 200));
      }),
      { numRuns: 100 },
    );
  });

  test('series that are wanted beside them, and conditions wanted alone, are the same as ever', () => {
    const candles = walkCandles({ length: 9_000, gaps: 0.001, flat: 0.1 });
    const wanted = [...BREAKOUTS, volume.mean(20), close.gt(high.ago(1).highest(20)), high.ago(1).highest(65), close];
    const alone = wanted.map((item) => evaluate(candles, [item instanceof Series ? item : plain(item)])[0]);
    expect(evaluate(candles, wanted)).toStrictEqual(alone);
    expect(evaluate(candles, wanted, { block: 37 })).toStrictEqual(alone);
  });

  test('another coin is read at chosen rows too', () => {
    const eth = walkCandles({ coin: 'ETH', length: 5_000, seed: 2, gaps: 0.01 });
    const btc = walkCandles({ coin: 'BTC', length: 5_000, seed: 3, gaps: 0.01 });
    const markets = new Map([
      ['ETH', { candles: eth }],
      ['BTC', { candles: btc }],
    ]);
    const other = ownMarket.of('BTC');
    const set = close.gt(high.ago(1).highest(20)).and(other.close.gt(other.close.mean(30)));
    const [bits] = evaluate(eth, [set], { markets }) as [number[]];
    expect(bits).toStrictEqual(evaluate(eth, [plain(set)], { markets })[0]);
    expect(bits).toContain(1);
  });
});

describeWithSharedData('the reference job on real candles', () => {
  let candles: CandleColumns;
  let expected: (readonly number[] | undefined)[];
  beforeAll(() => {
    candles = realCandles('BTC', '30m');
    expected = BREAKOUTS.map((condition) => evaluate(candles, [plain(condition)])[0]);
  });

  test.each([1, 37, 4_096])('by %i candles at a time', (block) => {
    expect(evaluate(candles, BREAKOUTS, { block })).toStrictEqual(expected);
    expect(expected.flat()).toContain(1);
  });
});

describe('rolling extremes of many lengths', () => {
  test('property: each is that of its length alone', () => {
    const lengths = fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(lengths, walk, fc.constantFrom(1, 37, 4_096), (ns, options, block) => {
        const candles = walkCandles(options);
        // Zeros of both signs are kept apart.
        for (let i = 0; i < candles.length; i += 3) candles.close[i] = i % 2 === 0 ? 0 : -0;
        const wanted = ns.flatMap((n) => [close.highest(n), close.lowest(n), close.minus(open).highest(n)]);
        const expected = wanted.map((series) => evaluate(candles, [series])[0]);
        expect(evaluate(candles, wanted, { block })).toStrictEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the order in which conditions are looked for', () => {
  const candles = walkCandles({ length: 20_000, flat: 0.1 });
  const ground: Ground = { interval: '1h', firstSlot: 483_000, column: (_, field) => candles[field as 'close'] };
  const planOf = (wanted: readonly Condition[]): Branch[] =>
    planSieve(
      wanted.map(({ node }) => [node, new Uint32Array(625)]),
      ground,
      candles.length,
    );

  test('of breakouts of many lengths the shortest is searched for, and the volume read where they are true', () => {
    const branches = planOf(BREAKOUTS);
    expect(branches.map(({ look }) => look.by)).toEqual(['search']);
    const below = branches[0]?.branches ?? [];
    const longer = below.filter(({ look }) => look.by === 'reach');
    expect(longer.map(({ look }) => (look.by === 'reach' ? look.least : 0))).toEqual(
      Array.from({ length: 11 }, (_, i) => 15 + 5 * i),
    );
    for (const branch of longer) expect(branch.branches.map(({ look }) => look.by)).toEqual(['sums', 'sums', 'sums']);
    expect(frequentWindows(branches)).toEqual([]);
  });

  test('the rare one comes first, whatever the order in which they are written', () => {
    const rare = volume.gt(volume.mean(30).times(4));
    const frequent = close.gt(close.mean(30));
    for (const set of [rare.and(frequent), frequent.and(rare)]) {
      const [first] = planOf([set]);
      expect(first?.condition.term.node).toBe(rare.node);
      expect(first?.branches.map(({ condition }) => condition.term.node)).toEqual([frequent.node]);
    }
  });

  test('a window that is needed at too many rows is computed at all of them', () => {
    const wanted = (share: number): Condition =>
      close.gt(close.mean(40).plus(1).times(share)).and(close.gt(close.ago(1).mean(50).plus(1)));
    const windowsAt = (share: number): readonly unknown[] => frequentWindows(planOf([wanted(share)]));
    expect(windowsAt(1.1)).toHaveLength(0);
    expect(windowsAt(1)).toHaveLength(1);
  });

  test('before there are candles it is some order all the same', () => {
    const few = planSieve([[breakout(10, 1).node, new Uint32Array(1)]], ground, 1);
    expect(few).toHaveLength(1);
    expect(few[0]?.share).toBeGreaterThan(0);
  });
});
