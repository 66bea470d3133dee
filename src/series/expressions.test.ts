import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, walkCandles } from '../../test/series-data.ts';
import { type CandleColumns, sliceColumns } from '../domain/candle.ts';
import { reachable, settleOf, warmupOf } from './horizon.ts';
import { ownMarket } from './market.ts';
import type { Node, Op } from './node.ts';
import type { Condition, Series } from './series.ts';

/** Counts candles since the last rise, and forgets after a while: a scan that settles. */
function stepsSinceRise(state: readonly number[], { x }: { x: number }, { memory }: { memory: number }) {
  const seen = [...state, x].slice(-memory);
  return { state: seen, value: seen.filter((value) => value < x).length };
}

const { scan } = ownMarket;
const length = fc.integer({ min: 1, max: 4 });
const markets = fc.constantFrom(ownMarket, ownMarket, ownMarket.every('2h'), ownMarket.every('4h'));

/** Any expression over the vocabulary, small enough to settle within a few hundred candles. */
const { series, condition } = fc.letrec<{ series: Series; condition: Condition }>((tie) => ({
  series: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    markets.chain((market) =>
      fc.constantFrom(
        market.open,
        market.high,
        market.low,
        market.close,
        market.volume,
        market.typical,
        market.trueRange,
      ),
    ),
    fc
      .tuple(tie('series'), length)
      .chain(([x, n]) =>
        fc.constantFrom(
          x.ago(n),
          x.change(n),
          x.highest(n),
          x.lowest(n),
          x.mean(n),
          x.sum(n),
          x.deviation(n + 1),
          x.zScore(n + 1),
          x.rank(n + 1),
          x.ema(n),
          x.wilder(n),
          x.rsi(n),
          scan({ initial: [], inputs: { x }, step: stepsSinceRise, args: { memory: n }, settle: n - 1 }),
        ),
      ),
    fc
      .tuple(tie('series'), tie('series'))
      .chain(([x, y]) =>
        fc.constantFrom(x.plus(y), x.minus(y), x.times(2), x.over(y), x.min(y), x.max(y), x.abs(), x.negate()),
      ),
    fc.tuple(tie('condition'), length).map(([c, n]) => c.count(n)),
  ),
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc
      .tuple(tie('series'), tie('series'))
      .chain(([x, y]) =>
        fc.constantFrom(x.gt(y), x.gte(y), x.lt(0), x.lte(y), x.eq(y), x.crossesAbove(y), x.crossesBelow(y)),
      ),
    fc
      .tuple(tie('condition'), tie('condition'), length)
      .chain(([a, b, n]) => fc.constantFrom(a.and(b), a.or(b), a.not(), a.ago(n))),
  ),
}));
const expression = fc.oneof(series, condition);
const candles = fc
  .record({
    length: fc.integer({ min: 1, max: 260 }),
    seed: fc.nat(),
    firstSlot: fc.integer({ min: 483_000, max: 483_030 }),
    gaps: fc.constantFrom(0, 0.01),
    flat: fc.constantFrom(0, 0.3),
  })
  .map(walkCandles);

const RECURSIVE: ReadonlySet<Op> = new Set<Op>(['ema', 'wilder']);
const SCALE_FREE: ReadonlySet<Op> = new Set<Op>(['over', 'rank', 'custom', 'gt', 'gte', 'lt', 'lte', 'eq']);
const only = (values: number[][]): number[] => values[0] as number[];
const RUNS = { numRuns: 200 };

describe('for any expression', () => {
  test('any partition into blocks gives the same bits', () => {
    fc.assert(
      fc.property(expression, candles, fc.integer({ min: 1, max: 50 }), (wanted, data, block) => {
        expect(evaluate(data, [wanted], { block })).toStrictEqual(evaluate(data, [wanted]));
      }),
      RUNS,
    );
  });

  test('what happens later changes nothing: neither its absence nor any other future', () => {
    fc.assert(
      fc.property(
        expression,
        candles,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (wanted, data, share, seed) => {
          const now = Math.floor(share * data.length);
          const known = only(evaluate(data, [wanted])).slice(0, now);
          expect(only(evaluate(sliceColumns(data, 0, now), [wanted]))).toStrictEqual(known);
          expect(only(evaluate(otherFuture(data, now, seed), [wanted])).slice(0, now)).toStrictEqual(known);
          expect(only(evaluate(otherFuture(data, now, undefined), [wanted])).slice(0, now)).toStrictEqual(known);
        },
      ),
      RUNS,
    );
  });

  test('it has no number before its warm-up, and after its settling none that depends on the start', () => {
    fc.assert(
      fc.property(
        series,
        fc.nat(),
        fc.integer({ min: 483_000, max: 483_030 }),
        fc.integer({ min: 1, max: 40 }),
        (wanted, seed, firstSlot, from) => {
          const { node } = wanted;
          const [warmup, settle] = [warmupOf(node, '1h'), settleOf(node, '1h')];
          fc.pre(settle < 800);
          const data = walkCandles({ length: from + settle + 60, seed, firstSlot });
          const early = only(evaluate(data, [wanted])).slice(from);
          const late = only(evaluate(sliceColumns(data, from, data.length), [wanted]));
          // What is false whatever is still missing is known early.
          const ops = new Set(reachable([node]).map(({ op }) => op));
          const logic = ops.has('and') || ops.has('or');
          expect(logic || late.slice(0, warmup).every(Number.isNaN)).toBe(true);
          if (magnifies(node)) return;
          const recursive = ops.has('ema') || ops.has('wilder');
          expectSame(late.slice(settle), early.slice(settle), recursive ? 1e-6 : 0);
        },
      ),
      RUNS,
    );
  });

  test('the opposite of a condition is true where it is known and false', () => {
    fc.assert(
      fc.property(series, series, condition, candles, (x, y, c, data) => {
        const [gt, notGt, lte, both] = evaluate(data, [x.gt(y), x.gt(y).not(), x.lte(y), c.and(c.not())]);
        expect(notGt).toStrictEqual(lte);
        expect(gt?.map((bit, i) => bit + (lte?.[i] as number)).every((sum) => sum <= 1)).toBe(true);
        expect(both?.every((bit) => bit === 0)).toBe(true);
      }),
      RUNS,
    );
  });
});

/** @param tolerance relative to the largest value; 0: to the bit */
function expectSame(late: readonly number[], early: readonly number[], tolerance: number): void {
  const scale = Math.max(1, ...early.filter((value) => !Number.isNaN(value)).map(Math.abs));
  for (let i = 0; i < late.length; i++) {
    const [a, b] = [early[i] as number, late[i] as number];
    const same = Object.is(a, b) || Math.abs(a - b) <= tolerance * scale;
    if (!same) expect.fail(`${i} candles after it has settled: ${b}, not ${a}`);
  }
}

/**
 * Whether the 1e-9 of a recursive kernel may become anything: a quotient of two differences that should be 0 is one of
 * two rounding errors, and a comparison falls to one side or the other.
 */
function magnifies(root: Node): boolean {
  const depths = new Map<Node, number>();
  return reachable([root]).some((node) => {
    const below = Math.max(0, ...node.inputs.map((input) => depths.get(input) as number));
    depths.set(node, below + (RECURSIVE.has(node.op) ? 1 : 0));
    // A balance is one of two smoothed movements: that much it is made for.
    return node.op === 'balance' ? below > 1 : SCALE_FREE.has(node.op) && below > 0;
  });
}

/** The same candles before `now`; then others, or none at all. */
function otherFuture(data: CandleColumns, now: number, seed: number | undefined): CandleColumns {
  const other = walkCandles({ length: data.length, seed: seed ?? 0 });
  const spliced = (field: 'open' | 'high' | 'low' | 'close' | 'volume'): Float64Array =>
    Float64Array.from(data[field], (value, i) =>
      i < now ? value : seed === undefined ? Number.NaN : (other[field][i] as number),
    );
  return {
    ...data,
    open: spliced('open'),
    high: spliced('high'),
    low: spliced('low'),
    close: spliced('close'),
    volume: spliced('volume'),
  };
}
