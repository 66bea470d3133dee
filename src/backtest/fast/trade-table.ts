import { type Instrument, priceOfLot } from '../../domain/instrument.ts';
import type { Lots, Price } from '../../domain/units.ts';
import { grown } from './grown.ts';

// Fields of a trade, side by side. Money is in whole micro-dollars, and so are prices, of one lot.
export const TRADE_FIELDS = 13;
export const LEG = 0;
/** +1 for a long, −1 for a short. */
export const DIRECTION = 1;
export const ENTRY_ROW = 2;
export const EXIT_ROW = 3;
/** How it ended: see exit-book.ts. */
export const CODE = 4;
export const LOTS = 5;
export const ENTRY_PER_LOT = 6;
export const EXIT_PER_LOT = 7;
/** The stop as it was placed at the entry. */
export const STOP_PER_LOT = 8;
export const GROSS_USD = 9;
export const FEES_USD = 10;
export const FUNDING_USD = 11;
export const RISK_USD = 12;

const FIRST_CAPACITY = 64;

/** Closed trades in the order of their exits. */
export class TradeTable {
  count = 0;
  /** Trade by trade; what lies beyond `count` is left from an earlier run. */
  values = new Float64Array(TRADE_FIELDS * FIRST_CAPACITY);

  clear(): void {
    this.count = 0;
  }

  leg(trade: number): number {
    return this.#of(trade, LEG);
  }
  direction(trade: number): number {
    return this.#of(trade, DIRECTION);
  }
  entryRow(trade: number): number {
    return this.#of(trade, ENTRY_ROW);
  }
  exitRow(trade: number): number {
    return this.#of(trade, EXIT_ROW);
  }
  code(trade: number): number {
    return this.#of(trade, CODE);
  }
  lots(trade: number): Lots {
    return this.#of(trade, LOTS) as Lots;
  }
  entryPrice(trade: number, instrument: Instrument): Price {
    return priceOfLot(instrument, this.#of(trade, ENTRY_PER_LOT));
  }
  exitPrice(trade: number, instrument: Instrument): Price {
    return priceOfLot(instrument, this.#of(trade, EXIT_PER_LOT));
  }
  stop(trade: number, instrument: Instrument): Price {
    return priceOfLot(instrument, this.#of(trade, STOP_PER_LOT));
  }
  riskUsd(trade: number): number {
    return this.#of(trade, RISK_USD);
  }
  netUsd(trade: number): number {
    return this.#of(trade, GROSS_USD) - this.#of(trade, FEES_USD) + this.#of(trade, FUNDING_USD);
  }

  #of(trade: number, field: number): number {
    return this.values[trade * TRADE_FIELDS + field] as number;
  }

  /** Makes room for another trade; returns where its fields go. */
  next(): number {
    const at = this.count++ * TRADE_FIELDS;
    if (at === this.values.length) this.values = grown(this.values, new Float64Array(2 * at));
    return at;
  }
}
