import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../../domain/signal.ts';
import type { SignalBits } from '../../strategy/signal-bits.ts';

/** A row beyond all rows: there is no such bit. */
export const NO_ROW = 0x7fffffff;

export function hasBit(bits: Uint32Array, row: number): boolean {
  return (((bits[row >>> 5] as number) >>> (row & 31)) & 1) === 1;
}

/** The first row from `from` on whose bit is set; NO_ROW if there is none. */
export function nextBit(bits: Uint32Array, from: number): number {
  let word = from >>> 5;
  if (word >= bits.length) return NO_ROW;
  let rest = (bits[word] as number) & (-1 << (from & 31));
  while (rest === 0) {
    if (++word >= bits.length) return NO_ROW;
    rest = bits[word] as number;
  }
  return (word << 5) + 31 - Math.clz32(rest & -rest);
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
