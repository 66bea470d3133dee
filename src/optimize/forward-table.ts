import type { Days } from './forward-plan.ts';

/**
 * What every candidate made on every window: the returns of the account, day by day, and the trades that it closed.
 * Each window is a run of its own, which begins with the deposit and without a position, and ends without one.
 */
export class ForwardTable {
  readonly candidates: number;
  readonly windows: readonly Days[];
  /** Where the values of a window begin in a row, its trades first. */
  readonly #offsets: readonly number[];
  readonly #width: number;
  readonly #values: Float64Array;

  constructor(candidates: number, windows: readonly Days[]) {
    let width = 0;
    this.candidates = candidates;
    this.windows = windows;
    this.#offsets = windows.map(({ from, to }) => {
      const offset = width;
      width += 1 + to - from;
      return offset;
    });
    this.#width = width;
    this.#values = new Float64Array(candidates * width);
  }

  /** Takes rows of another table of the same windows. */
  take(firstCandidate: number, rows: Float64Array): void {
    this.#values.set(rows, firstCandidate * this.#width);
  }

  /** All of it, row after row, as `take` takes it. */
  get rows(): Float64Array {
    return this.#values;
  }

  write(candidate: number, window: number, trades: number, returns: Float64Array): void {
    const at = candidate * this.#width + (this.#offsets[window] as number);
    this.#values[at] = trades;
    this.#values.set(returns, at + 1);
  }

  trades(candidate: number, window: number): number {
    return this.#values[candidate * this.#width + (this.#offsets[window] as number)] as number;
  }

  /** A view: one return a day, as a fraction of the account at the end of the day before. */
  returns(candidate: number, window: number): Float64Array {
    const at = candidate * this.#width + (this.#offsets[window] as number) + 1;
    const { from, to } = this.windows[window] as Days;
    return this.#values.subarray(at, at + to - from);
  }

  /** The score (rule 34): the mean daily return. */
  score(candidate: number, window: number): number {
    return meanOf(this.returns(candidate, window));
  }
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
