import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combinatorialPurgedSplits } from './splits.ts';

const count = (min: number, max: number) => fc.integer({ min, max });

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
