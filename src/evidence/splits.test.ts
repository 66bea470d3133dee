import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combinatorialPurgedSplits, type RowRange, walkForwardSplits } from './splits.ts';

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

describe('combinatorial purged splits', () => {
  const pointLabels = (rows: number): number[] => Array.from({ length: rows }, (_, row) => row);

  test('golden: 6 groups, 2 of them tested: 15 splits, 5 paths', () => {
    const labelEndRows = pointLabels(60);
    const { splits, paths } = combinatorialPurgedSplits({
      rows: 60,
      groups: 6,
      testGroups: 2,
      labelEndRows,
      embargoRows: 0,
    });
    expect(splits).toHaveLength(15);
    expect(paths).toHaveLength(5);
    expect(splits[0]?.testGroups).toEqual([0, 1]);
    expect(splits[0]?.test).toEqual([{ from: 0, to: 20 }]);
    expect(splits.at(-1)?.testGroups).toEqual([4, 5]);
    expect(splits.every(({ train }) => train.length === 40)).toBe(true);
  });

  test('labels that reach into the test are purged, and what its labels reach, and the embargo', () => {
    // Every trade lasts for two rows more.
    const labelEndRows = pointLabels(12).map((row) => Math.min(row + 2, 11));
    const { splits } = combinatorialPurgedSplits({ rows: 12, groups: 3, testGroups: 1, labelEndRows, embargoRows: 1 });
    expect(splits.map(({ train }) => [...train])).toEqual([
      // Tested 0 … 3; its labels reach 5, and 6 is the embargo.
      [7, 8, 9, 10, 11],
      // Tested 4 … 7: rows 2 and 3 reach into it, its labels reach 9.
      [0, 1, 11],
      [0, 1, 2, 3, 4, 5],
    ]);
  });

  test('property: no training label touches a test label, every group is tested once on each path', () => {
    const options = fc
      .record({ rows: count(6, 60), groups: count(2, 6), embargoRows: count(0, 4), hold: count(0, 5) })
      .chain((of) => fc.record({ of: fc.constant(of), testGroups: count(1, of.groups - 1), seed: fc.nat() }));
    fc.assert(
      fc.property(options, ({ of: { rows, groups, embargoRows, hold }, testGroups, seed }) => {
        const labelEndRows = pointLabels(rows).map((row) => Math.min(row + ((row * 7 + seed) % (hold + 1)), rows - 1));
        const { splits, paths } = combinatorialPurgedSplits({ rows, groups, testGroups, labelEndRows, embargoRows });
        for (const { test: tested, train } of splits) {
          const rowsTested = tested.flatMap(({ from, to }) => pointLabels(rows).slice(from, to));
          for (const row of train) {
            const end = labelEndRows[row] as number;
            for (const other of rowsTested) {
              const otherEnd = labelEndRows[other] as number;
              expect(row > otherEnd + embargoRows || end < other).toBe(true);
            }
          }
        }
        for (const path of paths) {
          expect(path).toHaveLength(groups);
          path.forEach((split, group) => {
            expect(splits[split]?.testGroups).toContain(group);
          });
        }
        expect(paths.length * groups).toBe(splits.length * testGroups);
        expect(new Set(paths.flatMap((path) => path.map((split, group) => `${split} ${group}`))).size).toBe(
          splits.length * testGroups,
        );
      }),
    );
  });

  test.each([
    [{ groups: 1 }, '1 of 1 groups'],
    [{ testGroups: 3 }, '3 of 3 groups'],
    [{ groups: 9 }, '1 of 9 groups of 6 rows'],
    [{ labelEndRows: [0, 1, 2] }, '3 labels for 6 rows'],
    [{ labelEndRows: [0, 0, 2, 3, 4, 5] }, 'the label of row 1 cannot end at row 0'],
    [{ labelEndRows: [0, 1, 2, 3, 4, 6] }, 'the label of row 5 cannot end at row 6'],
    [{ embargoRows: -1 }, '-1 is no number of rows of embargo'],
  ])('refused: %o', (wrong, message) => {
    const options = { rows: 6, groups: 3, testGroups: 1, labelEndRows: pointLabels(6), embargoRows: 0 };
    expect(() => combinatorialPurgedSplits({ ...options, ...wrong })).toThrow(message);
  });
});
