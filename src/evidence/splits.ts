import type { RowRange } from '../domain/walk-forward-splits.ts';

export interface PurgedOptions {
  /** Rows of the grid. */
  readonly rows: number;
  /** N contiguous groups, as equal as they can be. */
  readonly groups: number;
  /** k of them are the test, in every combination. */
  readonly testGroups: number;
  /** Last row that the outcome of each row depends on, at or after itself: where a trade that is entered here ends. */
  readonly labelEndRows: ArrayLike<number>;
  /** Rows behind each test that are not trained on either: at least the longest holding. */
  readonly embargoRows: number;
}

export interface PurgedSplit {
  /** The groups that are tested, ascending. */
  readonly testGroups: readonly number[];
  /** Rows of these groups; neighbours are joined. */
  readonly test: readonly RowRange[];
  /** Rows to train on, ascending: those of other groups whose labels overlap none of the test, less the embargo. */
  readonly train: Int32Array;
}

export interface PurgedSplits {
  /** C(N, k), in lexical order of their test groups. */
  readonly splits: readonly PurgedSplit[];
  /**
   * (k / N)·C(N, k) = C(N − 1, k − 1) paths through all rows, each of which was tested once: paths[p][g] is the split
   * whose test of group g belongs to path p.
   */
  readonly paths: readonly (readonly number[])[];
}

/**
 * Combinatorial purged cross-validation (López de Prado 2018, *Advances in Financial Machine Learning*, ch. 12; purging
 * and embargo: ch. 7). Every choice of k of N groups is tested once, trained on the others; what has a part in both is
 * purged: a training row whose label reaches into the test, one within the reach of a test row's label, and those of
 * the embargo behind it.
 *
 * @throws RangeError where the counts make no such choice, or a label ends before its row or behind the last one.
 */
export function combinatorialPurgedSplits(options: PurgedOptions): PurgedSplits {
  const { rows, groups, testGroups, labelEndRows, embargoRows } = options;
  requireCount('rows', rows, 1);
  requireCount('rows of embargo', embargoRows, 0);
  if (!(isCount(groups, 2) && groups <= rows && isCount(testGroups, 1) && testGroups < groups)) {
    throw new RangeError(`${testGroups} of ${groups} groups of ${rows} rows cannot be tested`);
  }
  checkLabels(labelEndRows, rows);
  const starts = Array.from({ length: groups + 1 }, (_, group) => Math.floor((group * rows) / groups));
  const splits = choices(groups, testGroups).map((chosen): PurgedSplit => {
    const test = joined(chosen.map((group) => ({ from: starts[group] as number, to: starts[group + 1] as number })));
    return { testGroups: chosen, test, train: trainRowsOf(test, labelEndRows, embargoRows, rows) };
  });
  return { splits, paths: pathsOf(splits, groups) };
}

/** All choices of k of 0 … n − 1, each ascending, in lexical order. */
function choices(n: number, k: number, from = 0): number[][] {
  if (k === 0) return [[]];
  const all: number[][] = [];
  for (let first = from; first <= n - k; first++) {
    for (const rest of choices(n, k - 1, first + 1)) all.push([first, ...rest]);
  }
  return all;
}

function joined(ranges: readonly RowRange[]): RowRange[] {
  const result: RowRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last?.to === range.from) result[result.length - 1] = { from: last.from, to: range.to };
    else result.push(range);
  }
  return result;
}

function trainRowsOf(
  test: readonly RowRange[],
  labelEndRows: ArrayLike<number>,
  embargoRows: number,
  rows: number,
): Int32Array {
  // What a test says reaches from its first row to the last row that one of its labels depends on.
  const reaches = test.map(({ from, to }) => {
    let last = to - 1;
    for (let row = from; row < to; row++) last = Math.max(last, labelEndRows[row] as number);
    return { from, to: last + 1 + embargoRows };
  });
  const train: number[] = [];
  for (let row = 0; row < rows; row++) {
    const end = labelEndRows[row] as number;
    if (reaches.every(({ from, to }) => end < from || row >= to)) train.push(row);
  }
  return Int32Array.from(train);
}

/** The p-th time that a group is tested belongs to path p. */
function pathsOf(splits: readonly PurgedSplit[], groups: number): number[][] {
  const tests = Array.from({ length: groups }, (_, group) =>
    splits.flatMap(({ testGroups }, split) => (testGroups.includes(group) ? [split] : [])),
  );
  return Array.from({ length: tests[0]?.length ?? 0 }, (_, path) => tests.map((of) => of[path] as number));
}

function checkLabels(labelEndRows: ArrayLike<number>, rows: number): void {
  if (labelEndRows.length !== rows) throw new RangeError(`${labelEndRows.length} labels for ${rows} rows`);
  for (let row = 0; row < rows; row++) {
    const end = labelEndRows[row] as number;
    if (!(isCount(end, row) && end < rows)) throw new RangeError(`the label of row ${row} cannot end at row ${end}`);
  }
}

function requireCount(name: string, value: number, least: number): void {
  if (!isCount(value, least)) throw new RangeError(`${value} is no number of ${name}`);
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least;
}
