import type { Kernel } from './kernel.ts';

/**
 * Windows of n candles, by blocks of n that lie at absolute slots (openTime / interval). A window that ends inside a
 * block is a suffix of the block before and a prefix of this one: the suffixes are computed once when a block is full,
 * the prefix as it grows. So the order in which a window is added up depends on its candles alone, bit for bit,
 * wherever the series began; nothing is ever subtracted, so nothing drifts, and a NaN leaves with its window.
 *
 * Every kernel here keeps `at`, the number of values in the current block. Data that begins inside a block leaves the
 * start of it NaN.
 */
abstract class BlockWindow implements Kernel {
  protected readonly n: number;
  /** The values of the current block. */
  protected readonly block: Float64Array;
  protected at: number;

  constructor(n: number, firstSlot: number) {
    this.n = n;
    this.block = new Float64Array(n).fill(Number.NaN);
    this.at = firstSlot % n;
  }

  abstract run(inputs: readonly Float64Array[], output: Float64Array, count: number): void;

  /** What a prefix that begins inside its block starts from: such a window is never whole. */
  protected startOr(identity: number): number {
    return this.at === 0 ? identity : Number.NaN;
  }
}

/** suffix[i]: an aggregate of block[i … n−1]; suffix[n] is that of nothing. */
function emptySuffix(n: number, identity: number): Float64Array {
  const suffix = new Float64Array(n + 1).fill(Number.NaN);
  suffix[n] = identity;
  return suffix;
}

/** The highest (sign 1) or the lowest (sign −1) of n values; `Math.max` passes NaN on. */
export class Extreme extends BlockWindow {
  readonly #sign: 1 | -1;
  readonly #suffix: Float64Array;
  #prefix: number;

  constructor(n: number, firstSlot: number, sign: 1 | -1) {
    super(n, firstSlot);
    this.#sign = sign;
    this.#suffix = emptySuffix(n, Number.NEGATIVE_INFINITY);
    this.#prefix = this.startOr(Number.NEGATIVE_INFINITY);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const { n, block } = this;
    const sign = this.#sign;
    const suffix = this.#suffix;
    let at = this.at;
    let prefix = this.#prefix;
    for (let i = 0; i < count; ) {
      const stop = Math.min(count, i + n - at);
      for (; i < stop; i++) {
        const x = sign * (input[i] as number);
        block[at++] = x;
        prefix = Math.max(prefix, x);
        output[i] = sign * Math.max(prefix, suffix[at] as number);
      }
      if (at < n) continue;
      for (let j = n - 1, best = Number.NEGATIVE_INFINITY; j > 0; j--) {
        best = Math.max(best, block[j] as number);
        suffix[j] = best;
      }
      prefix = Number.NEGATIVE_INFINITY;
      at = 0;
    }
    this.at = at;
    this.#prefix = prefix;
  }
}

/**
 * The highest (sign 1) or the lowest (sign −1) of n values, from that of its first and its last p: two windows that
 * cover it, n / 2 ≤ p < n.
 */
export class WiderExtreme implements Kernel {
  readonly #sign: 1 | -1;
  /** The values of the shorter window, as far back as the first one lies. */
  readonly #past: Float64Array;
  #at = 0;

  constructor(n: number, p: number, sign: 1 | -1) {
    this.#sign = sign;
    this.#past = new Float64Array(n - p).fill(Number.NaN);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const sign = this.#sign;
    const past = this.#past;
    const back = past.length;
    let at = this.#at;
    for (let i = 0; i < count; ) {
      const stop = Math.min(count, i + back - at);
      for (; i < stop; i++, at++) {
        const x = sign * (input[i] as number);
        output[i] = sign * Math.max(past[at] as number, x);
        past[at] = x;
      }
      if (at === back) at = 0;
    }
    this.#at = at;
  }
}

/** The sum of n values. */
export class Sum extends BlockWindow {
  readonly #suffix: Float64Array;
  #prefix: number;

  constructor(n: number, firstSlot: number) {
    super(n, firstSlot);
    this.#suffix = emptySuffix(n, 0);
    this.#prefix = this.startOr(0);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const { n, block } = this;
    const suffix = this.#suffix;
    let at = this.at;
    let prefix = this.#prefix;
    for (let i = 0; i < count; ) {
      const stop = Math.min(count, i + n - at);
      for (; i < stop; i++) {
        const x = input[i] as number;
        block[at++] = x;
        prefix += x;
        output[i] = prefix + (suffix[at] as number);
      }
      if (at < n) continue;
      for (let j = n - 1, sum = 0; j > 0; j--) {
        sum += block[j] as number;
        suffix[j] = sum;
      }
      prefix = 0;
      at = 0;
    }
    this.at = at;
    this.#prefix = prefix;
  }
}

/**
 * The mean of n values. Distances are added up instead of values, in a prefix from the first value of its block and in
 * a suffix from the last of its own: the mean of equal values is exactly that value, so a flat market never lies a
 * rounding error above its mean.
 */
export class Mean extends BlockWindow {
  readonly #suffix: Float64Array;
  #prefix: number;
  #first = Number.NaN;
  #lastBefore = Number.NaN;

  constructor(n: number, firstSlot: number) {
    super(n, firstSlot);
    this.#suffix = emptySuffix(n, 0);
    this.#prefix = 0;
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const { n, block } = this;
    const suffix = this.#suffix;
    let at = this.at;
    let prefix = this.#prefix;
    for (let i = 0; i < count; ) {
      if (at === 0) {
        this.#first = input[i] as number;
        prefix = 0;
      }
      const first = this.#first;
      const shift = this.#lastBefore - first;
      const stop = Math.min(count, i + n - at);
      for (; i < stop; i++) {
        const x = input[i] as number;
        block[at++] = x;
        prefix += x - first;
        output[i] = first + (prefix + (suffix[at] as number) + (n - at) * shift) / n;
      }
      if (at < n) continue;
      // The whole window lies in this block, and what came before, perhaps NaN, is not in it.
      output[i - 1] = first + prefix / n;
      const last = block[n - 1] as number;
      for (let j = n - 1, sum = 0; j > 0; j--) {
        sum += (block[j] as number) - last;
        suffix[j] = sum;
      }
      this.#lastBefore = last;
      at = 0;
    }
    this.at = at;
    this.#prefix = prefix;
  }
}

/**
 * The standard deviation, of the population, of n values. First and second moments are those of the distances from a
 * value that is itself in the window, so little is lost by cancellation, and equal values have a deviation of exactly
 * 0.
 */
export class Deviation extends BlockWindow {
  readonly #suffix1: Float64Array;
  readonly #suffix2: Float64Array;
  #prefix1 = 0;
  #prefix2 = 0;
  #first = Number.NaN;
  #lastBefore = Number.NaN;

  constructor(n: number, firstSlot: number) {
    super(n, firstSlot);
    this.#suffix1 = emptySuffix(n, 0);
    this.#suffix2 = emptySuffix(n, 0);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const { n, block } = this;
    const suffix1 = this.#suffix1;
    const suffix2 = this.#suffix2;
    let at = this.at;
    let prefix1 = this.#prefix1;
    let prefix2 = this.#prefix2;
    for (let i = 0; i < count; ) {
      if (at === 0) {
        this.#first = input[i] as number;
        prefix1 = 0;
        prefix2 = 0;
      }
      const first = this.#first;
      const shift = this.#lastBefore - first;
      const stop = Math.min(count, i + n - at);
      for (; i < stop; i++) {
        const x = input[i] as number;
        block[at++] = x;
        const distance = x - first;
        prefix1 += distance;
        prefix2 += distance * distance;
        // The suffix is measured from another value: moved over to the first of this block.
        const moved = (n - at) * shift;
        const tail1 = suffix1[at] as number;
        const tail2 = suffix2[at] as number;
        output[i] = deviationOf(prefix1 + tail1 + moved, prefix2 + tail2 + shift * (2 * tail1 + moved), n);
      }
      if (at < n) continue;
      output[i - 1] = deviationOf(prefix1, prefix2, n);
      this.#fillSuffixes(block[n - 1] as number);
      at = 0;
    }
    this.at = at;
    this.#prefix1 = prefix1;
    this.#prefix2 = prefix2;
  }

  #fillSuffixes(last: number): void {
    const { n, block } = this;
    for (let j = n - 1; j > 0; j--) {
      const distance = (block[j] as number) - last;
      this.#suffix1[j] = (this.#suffix1[j + 1] as number) + distance;
      this.#suffix2[j] = (this.#suffix2[j + 1] as number) + distance * distance;
    }
    this.#lastBefore = last;
  }
}

/** From the sums of distances and of their squares. */
export function deviationOf(moment1: number, moment2: number, n: number): number {
  return Math.sqrt(Math.max(0, (moment2 - (moment1 * moment1) / n) / n));
}

/** The share of the n − 1 other values of the window that lie below the current one; ties count half. */
export class Rank implements Kernel {
  readonly #window: Float64Array;
  #at = 0;

  constructor(n: number) {
    this.#window = new Float64Array(n).fill(Number.NaN);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const window = this.#window;
    const n = window.length;
    let at = this.#at;
    for (let i = 0; i < count; i++) {
      const x = input[i] as number;
      window[at] = x;
      at = at + 1 === n ? 0 : at + 1;
      let below = 0;
      let above = 0;
      let equal = 0;
      for (let j = 0; j < n; j++) {
        const y = window[j] as number;
        below += Number(y < x);
        above += Number(y > x);
        equal += Number(y === x);
      }
      output[i] = rankOf(below, above, equal, n);
    }
    this.#at = at;
  }
}

/** What is neither below nor above nor equal is NaN. */
export function rankOf(below: number, above: number, equal: number, n: number): number {
  return below + above + equal === n ? (below + (equal - 1) / 2) / (n - 1) : Number.NaN;
}
