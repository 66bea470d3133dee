import type { CandleColumns } from '../../domain/candle.ts';

/** Each level of the tree sums up this many entries of the level below it: 2 ** LEVEL_BITS. */
const LEVEL_BITS = 4;
const FAN_OUT = 1 << LEVEL_BITS;

/**
 * The lowest low and the highest high of blocks of candles, of blocks of blocks, and so on: the first candle that
 * touches a price is found in the time of a few blocks, however far away it is. Candles that are missing touch nothing.
 */
export class TouchTree {
  readonly #lows: Float64Array[];
  readonly #highs: Float64Array[];
  readonly #length: number;

  constructor({ low, high, length }: CandleColumns) {
    this.#length = length;
    this.#lows = [low];
    this.#highs = [high];
    for (let level = 0; (this.#lows[level] as Float64Array).length > FAN_OUT; level++) {
      this.#lows.push(lowestOfBlocks(this.#lows[level] as Float64Array));
      this.#highs.push(highestOfBlocks(this.#highs[level] as Float64Array));
    }
  }

  /** The first row from `from` on with a low at or under `below`, or a high at or over `above`; else the row count. */
  firstOutside(from: number, below: number, above: number): number {
    const found = this.#climb(from, below, above);
    return found < this.#length ? found : this.#length;
  }

  #climb(from: number, below: number, above: number): number {
    const lows = this.#lows;
    const highs = this.#highs;
    const top = lows.length - 1;
    let at = from;
    let level = 0;
    for (;;) {
      // A block that is inside as a whole is passed without a look at what it is made of.
      while (level < top && !this.#isOutside(level + 1, at >> LEVEL_BITS, below, above)) {
        at = (at >> LEVEL_BITS) + 1;
        level++;
        if (at >= (lows[level] as Float64Array).length) return this.#length;
      }
      const low = lows[level] as Float64Array;
      const high = highs[level] as Float64Array;
      const end = level === top ? low.length : Math.min(low.length, (at | (FAN_OUT - 1)) + 1);
      for (; at < end; at++) {
        if ((low[at] as number) <= below || (high[at] as number) >= above) {
          return level === 0 ? at : this.#descend(level, at, below, above);
        }
      }
      // What is outside lies before `from`: on with the next block.
      if (at >= low.length) return this.#length;
      at >>= LEVEL_BITS;
      level++;
    }
  }

  #isOutside(level: number, block: number, below: number, above: number): boolean {
    const low = (this.#lows[level] as Float64Array)[block] as number;
    return low <= below || ((this.#highs[level] as Float64Array)[block] as number) >= above;
  }

  /** The first candle outside within a block of which one is. */
  #descend(from: number, block: number, below: number, above: number): number {
    let at = block;
    for (let level = from - 1; level >= 0; level--) {
      const low = this.#lows[level] as Float64Array;
      const high = this.#highs[level] as Float64Array;
      at <<= LEVEL_BITS;
      while (!((low[at] as number) <= below || (high[at] as number) >= above)) at++;
    }
    return at;
  }

  /** The highest high of the rows from … to−1; −Infinity where there is no candle. */
  highest(from: number, to: number): number {
    return extremeOf(this.#highs, from, to, Number.NEGATIVE_INFINITY, Math.max);
  }

  /** The lowest low of the rows from … to−1; Infinity where there is no candle. */
  lowest(from: number, to: number): number {
    return extremeOf(this.#lows, from, to, Number.POSITIVE_INFINITY, Math.min);
  }
}

type Extreme = (a: number, b: number) => number;

/** Infinity for a block without a candle: comparisons with NaN are false. */
function lowestOfBlocks(below: Float64Array): Float64Array {
  const level = new Float64Array(Math.ceil(below.length / FAN_OUT));
  for (let block = 0; block < level.length; block++) {
    let best = Number.POSITIVE_INFINITY;
    const end = Math.min(below.length, (block + 1) * FAN_OUT);
    for (let at = block * FAN_OUT; at < end; at++) {
      if ((below[at] as number) < best) best = below[at] as number;
    }
    level[block] = best;
  }
  return level;
}

function highestOfBlocks(below: Float64Array): Float64Array {
  const level = new Float64Array(Math.ceil(below.length / FAN_OUT));
  for (let block = 0; block < level.length; block++) {
    let best = Number.NEGATIVE_INFINITY;
    const end = Math.min(below.length, (block + 1) * FAN_OUT);
    for (let at = block * FAN_OUT; at < end; at++) {
      if ((below[at] as number) > best) best = below[at] as number;
    }
    level[block] = best;
  }
  return level;
}

/** Whole blocks on the highest level that fits, single entries at both ends. */
function extremeOf(
  levels: readonly Float64Array[],
  from: number,
  to: number,
  nothing: number,
  extreme: Extreme,
): number {
  let best = nothing;
  let first = from;
  let end = to;
  for (const values of levels) {
    const take = (at: number): void => {
      const value = values[at] as number;
      if (!Number.isNaN(value)) best = extreme(best, value);
    };
    if (end - first <= 2 * FAN_OUT) {
      for (let at = first; at < end; at++) take(at);
      return best;
    }
    while ((first & (FAN_OUT - 1)) !== 0) take(first++);
    while ((end & (FAN_OUT - 1)) !== 0) take(--end);
    first >>= LEVEL_BITS;
    end >>= LEVEL_BITS;
  }
  return best;
}
