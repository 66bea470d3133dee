import type { Rows } from './at-rows.ts';

/** A comparison of x with a multiple of the mean of n values. */
export interface MeanMultiple {
  readonly n: number;
  readonly factor: number;
  /** 1: x is above it; −1: x is below it. */
  readonly sign: 1 | -1;
}

/** Writes to `passed` at which rows the same comparison is true with the mean that the kernels compute. */
export type Exact = (rows: Rows, passed: Rows) => void;

/** Of fewer rows, the means themselves are had for less than the sums that would spare them. */
const FEW = 64;
/** What sums of N values with magnitudes M, and the mean of some of them, are off by is at most this × N × M. */
const ERROR = 2 ** -48;
/** What products are off by that are too small for a double. */
const UNDERFLOW = 1e-300;

/**
 * Sums of a column from the start of a block on, and of what the windows that end there reach back to: one addition for
 * a value, however many windows of whatever lengths it is part of. They are not what the kernels add up, so nothing is
 * ever made of them but a decision that they leave no doubt about.
 */
export class RunningSums {
  readonly #column: Float64Array;
  #longest = 0;
  #sums = new Float64Array(0);
  /** The block; its row 0 is row `#at` of the column, and may lie before it. */
  #at = Number.NaN;
  /** sums[i]: of the column from row `#first` to before row `#first` + i. */
  #first = 0;
  #end = 0;
  #magnitude = 0;
  /** One row. */
  readonly #doubtful: Rows = { list: new Int32Array(1), count: 1 };
  readonly #certain: Rows = { list: new Int32Array(1), count: 0 };

  constructor(column: Float64Array) {
    this.#column = column;
  }

  /** Announces a window of n values; `most` is the longest block. */
  reserve(n: number, most: number): void {
    if (n <= this.#longest) return;
    this.#longest = n;
    this.#sums = new Float64Array(most + n);
  }

  /**
   * Adds up to the last of these rows, which are counted from row `at` of the column.
   *
   * @returns what a mean may be off by that is made of these sums; NaN where a value is missing among them
   */
  #cover({ list, count }: Rows, at: number): number {
    if (at !== this.#at) {
      this.#at = at;
      this.#first = Math.max(0, at - this.#longest + 1);
      this.#end = this.#first;
      this.#magnitude = 0;
    }
    const column = this.#column;
    const sums = this.#sums;
    const first = this.#first;
    const end = at + (list[count - 1] as number) + 1;
    let sum = sums[this.#end - first] as number;
    let magnitude = this.#magnitude;
    for (let row = this.#end; row < end; row++) {
      const value = column[row] as number;
      sum += value;
      magnitude += Math.abs(value);
      sums[row - first + 1] = sum;
    }
    this.#end = Math.max(this.#end, end);
    this.#magnitude = magnitude;
    return ERROR * (this.#end - first) * magnitude;
  }

  /**
   * The rows at which x lies beyond a multiple of the mean: told from the sums, and by `exact` where what they may be
   * off by could matter. Rows are counted from row `at` of the column.
   */
  pass({ n, factor, sign }: MeanMultiple, x: Float64Array, rows: Rows, at: number, exact: Exact, passed: Rows): void {
    const slack = rows.count < FEW ? Number.NaN : Math.abs(factor) * this.#cover(rows, at) + UNDERFLOW;
    if (Number.isNaN(slack)) {
      exact(rows, passed);
      return;
    }
    const { list, count } = rows;
    const sums = this.#sums;
    const output = passed.list;
    const toEnd = at - this.#first + 1;
    let i = 0;
    // The first windows are not whole, and their means unknown.
    while (i < count && at + (list[i] as number) < n - 1) i++;
    let kept = 0;
    for (const scale = factor / n; i < count; i++) {
      const row = list[i] as number;
      const end = row + toEnd;
      const beyond = sign * ((x[i] as number) - scale * ((sums[end] as number) - (sums[end - n] as number)));
      output[kept] = row;
      // Without a branch on the outcome, which nobody can predict; but doubt is rare.
      kept += Number(beyond > slack);
      if (!(Math.abs(beyond) > slack) && this.#isTrueAt(row, exact)) output[kept++] = row;
    }
    passed.count = kept;
  }

  #isTrueAt(row: number, exact: Exact): boolean {
    this.#doubtful.list[0] = row;
    exact(this.#doubtful, this.#certain);
    return this.#certain.count === 1;
  }
}
