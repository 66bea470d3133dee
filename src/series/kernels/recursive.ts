import { emaSettle, wilderForget } from '../settling.ts';
import type { Kernel } from './kernel.ts';

// Both are NaN until their seed weighs nothing, and begin anew after a NaN. After so many equal inputs the value *is*
// that input: all that came before weighs nothing then, so a market that stands still looks the same from every start.

/** The exponential moving average: value += α × (x − value), α = 2 / (n + 1), seeded by its first input. */
export class Ema implements Kernel {
  readonly #alpha: number;
  readonly #settle: number;
  #value = Number.NaN;
  #last = Number.NaN;
  /** Candles since the seed. */
  #age = 0;
  /** Candles since the input last changed. */
  #still = 0;

  constructor(n: number) {
    this.#alpha = 2 / (n + 1);
    this.#settle = emaSettle(n);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const alpha = this.#alpha;
    const settle = this.#settle;
    let value = this.#value;
    let last = this.#last;
    let age = this.#age;
    let still = this.#still;
    for (let i = 0; i < count; i++) {
      const x = input[i] as number;
      if (Number.isNaN(value)) {
        value = x;
        age = 0;
        still = 0;
      } else {
        value += alpha * (x - value);
        age++;
        still = x === last ? still + 1 : 0;
        if (still >= settle) value = x;
      }
      last = x;
      output[i] = age >= settle ? value : Number.NaN;
    }
    this.#value = value;
    this.#last = last;
    this.#age = age;
    this.#still = still;
  }
}

/** Wilder's smoothing: value += α × (x − value), α = 1 / n, seeded by the mean of the first n inputs. */
export class Wilder implements Kernel {
  readonly #n: number;
  readonly #forget: number;
  /** Of the inputs from which the seed is made: the first, the sum of their distances from it, their number. */
  #first = Number.NaN;
  #sum = 0;
  #seeds = 0;
  #value = Number.NaN;
  #last = Number.NaN;
  #age = 0;
  #still = 0;

  constructor(n: number) {
    this.#n = n;
    this.#forget = wilderForget(n);
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    const alpha = 1 / this.#n;
    const forget = this.#forget;
    let value = this.#value;
    let last = this.#last;
    let age = this.#age;
    let still = this.#still;
    for (let i = 0; i < count; i++) {
      const x = input[i] as number;
      still = x === last ? still + 1 : 0;
      last = x;
      if (Number.isNaN(value)) {
        value = this.#seed(x);
        age = 0;
      } else {
        value += alpha * (x - value);
        age++;
        if (still >= forget) value = x;
      }
      output[i] = age >= forget ? value : Number.NaN;
    }
    this.#value = value;
    this.#last = last;
    this.#age = age;
    this.#still = still;
  }

  /** The mean of the first n inputs when the last of them is here; NaN before, and again from a NaN on. */
  #seed(x: number): number {
    if (Number.isNaN(x)) {
      this.#seeds = 0;
      return Number.NaN;
    }
    if (this.#seeds === 0) {
      this.#first = x;
      this.#sum = 0;
    }
    this.#sum += x - this.#first;
    this.#seeds++;
    if (this.#seeds < this.#n) return Number.NaN;
    this.#seeds = 0;
    return this.#first + this.#sum / this.#n;
  }
}
