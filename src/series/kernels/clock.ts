import type { SourceField } from '../node.ts';
import type { Kernel } from './kernel.ts';

/** Reads a column of the market, row after row, or as it was some rows ago. */
export class Column implements Kernel {
  readonly #column: Float64Array;
  /** Of the next row; below 0 where there was no candle yet. */
  #row: number;

  constructor(column: Float64Array, ago: number) {
    this.#column = column;
    this.#row = -ago;
  }

  run(_: readonly Float64Array[], output: Float64Array, count: number): void {
    const column = this.#column;
    const row = this.#row;
    const missing = Math.min(count, Math.max(0, -row));
    for (let i = 0; i < missing; i++) output[i] = Number.NaN;
    for (let i = missing; i < count; i++) output[i] = column[row + i] as number;
    this.#row = row + count;
  }
}

export class Constant implements Kernel {
  readonly #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  run(_: readonly Float64Array[], output: Float64Array, count: number): void {
    output.fill(this.#value, 0, count);
  }
}

/**
 * Volumes are decimals of at most eight digits: summed as whole numbers they are exact, summed as doubles they are not.
 */
const DIGITS = 1e8;

/**
 * A field of the slow candles, from `ratio` fast ones each, on the grid of absolute slots. It consumes `count` fast
 * values and writes one for each slow candle that closes among them; a slow candle that lacks a part is NaN.
 */
export class Resample implements Kernel {
  readonly #field: SourceField;
  readonly #ratio: number;
  /** Parts of the current slow candle that are over; data that begins inside one makes it NaN. */
  #parts: number;
  #value: number;
  #whole = 0;
  #fraction = 0;

  constructor(field: SourceField, ratio: number, firstSlot: number) {
    this.#field = field;
    this.#ratio = ratio;
    this.#parts = firstSlot % ratio;
    this.#value = Number.NaN;
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const input = inputs[0] as Float64Array;
    let written = 0;
    for (let i = 0; i < count; i++) {
      this.#add(input[i] as number);
      if (++this.#parts < this.#ratio) continue;
      output[written++] = this.#field === 'volume' ? this.#volume() : this.#value;
      this.#parts = 0;
    }
  }

  #add(x: number): void {
    const begins = this.#parts === 0;
    switch (this.#field) {
      case 'open':
        this.#value = begins ? x : Number.isNaN(x) ? x : this.#value;
        break;
      case 'high':
        this.#value = begins ? x : Math.max(this.#value, x);
        break;
      case 'low':
        this.#value = begins ? x : Math.min(this.#value, x);
        break;
      case 'close':
        this.#value = begins || !Number.isNaN(this.#value) ? x : Number.NaN;
        break;
      case 'volume':
        this.#addVolume(x, begins);
        break;
      case 'funding':
        // Not a part of a candle: the last rate that was settled, whatever else is missing.
        this.#value = x;
    }
  }

  #addVolume(x: number, begins: boolean): void {
    const whole = Math.floor(x);
    this.#whole = whole + (begins ? 0 : this.#whole);
    this.#fraction = Math.round((x - whole) * DIGITS) + (begins ? 0 : this.#fraction);
    this.#value = begins ? x : this.#value + x;
  }

  /** The nearest double to the decimal sum; NaN if a part was. */
  #volume(): number {
    if (Number.isNaN(this.#value)) return Number.NaN;
    const digits = this.#whole * DIGITS + this.#fraction;
    return Number.isSafeInteger(digits) ? digits / DIGITS : this.#whole + this.#fraction / DIGITS;
  }
}

/**
 * A slow series as it is seen from a faster clock: from the candle that closes at the instant at which the slow one
 * does, until the next. It consumes the slow values that became known during these `count` fast candles.
 */
export class Align implements Kernel {
  readonly #ratio: number;
  #parts: number;
  #value = Number.NaN;

  constructor(ratio: number, firstSlot: number) {
    this.#ratio = ratio;
    this.#parts = firstSlot % ratio;
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const slow = inputs[0] as Float64Array;
    const ratio = this.#ratio;
    let parts = this.#parts;
    let value = this.#value;
    let read = 0;
    for (let i = 0; i < count; i++) {
      if (++parts === ratio) {
        value = slow[read++] as number;
        parts = 0;
      }
      output[i] = value;
    }
    this.#parts = parts;
    this.#value = value;
  }
}
