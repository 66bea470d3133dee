import { entryPrice } from '../../core/fills.ts';
import type { CandleColumns } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { Side } from '../../domain/trade.ts';
import type { Price } from '../../domain/units.ts';
import type { FundingColumns } from '../funding.ts';
import { TouchTree } from './touch-tree.ts';

/** What is searched in the candles of one coin: computed once, whatever strategies and rules come after. */
export class FastMarket {
  readonly instrument: Instrument;
  readonly candles: CandleColumns;
  readonly funding: FundingColumns;
  readonly tree: TouchTree;
  /** What a long of one lot received since the first row, in whole 10^−12 dollars: see `runningSums`. */
  readonly #received: Float64Array | undefined;
  /** No candle is missing, as is usual: then none has to be looked at to know. */
  readonly #isComplete: boolean;

  constructor(instrument: Instrument, candles: CandleColumns, funding: FundingColumns) {
    this.instrument = instrument;
    this.candles = candles;
    this.funding = funding;
    this.tree = new TouchTree(candles);
    this.#received = runningSums(funding);
    this.#isComplete = isComplete(candles);
  }

  /** Whether the candle of a row exists; the row is one of the grid. */
  hasCandle(row: number): boolean {
    return this.#isComplete || (this.candles.close[row] as number) > 0;
  }

  /** The first row from `from` on that has a candle; the number of rows if there is none. */
  nextStored(from: number): number {
    let row = from;
    while (row < this.candles.length && !this.hasCandle(row)) row++;
    return Math.min(row, this.candles.length);
  }

  /** The last row up to `row` that has a candle; −1 if there is none. */
  lastStored(row: number): number {
    let last = row;
    while (last >= 0 && !this.hasCandle(last)) last--;
    return last;
  }

  /**
   * What a long of one lot receives that enters at the open of one row and leaves at the open of another, or inside of
   * it, in 10^−12 dollars: an entry at an hour does not pay for it, an exit at the open of an hour does (rule 16).
   */
  fundingPerLot(entryRow: number, exitRow: number, isInside: boolean): number {
    if (this.#received === undefined) return sumOf(this.funding, entryRow, exitRow, isInside);
    if (this.#received.length === 0 || (exitRow === entryRow && !isInside)) return 0;
    const atExit = 2 * exitRow + (isInside ? 1 : 0);
    return (this.#received[atExit] as number) - (this.#received[2 * entryRow] as number);
  }
}

/**
 * Running sums, two a row: with the hour at its open, and with the hours inside it. Empty where no hour costs anything;
 * undefined where a sum could exceed what a double holds exactly, and each position has to add up its own hours.
 */
function runningSums({ atOpen, inside }: FundingColumns): Float64Array | undefined {
  let magnitude = 0;
  for (let row = 0; row < atOpen.length; row++) {
    magnitude += Math.abs(atOpen[row] as number) + Math.abs(inside[row] as number);
  }
  if (magnitude === 0) return new Float64Array(0);
  if (!Number.isSafeInteger(magnitude)) return undefined;
  const sums = new Float64Array(2 * atOpen.length);
  let sum = 0;
  for (let row = 0; row < atOpen.length; row++) {
    sum += atOpen[row] as number;
    sums[2 * row] = sum;
    sum += inside[row] as number;
    sums[2 * row + 1] = sum;
  }
  return sums;
}

function sumOf({ atOpen, inside }: FundingColumns, entryRow: number, exitRow: number, isInside: boolean): number {
  if (exitRow === entryRow && !isInside) return 0;
  let sum = inside[entryRow] as number;
  for (let row = entryRow + 1; row < exitRow; row++) sum += (atOpen[row] as number) + (inside[row] as number);
  if (exitRow > entryRow) sum += (atOpen[exitRow] as number) + (isInside ? (inside[exitRow] as number) : 0);
  return sum;
}

const ENTRY_RECORD = 3;
/** A power of two, as the hash table wants it. */
const FIRST_CAPACITY = 64;
const PLACES_PER_ENTRY = 2;
/** 2^32 divided by the golden ratio: neighbouring rows are scattered (Knuth, The Art of Computer Programming, 6.4). */
const SCATTER = 0x9e3779b1;

/**
 * Every entry that was ever met on one side of a market, numbered in the order of meeting. A sweep meets the same few
 * again and again, so they lie close together: a hash table finds their number, and a record holds what is asked of
 * them.
 */
export class EntryTable {
  readonly side: Side;
  readonly market: FastMarket;
  readonly slippageBps: number;
  #count = 0;
  /** By number: the close before the entry, at which it is sized; the price of its fill; the row of its candle. */
  #records = new Float64Array(ENTRY_RECORD * FIRST_CAPACITY);
  /** Row of an entry and its number, side by side, at a place that follows from the row; 0 where there is none. */
  #places = new Int32Array(2 * PLACES_PER_ENTRY * FIRST_CAPACITY);

  constructor(market: FastMarket, side: Side, slippageBps: number) {
    this.market = market;
    this.side = side;
    this.slippageBps = slippageBps;
  }

  /** How many entries there is room for. */
  get capacity(): number {
    return this.#records.length / ENTRY_RECORD;
  }

  closeBefore(entry: number): number {
    return this.#records[entry * ENTRY_RECORD] as number;
  }
  priceOf(entry: number): Price {
    return this.#records[entry * ENTRY_RECORD + 1] as Price;
  }
  rowOf(entry: number): number {
    return this.#records[entry * ENTRY_RECORD + 2] as number;
  }

  /** The number of the entry at the open of a row, of a candle that exists and is not the first. */
  numberAt(row: number): number {
    const place = this.#placeOf(row);
    return this.#places[place] === row ? (this.#places[place + 1] as number) : this.#add(row);
  }

  #placeOf(row: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let place = (Math.imul(row, SCATTER) >>> 7) & mask & ~1;
    while (places[place] !== row && places[place] !== 0) place = (place + 2) & mask;
    return place;
  }

  #add(row: number): number {
    const number = this.#count++;
    if (number === this.capacity) this.#grow();
    const { candles, instrument } = this.market;
    const at = number * ENTRY_RECORD;
    this.#records[at] = candles.close[row - 1] as number;
    this.#records[at + 1] = entryPrice(instrument, this.side, candles.open[row] as number, this.slippageBps);
    this.#records[at + 2] = row;
    this.#place(row, number);
    return number;
  }

  #place(row: number, number: number): void {
    const place = this.#placeOf(row);
    this.#places[place] = row;
    this.#places[place + 1] = number;
  }

  #grow(): void {
    const known = this.capacity;
    this.#records = grown(this.#records, new Float64Array(2 * this.#records.length));
    this.#places = new Int32Array(2 * this.#places.length);
    for (let entry = 0; entry < known; entry++) this.#place(this.rowOf(entry), entry);
  }
}

function isComplete({ close }: CandleColumns): boolean {
  for (let row = 0; row < close.length; row++) {
    if (!((close[row] as number) > 0)) return false;
  }
  return true;
}

/** The same values in a longer array. */
export function grown<T extends Int8Array | Int32Array | Float64Array | Uint8Array | Uint16Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
