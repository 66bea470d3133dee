import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../../domain/signal.ts';
import { BitSearch, bitsOfFlags, either, hasBit, NO_ROW, setBit } from './bits.ts';

const rows = fc.uniqueArray(fc.nat({ max: 5_000 }), { maxLength: 40 });

function bitmapOf(set: readonly number[]): Uint32Array {
  const bits = new Uint32Array(160);
  for (const row of set) setBit(bits, row);
  return bits;
}

test('the next bit is the lowest of those that are left', () => {
  fc.assert(
    fc.property(rows, fc.nat({ max: 6_000 }), (set, from) => {
      const left = set.filter((row) => row >= from);
      expect(new BitSearch(bitmapOf(set)).next(from)).toBe(left.length === 0 ? NO_ROW : Math.min(...left));
    }),
  );
});

test('either of two bitmaps, or of one alone', () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const both = either(bitmapOf(a), bitmapOf(b)) as Uint32Array;
      for (let row = 0; row < 5_120; row++) expect(hasBit(both, row)).toBe(a.includes(row) || b.includes(row));
    }),
    { numRuns: 20 },
  );
  const alone = bitmapOf([7]);
  expect(either(alone, undefined)).toBe(alone);
  expect(either(undefined, undefined)).toBeUndefined();
});

test('flags become a bitmap for each side that speaks', () => {
  const { long, short, exitLong, exitShort } = bitsOfFlags(Uint8Array.of(0, LONG, LONG | EXIT_SHORT, EXIT_LONG, 0));
  expect(long).toEqual(Uint32Array.of(0b00110));
  expect(exitShort).toEqual(Uint32Array.of(0b00100));
  expect(exitLong).toEqual(Uint32Array.of(0b01000));
  expect(short).toBeUndefined();
  expect(bitsOfFlags(Uint8Array.of(SHORT, EXIT_SHORT))).toEqual({
    short: Uint32Array.of(1),
    exitShort: Uint32Array.of(2),
  });
  expect(EXIT_SHORT).toBeGreaterThan(SHORT);
});
