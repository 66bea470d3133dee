/**
 * What a strategy says, as bitmaps: bit row % 32 of word row / 32, over the rows of the candles. A side that never
 * speaks has none. Sets of conditions that are the same are the same array, so that what follows from one is found
 * again.
 */
export interface SignalBits {
  readonly long?: Uint32Array;
  readonly short?: Uint32Array;
  readonly exitLong?: Uint32Array;
  readonly exitShort?: Uint32Array;
}
