import type { WindowOp } from '../node.ts';
import type { Rows } from './at-rows.ts';
import { deviationOf, rankOf } from './window.ts';

/** The window that ends at each of some rows; NaN where it begins before the column. */
export interface WindowAtRows {
  run(rows: Rows, at: number, output: Float64Array): void;
}

/** @param slot that of row 0 of the column, by which window.ts cuts it into blocks of n */
export function windowAtRows(op: WindowOp, column: Float64Array, n: number, slot: number): WindowAtRows {
  switch (op) {
    case 'highest':
      return new ExtremeAtRows(column, n, 1);
    case 'lowest':
      return new ExtremeAtRows(column, n, -1);
    case 'sum':
      return new SumAtRows(column, n, slot);
    case 'mean':
      return new MeanAtRows(column, n, slot);
    case 'deviation':
      return new DeviationAtRows(column, n, slot);
    case 'rank':
      return new RankAtRows(column, n);
  }
}

class ExtremeAtRows implements WindowAtRows {
  readonly #column: Float64Array;
  readonly #n: number;
  readonly #sign: 1 | -1;

  constructor(column: Float64Array, n: number, sign: 1 | -1) {
    this.#column = column;
    this.#n = n;
    this.#sign = sign;
  }

  run({ list, count }: Rows, at: number, output: Float64Array): void {
    const column = this.#column;
    const n = this.#n;
    const sign = this.#sign;
    for (let i = 0; i < count; i++) {
      const row = at + (list[i] as number);
      let best = row < n - 1 ? Number.NaN : Number.NEGATIVE_INFINITY;
      for (let j = Math.max(0, row - n + 1); j <= row; j++) best = Math.max(best, sign * (column[j] as number));
      output[i] = sign * best;
    }
  }
}

// The sums follow window.ts: blocks of n at absolute slots, a prefix from the start of the block in which a window ends
// and a suffix from the end of the block before, each added up in that order. Rows rise, so the prefix only grows, and
// the suffixes that the first row of a block passes are all that the others of the block need.

abstract class SumsAtRows implements WindowAtRows {
  protected readonly column: Float64Array;
  protected readonly n: number;
  protected readonly slot: number;
  /** suffix[i]: of the block before, from its value i on. */
  protected readonly suffix: Float64Array;

  constructor(column: Float64Array, n: number, slot: number) {
    this.column = column;
    this.n = n;
    this.slot = slot;
    this.suffix = new Float64Array(n + 1);
  }

  abstract run(rows: Rows, at: number, output: Float64Array): void;
}

class SumAtRows extends SumsAtRows {
  run({ list, count }: Rows, at: number, output: Float64Array): void {
    const column = this.column;
    const n = this.n;
    const suffix = this.suffix;
    let start = -n;
    let next = 0;
    let prefix = 0;
    for (let i = 0; i < count; i++) {
      const row = at + (list[i] as number);
      if (row < n - 1) {
        output[i] = Number.NaN;
        continue;
      }
      if (row >= start + n) {
        start = row - ((this.slot + row) % n);
        next = start;
        prefix = 0;
        let sum = 0;
        for (let j = start - 1; j > row - n; j--) {
          sum += column[j] as number;
          suffix[j - start + n] = sum;
        }
      }
      for (; next <= row; next++) prefix += column[next] as number;
      output[i] = prefix + (suffix[next - start] as number);
    }
  }
}

class MeanAtRows extends SumsAtRows {
  run({ list, count }: Rows, at: number, output: Float64Array): void {
    const column = this.column;
    const n = this.n;
    const suffix = this.suffix;
    let start = -n;
    let next = 0;
    let first = 0;
    let last = 0;
    let prefix = 0;
    for (let i = 0; i < count; i++) {
      const row = at + (list[i] as number);
      if (row < n - 1) {
        output[i] = Number.NaN;
        continue;
      }
      if (row >= start + n) {
        start = row - ((this.slot + row) % n);
        next = start;
        first = column[start] as number;
        last = column[Math.max(0, start - 1)] as number;
        prefix = 0;
        let sum = 0;
        let j = start - 1;
        // Each sum waits for its last addition: the two side by side take half the time.
        for (const both = Math.min(row, 2 * start - 2 + n - row); next <= both; next++) {
          prefix += (column[next] as number) - first;
          sum += (column[j] as number) - last;
          suffix[j - start + n] = sum;
          j--;
        }
        for (; j > row - n; j--) {
          sum += (column[j] as number) - last;
          suffix[j - start + n] = sum;
        }
      }
      for (; next <= row; next++) prefix += (column[next] as number) - first;
      const before = n - (next - start);
      output[i] =
        before === 0
          ? first + prefix / n
          : first + (prefix + (suffix[n - before] as number) + before * (last - first)) / n;
    }
  }
}

class DeviationAtRows extends SumsAtRows {
  /** The same of squares. */
  readonly #squares = new Float64Array(this.n + 1);

  run({ list, count }: Rows, at: number, output: Float64Array): void {
    const column = this.column;
    const n = this.n;
    let start = -n;
    let next = 0;
    let first = 0;
    let last = 0;
    let prefix1 = 0;
    let prefix2 = 0;
    for (let i = 0; i < count; i++) {
      const row = at + (list[i] as number);
      if (row < n - 1) {
        output[i] = Number.NaN;
        continue;
      }
      if (row >= start + n) {
        start = row - ((this.slot + row) % n);
        next = start;
        first = column[start] as number;
        last = column[Math.max(0, start - 1)] as number;
        prefix1 = 0;
        prefix2 = 0;
        this.#fillSuffixes(start, row);
      }
      for (; next <= row; next++) {
        const distance = (column[next] as number) - first;
        prefix1 += distance;
        prefix2 += distance * distance;
      }
      const before = n - (next - start);
      const shift = last - first;
      const moved = before * shift;
      const tail1 = this.suffix[n - before] as number;
      const tail2 = this.#squares[n - before] as number;
      output[i] =
        before === 0
          ? deviationOf(prefix1, prefix2, n)
          : deviationOf(prefix1 + tail1 + moved, prefix2 + tail2 + shift * (2 * tail1 + moved), n);
    }
  }

  /** Of the block before `start`, as far back as the window of a row reaches. */
  #fillSuffixes(start: number, row: number): void {
    const column = this.column;
    const n = this.n;
    const last = column[Math.max(0, start - 1)] as number;
    let sum1 = 0;
    let sum2 = 0;
    for (let j = start - 1; j > row - n; j--) {
      const distance = (column[j] as number) - last;
      sum1 += distance;
      sum2 += distance * distance;
      this.suffix[j - start + n] = sum1;
      this.#squares[j - start + n] = sum2;
    }
  }
}

class RankAtRows implements WindowAtRows {
  readonly #column: Float64Array;
  readonly #n: number;

  constructor(column: Float64Array, n: number) {
    this.#column = column;
    this.#n = n;
  }

  run({ list, count }: Rows, at: number, output: Float64Array): void {
    const column = this.#column;
    const n = this.#n;
    for (let i = 0; i < count; i++) {
      const row = at + (list[i] as number);
      const x = column[Math.max(0, row)] as number;
      let below = 0;
      let above = 0;
      let equal = 0;
      for (let j = Math.max(0, row - n + 1); j <= row; j++) {
        const y = column[j] as number;
        below += Number(y < x);
        above += Number(y > x);
        equal += Number(y === x);
      }
      output[i] = rankOf(below, above, equal, n);
    }
  }
}
