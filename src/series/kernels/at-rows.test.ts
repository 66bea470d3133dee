import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WindowOp } from '../node.ts';
import { gather, passing, type Rows, reaching, search } from './at-rows.ts';
import type { Kernel } from './kernel.ts';
import { Deviation, Extreme, Mean, Rank, Sum } from './window.ts';
import { windowAtRows } from './window-at-rows.ts';

const { NaN: X } = Number;

function rowsOf(list: readonly number[]): Rows {
  return { list: Int32Array.from(list), count: list.length };
}

/** Prices, steps between few values, both zeros, what is missing, and now and then what no market has. */
const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 1, max: 1e5, noNaN: true }) },
  { weight: 4, arbitrary: fc.constantFrom(0, -0, 1, 2, 3) },
  { weight: 1, arbitrary: fc.constantFrom(X, X, -1e-9, 1e300, Number.POSITIVE_INFINITY) },
);
const column = fc.array(value, { minLength: 1, maxLength: 120 }).map((values) => Float64Array.from(values));

const KERNELS: Readonly<Record<WindowOp, (n: number, slot: number) => Kernel>> = {
  highest: (n, slot) => new Extreme(n, slot, 1),
  lowest: (n, slot) => new Extreme(n, slot, -1),
  sum: (n, slot) => new Sum(n, slot),
  mean: (n, slot) => new Mean(n, slot),
  deviation: (n, slot) => new Deviation(n, slot),
  rank: (n) => new Rank(n),
};

describe.each(Object.keys(KERNELS) as WindowOp[])('%s at chosen rows', (op) => {
  test('property: is what its kernel gives at every row, to the bit, wherever the rows begin', () => {
    const least = op === 'rank' ? 2 : 1;
    const choice = fc.infiniteStream(fc.boolean());
    const job = fc.record({
      values: column,
      n: fc.integer({ min: least, max: 30 }),
      slot: fc.nat(1_000),
      chosen: choice,
      lag: fc.nat(5),
    });
    fc.assert(
      fc.property(job, ({ values, n, slot, chosen, lag }) => {
        const whole = new Float64Array(values.length);
        KERNELS[op](n, slot).run([values], whole, values.length);
        const window = windowAtRows(op, values, n, slot);
        const list = Array.from(values.keys(), (row) => row + lag).filter(() => chosen.next().value);
        const output = new Float64Array(list.length);
        window.run(rowsOf(list), -lag, output);
        expect(Array.from(output)).toStrictEqual(list.map((row) => whole[row - lag]));
        // Rows before the column have no window.
        window.run(rowsOf([0]), -1, output);
        expect(output[0] ?? X).toBe(X);
      }),
      { numRuns: 300 },
    );
  });
});

describe('rows', () => {
  test('read a column, which has nothing before its first value', () => {
    const output = new Float64Array(3);
    gather(Float64Array.of(5, 6, 7), rowsOf([0, 1, 3]), -1, output);
    expect(Array.from(output)).toEqual([X, 5, 7]);
  });

  test('pass where their condition is true: neither where it is false nor where it is unknown', () => {
    const passed = rowsOf([0, 0, 0, 0]);
    passing(Float64Array.of(1, 0, X, 1), rowsOf([2, 5, 6, 9]), passed);
    expect([passed.count, ...passed.list.slice(0, 2)]).toEqual([2, 2, 9]);
  });
});

describe('a search for values that are not beaten', () => {
  const job = fc.record({
    values: column,
    x: fc.array(value, { minLength: 120, maxLength: 120 }),
    from: fc.nat(5),
    least: fc.integer({ min: 1, max: 20 }),
    beyond: fc.nat(20),
    sign: fc.constantFrom<(1 | -1)[]>(1, -1),
    orEqual: fc.boolean(),
    chosen: fc.infiniteStream(fc.boolean()),
  });

  test('property: finds the rows, and how far each came, as the definition does', () => {
    fc.assert(
      fc.property(job, ({ values, x, from, least, beyond, sign, orEqual, chosen }) => {
        const most = least + beyond;
        const list = Array.from(values.keys()).filter(() => chosen.next().value);
        const beats = (a: number, b: number): boolean => (orEqual ? sign * a >= sign * b : sign * a > sign * b);
        const reachOf = (i: number): number => {
          const at = (list[i] as number) - from;
          let reach = 0;
          while (reach < most && reach <= at && beats(x[i] as number, values[at - reach] as number)) reach++;
          return reach;
        };
        const expected = list.flatMap((row, i) => (reachOf(i) >= least ? [[row, reachOf(i)]] : []));

        const passed = rowsOf(Array(list.length).fill(0));
        const reach = new Int32Array(list.length);
        const range = { column: values, from, least, most, sign, orEqual };
        search(range, Float64Array.from(x), rowsOf(list), 0, passed, reach);
        const found = Array.from(passed.list.slice(0, passed.count), (row, i) => [row, reach[i]]);
        expect(found).toStrictEqual(expected);

        const further = rowsOf(Array(list.length).fill(0));
        reaching(reach, most, passed, further);
        expect(Array.from(further.list.slice(0, further.count))).toEqual(
          expected.flatMap(([row, came]) => (came === most ? [row] : [])),
        );
      }),
      { numRuns: 500 },
    );
  });
});
