import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rows } from './at-rows.ts';
import { type MeanMultiple, RunningSums } from './beyond-mean.ts';
import { windowAtRows } from './window-at-rows.ts';

const BLOCK = 200;

function chosen(list: readonly number[]): Rows {
  return { list: Int32Array.from(list), count: list.length };
}

function rowsOf({ list, count }: Rows): number[] {
  return [...list.subarray(0, count)];
}

/** What passes, and how many rows the mean itself was asked about. */
function told(column: Float64Array, multiple: MeanMultiple, x: Float64Array, list: readonly number[], at: number) {
  const sums = new RunningSums(column);
  sums.reserve(multiple.n, BLOCK);
  sums.reserve(1, BLOCK);
  const passed = chosen(list.map(() => 0));
  let asked = 0;
  const exact = (rows: Rows, certain: Rows): void => {
    asked += rows.count;
    const kept = exactly(column, multiple, x, list, rowsOf(rows), at);
    certain.list.set(kept);
    certain.count = kept.length;
  };
  sums.pass(multiple, x, chosen(list), at, exact, passed);
  return { passed: rowsOf(passed), asked };
}

function exactly(
  column: Float64Array,
  { n, factor, sign }: MeanMultiple,
  x: Float64Array,
  list: readonly number[],
  among: readonly number[],
  at: number,
): number[] {
  const means = new Float64Array(among.length);
  windowAtRows('mean', column, n, 5).run(chosen(among), at, means);
  return among.filter((row, i) => sign * (x[list.indexOf(row)] as number) > sign * ((means[i] as number) * factor));
}

const value = fc.oneof(fc.constantFrom(0, 1, 2, 3), fc.double({ min: 0, max: 1e9, noNaN: true }), fc.double());

test('property: the rows beyond a multiple of the mean, as the mean itself has it', () => {
  const cases = fc.record({
    column: fc.array(value, { minLength: 400, maxLength: 400 }),
    n: fc.integer({ min: 1, max: 90 }),
    factor: fc.constantFrom(1, 1.5, -2, 0, 1e-310),
    sign: fc.constantFrom(1 as const, -1 as const),
    at: fc.integer({ min: -5, max: 200 }),
    list: fc.uniqueArray(fc.integer({ min: 6, max: BLOCK - 1 }), { minLength: 64, maxLength: 150 }),
    flat: fc.boolean(),
  });
  fc.assert(
    fc.property(cases, ({ column: values, n, factor, sign, at, list, flat }) => {
      const column = Float64Array.from(values, (value) => (flat ? Math.abs(value) % 2 : value));
      const rows = list.sort((a, b) => a - b);
      const x = Float64Array.from(rows, (row) => column[(row * 7) % 400] as number);
      const multiple = { n, factor, sign };
      expect(told(column, multiple, x, rows, at).passed).toEqual(exactly(column, multiple, x, rows, rows, at));
    }),
    { numRuns: 300 },
  );
});

const NUMBERS = Float64Array.from({ length: 400 }, (_, i) => 1 + ((i * 37) % 101));
const ROWS = Array.from({ length: 100 }, (_, i) => 2 * i);
const MEAN_OF_10: MeanMultiple = { n: 10, factor: 1, sign: 1 };

test('the mean itself is made only where sums leave a doubt', () => {
  const x = Float64Array.from(ROWS, (row) => NUMBERS[row + 100] as number);
  expect(told(NUMBERS, MEAN_OF_10, x, ROWS, 100).asked).toBeLessThan(10);
  const ties = new Float64Array(ROWS.length).fill(3);
  const flat = new Float64Array(400).fill(3);
  expect(told(flat, MEAN_OF_10, ties, ROWS, 100)).toEqual({ passed: [], asked: 100 });
});

test('a missing value makes sums of its block useless, and few rows are not worth them', () => {
  const x = Float64Array.from(ROWS, (row) => NUMBERS[row + 100] as number);
  const missing = NUMBERS.with(150, Number.NaN);
  expect(told(missing, MEAN_OF_10, x, ROWS, 100).asked).toBe(100);
  expect(told(NUMBERS, MEAN_OF_10, x, ROWS.slice(0, 20), 100).asked).toBe(20);
});
