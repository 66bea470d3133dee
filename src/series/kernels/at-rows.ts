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

/** Values `from` and more candles before a row that may be beaten one after the other. */
export interface Range {
  readonly column: Float64Array;
  readonly from: number;
  /** So many have to be beaten at least. */
  readonly least: number;
  /** More than so many are not looked at. */
  readonly most: number;
  /** 1: by what is above; −1: by what is below. */
  readonly sign: 1 | -1;
  /** Whether a value that is equal is beaten too. */
  readonly orEqual: boolean;
}

/**
 * The rows whose x beats enough of the nearest values, and in `reach` how many. Most rows fail at one of the first, so
 * few values are read; returns their number. A missing value is never beaten.
 */
export function search(range: Range, x: Float64Array, rows: Rows, at: number, passed: Rows, reach: Int32Array): number {
  const { column, from, least, most, sign, orEqual } = range;
  const { list, count } = rows;
  const left = passed.list;
  let begin = 0;
  while (begin < count && at + (list[begin] as number) - from < least - 1) begin++;
  // The nearest value alone rules most out, and this loop has no branch on the outcome, which nobody can predict.
  let candidates = 0;
  for (let i = begin; i < count; i++) {
    const value = sign * (x[i] as number);
    const nearest = sign * (column[at + (list[i] as number) - from] as number);
    left[candidates] = i;
    candidates += orEqual ? Number(value >= nearest) : Number(value > nearest);
  }
  let read = count;
  let kept = 0;
  for (let k = 0; k < candidates; k++) {
    const i = left[k] as number;
    const row = list[i] as number;
    const value = sign * (x[i] as number);
    const nearest = at + row - from;
    const end = Math.max(-1, nearest - most);
    let j = nearest - 1;
    if (orEqual) while (j > end && value >= sign * (column[j] as number)) j--;
    else while (j > end && value > sign * (column[j] as number)) j--;
    read += nearest - j;
    left[kept] = row;
    reach[kept] = nearest - j;
    kept += Number(nearest - j >= least);
  }
  passed.count = kept;
  return read;
}

/** The rows that reach at least so far. */
export function reaching(reach: Int32Array, least: number, { list, count }: Rows, passed: Rows): void {
  const output = passed.list;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    output[kept] = list[i] as number;
    kept += Number((reach[i] as number) >= least);
  }
  passed.count = kept;
}
