import { entryPrice } from '../../core/fills.ts';
import { leastLots } from '../../core/sizing.ts';
import { perLotUsd } from '../../domain/instrument.ts';
import type { Side } from '../../domain/trade.ts';
import { grown } from './grown.ts';
import type { FastMarket } from './market.ts';

/** The number of no entry: that of a candle that does not exist, or was never asked for. */
export const NO_ENTRY = 0;

/** Fields of a record, side by side: a trade reads most of them. */
export const ENTRY_FIELDS = 4;
/** The close before the entry, at which it is sized. */
export const CLOSE = 0;
/** The price of its fill, in micro-dollars a lot: a whole number, as all fills are. */
export const ENTRY_PER_LOT = 1;
/** The smallest size that is not refused at that close, in lots. */
export const LEAST_LOTS = 2;
/** The row of its candle. */
const ROW = 3;

const FIRST_CAPACITY = 64;

/**
 * Every entry that was ever met on one side of a market, numbered in the order of meeting. A sweep meets the same few
 * thousand again and again, so what is known of them lies close together, however many candles there are.
 */
export class EntryTable {
  readonly side: Side;
  readonly market: FastMarket;
  readonly slippageBps: number;
  /** Numbers by the row of the candle; NO_ENTRY where none was given yet. */
  readonly numbers: Int32Array;
  /** Records by number; the first is nobody's. */
  records = new Float64Array(ENTRY_FIELDS * FIRST_CAPACITY);
  #last = NO_ENTRY;

  constructor(market: FastMarket, side: Side, slippageBps: number) {
    this.market = market;
    this.side = side;
    this.slippageBps = slippageBps;
    this.numbers = new Int32Array(market.candles.length);
  }

  /** How many numbers there is room for. */
  get capacity(): number {
    return this.records.length / ENTRY_FIELDS;
  }

  closeBefore(entry: number): number {
    return this.records[entry * ENTRY_FIELDS + CLOSE] as number;
  }
  rowOf(entry: number): number {
    return this.records[entry * ENTRY_FIELDS + ROW] as number;
  }
  perLotOf(entry: number): number {
    return this.records[entry * ENTRY_FIELDS + ENTRY_PER_LOT] as number;
  }

  /** The number of the entry at the open of a row, which is not the first; NO_ENTRY if its candle is missing. */
  numberAt(row: number): number {
    const known = this.numbers[row] as number;
    return known === NO_ENTRY && this.market.hasCandle(row) ? this.#add(row) : known;
  }

  #add(row: number): number {
    const number = ++this.#last;
    if (number === this.capacity) this.records = grown(this.records, new Float64Array(2 * this.records.length));
    const { candles, instrument } = this.market;
    const at = number * ENTRY_FIELDS;
    const close = candles.close[row - 1] as number;
    const fill = entryPrice(instrument, this.side, candles.open[row] as number, this.slippageBps);
    this.records[at + CLOSE] = close;
    this.records[at + ENTRY_PER_LOT] = perLotUsd(instrument, fill);
    this.records[at + LEAST_LOTS] = leastLots(instrument, close);
    this.records[at + ROW] = row;
    this.numbers[row] = number;
    return number;
  }
}
