import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CandleColumns, emptyColumns } from '../../domain/candle.ts';
import { epochMs } from '../../domain/units.ts';
import { TouchTree } from './touch-tree.ts';

interface Extremes {
  readonly low: number;
  readonly height: number;
  readonly isMissing: boolean;
}

function columnsOf(candles: readonly Extremes[]): CandleColumns {
  const columns = emptyColumns('BTC', '1m', epochMs(0), candles.length);
  for (const [row, { low, height, isMissing }] of candles.entries()) {
    if (isMissing) continue;
    columns.low[row] = low;
    columns.high[row] = low + height;
  }
  return columns;
}

const candle = fc.record({
  low: fc.integer({ min: 0, max: 1_000 }),
  height: fc.nat({ max: 20 }),
  isMissing: fc.nat({ max: 9 }).map((n) => n === 0),
});
/** Up to four levels of the tree, with ends that fill no block. */
const candles = fc
  .record({ length: fc.integer({ min: 1, max: 5_000 }), pattern: fc.array(candle, { minLength: 1, maxLength: 40 }) })
  .map(({ length, pattern }) =>
    Array.from({ length }, (_, row) => {
      const { low, height, isMissing } = pattern[row % pattern.length] as Extremes;
      // Mostly far from the edges that are searched for, so that whole blocks are passed over.
      return { low: row % 997 === 0 ? low : 400 + (low % 100), height, isMissing };
    }),
  );
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('the first candle outside two prices is the one that a walk finds', () => {
  fc.assert(
    fc.property(
      candles,
      place,
      fc.integer({ min: -1, max: 500 }),
      fc.integer({ min: 400, max: 1_100 }),
      (rows, at, below, above) => {
        const columns = columnsOf(rows);
        const from = Math.floor(at * rows.length);
        let walked = from;
        while (
          walked < rows.length &&
          !((columns.low[walked] as number) <= below || (columns.high[walked] as number) >= above)
        ) {
          walked++;
        }
        expect(new TouchTree(columns).firstOutside(from, below, above)).toBe(walked);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('the extremes of a stretch are those of its candles', () => {
  fc.assert(
    fc.property(candles, place, place, (rows, a, b) => {
      const columns = columnsOf(rows);
      const [from, to] = [Math.floor(a * rows.length), Math.floor(b * rows.length)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const known = (column: Float64Array): number[] =>
        [...column.subarray(from, to)].filter((value) => !Number.isNaN(value));
      const tree = new TouchTree(columns);
      expect(tree.highest(from, to)).toBe(Math.max(...known(columns.high)));
      expect(tree.lowest(from, to)).toBe(Math.min(...known(columns.low)));
    }),
    { numRuns: 1_000 },
  );
});

test('a price that is never met is met at the end of the candles', () => {
  const columns = columnsOf(Array.from({ length: 1_000 }, () => ({ low: 5, height: 1, isMissing: false })));
  expect(new TouchTree(columns).firstOutside(0, 4, 7)).toBe(1_000);
  expect(new TouchTree(columns).firstOutside(999, Number.NEGATIVE_INFINITY, 6)).toBe(999);
});
