/**
 * Chosen rows, in rising order, each counted from a row `at` of the columns, which may lie before their first. What is
 * computed here and in window-at-rows.ts at chosen rows is to the bit what the kernels compute at all of them.
 */
export interface Rows {
  readonly list: Int32Array;
  count: number;
}

/** The values of a column; NaN before its first. */
export function gather(column: Float64Array, { list, count }: Rows, at: number, output: Float64Array): void {
  for (let i = 0; i < count; i++) {
    const row = at + (list[i] as number);
    output[i] = row < 0 ? Number.NaN : (column[row] as number);
  }
}

/** The rows at which a condition, known at each of them, is true. */
export function passing(condition: Float64Array, { list, count }: Rows, passed: Rows): void {
  const output = passed.list;
  let kept = 0;
  // Without a branch on the outcome, which nobody can predict.
  for (let i = 0; i < count; i++) {
    output[kept] = list[i] as number;
    kept += Number(condition[i] === 1);
  }
  passed.count = kept;
}

/** Values n … m−1 candles before a row, all of which have to be beaten: beyond them, or at least as far. */
export interface Range {
  readonly column: Float64Array;
  readonly from: number;
  readonly to: number;
  /** 1: above the highest; −1: below the lowest. */
  readonly sign: 1 | -1;
  /** Whether a value that is equal is beaten too. */
  readonly orEqual: boolean;
}

/**
 * The rows whose x is beyond all values of the range. Most fail at one of the first, so few are read. Returns the
 * number that was. A missing value is never beaten.
 */
export function beyond(range: Range, x: Float64Array, rows: Rows, at: number, passed: Rows): number {
  const { column, from, to, sign, orEqual } = range;
  const { list, count } = rows;
  const output = passed.list;
  let kept = 0;
  let read = 0;
  for (let i = 0; i < count; i++) {
    const row = list[i] as number;
    const last = at + row - to + 1;
    if (last < 0) continue;
    const first = at + row - from;
    const value = sign * (x[i] as number);
    let j = first;
    if (orEqual) while (j >= last && value >= sign * (column[j] as number)) j--;
    else while (j >= last && value > sign * (column[j] as number)) j--;
    read += first - j;
    output[kept] = row;
    kept += Number(j < last);
  }
  passed.count = kept;
  return read + count;
}
