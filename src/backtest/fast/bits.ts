import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../../domain/signal.ts';
import type { SignalBits } from '../../strategy/signal-bits.ts';

/** A row beyond all rows: there is no such bit. */
export const NO_ROW = 0x7fffffff;

export function hasBit(bits: Uint32Array, row: number): boolean {
  return (((bits[row >>> 5] as number) >>> (row & 31)) & 1) === 1;
}

/**
 * Finds set bits of one bitmap. A word says which of the next level's words have any, so that signals which lie far
 * apart are found without looking at everything between them.
 */
export class BitSearch {
  readonly #bits: Uint32Array;
  /** Bit i % 32 of word i / 32: whether word i of the bitmap has any bit set. */
  readonly #words: Uint32Array;

  constructor(bits: Uint32Array) {
    this.#bits = bits;
    this.#words = new Uint32Array((bits.length >>> 5) + 1);
    for (let word = 0; word < bits.length; word++) {
      if (bits[word] !== 0) setBit(this.#words, word);
    }
  }

  /** The first row from `from` on whose bit is set; NO_ROW if there is none. */
  next(from: number): number {
    const word = from >>> 5;
    if (word >= this.#bits.length) return NO_ROW;
    const rest = (this.#bits[word] as number) & (-1 << (from & 31));
    if (rest !== 0) return (word << 5) + lowestBit(rest);
    const next = this.#nextWord(word + 1);
    return next === NO_ROW ? NO_ROW : (next << 5) + lowestBit(this.#bits[next] as number);
  }

  #nextWord(from: number): number {
    const words = this.#words;
    let at = from >>> 5;
    if (at >= words.length) return NO_ROW;
    let rest = (words[at] as number) & (-1 << (from & 31));
    while (rest === 0) {
      if (++at >= words.length) return NO_ROW;
      rest = words[at] as number;
    }
    return (at << 5) + lowestBit(rest);
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

export function setBit(bits: Uint32Array, row: number): void {
  bits[row >>> 5] = (bits[row >>> 5] as number) | (1 << (row & 31));
}

/** The rows of either, which may be one of the two itself; undefined where neither ever speaks. */
export function either(a: Uint32Array | undefined, b: Uint32Array | undefined): Uint32Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.map((word, i) => word | (b[i] as number));
}

/** The flags of domain/signal.ts, one byte a row, as bitmaps. */
export function bitsOfFlags(flags: Uint8Array): SignalBits {
  const side = (flag: number): Uint32Array | undefined => {
    const bits = new Uint32Array(Math.ceil(flags.length / 32));
    let isEmpty = true;
    for (let row = 0; row < flags.length; row++) {
      if (((flags[row] as number) & flag) === 0) continue;
      setBit(bits, row);
      isEmpty = false;
    }
    return isEmpty ? undefined : bits;
  };
  const all = { long: side(LONG), short: side(SHORT), exitLong: side(EXIT_LONG), exitShort: side(EXIT_SHORT) };
  return Object.fromEntries(Object.entries(all).filter(([, bits]) => bits !== undefined));
}
