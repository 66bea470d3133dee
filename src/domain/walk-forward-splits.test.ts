import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RowRange, walkForwardSplits } from './walk-forward-splits.ts';

const count = (min: number, max: number) => fc.integer({ min, max });
const sizeOf = ({ from, to }: RowRange): number => to - from;

describe('walk-forward', () => {
  test('rolling: the newest rows are tested, the oldest that fill no fold are left out', () => {
    const splits = walkForwardSplits({ rows: 23, trainRows: 8, testRows: 4, embargoRows: 2, kind: 'rolling' });
    expect(splits).toEqual([
      { train: { from: 1, to: 9 }, test: { from: 11, to: 15 } },
      { train: { from: 5, to: 13 }, test: { from: 15, to: 19 } },
      { train: { from: 9, to: 17 }, test: { from: 19, to: 23 } },
    ]);
  });

  test('anchored: training begins at the first row', () => {
    const splits = walkForwardSplits({ rows: 23, trainRows: 8, testRows: 4, embargoRows: 2, kind: 'anchored' });
    expect(splits.map(({ train }) => train)).toEqual([
      { from: 0, to: 9 },
      { from: 0, to: 13 },
      { from: 0, to: 17 },
    ]);
  });

  test('property: test windows join, end with the last row, and lie an embargo behind their training', () => {
    const options = fc.record({
      rows: count(30, 300),
      trainRows: count(1, 15),
      testRows: count(1, 10),
      embargoRows: count(0, 5),
      kind: fc.constantFrom('rolling' as const, 'anchored' as const),
    });
    fc.assert(
      fc.property(options, (of) => {
        const splits = walkForwardSplits(of);
        expect(splits.at(-1)?.test.to).toBe(of.rows);
        splits.forEach(({ train, test: tested }, fold) => {
          expect(sizeOf(tested)).toBe(of.testRows);
          expect(tested.from - train.to).toBe(of.embargoRows);
          expect(train.from).toBeGreaterThanOrEqual(0);
          if (of.kind === 'rolling') expect(sizeOf(train)).toBe(of.trainRows);
          else expect(train.from).toBe(0);
          expect(sizeOf(train)).toBeGreaterThanOrEqual(of.trainRows);
          if (fold > 0) expect(tested.from).toBe(splits[fold - 1]?.test.to);
        });
        // Another fold would not fit.
        expect((splits[0]?.test.from as number) - of.testRows - of.embargoRows).toBeLessThan(of.trainRows);
      }),
    );
  });

  test('a span without a single fold is refused, with the numbers', () => {
    const options = { rows: 13, trainRows: 8, testRows: 4, embargoRows: 2, kind: 'rolling' as const };
    expect(() => walkForwardSplits(options)).toThrow('13 candles do not hold a fold');
    expect(() => walkForwardSplits({ ...options, rows: 14 })).not.toThrow();
  });

  test.each([
    [{ trainRows: 0 }, '0 is no number of training rows'],
    [{ testRows: 1.5 }, '1.5 is no number of test rows'],
    [{ embargoRows: -1 }, '-1 is no number of rows of embargo'],
    [{ rows: Number.NaN }, 'NaN is no number of rows'],
  ])('refused: %o', (wrong, message) => {
    const options = { rows: 30, trainRows: 8, testRows: 4, embargoRows: 2, kind: 'rolling' as const };
    expect(() => walkForwardSplits({ ...options, ...wrong })).toThrow(message);
  });
});
