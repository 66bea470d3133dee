import { type Instrument, priceOfLot } from '../../domain/instrument.ts';
import type { Lots, Price } from '../../domain/units.ts';
import { grown } from './grown.ts';

// Fields of a trade, side by side.
const FIELDS = 13;
const LEG = 0;
const DIRECTION = 1;
const ENTRY_ROW = 2;
const EXIT_ROW = 3;
const CODE = 4;
const LOTS = 5;
const ENTRY_PER_LOT = 6;
const EXIT_PER_LOT = 7;
const STOP_PER_LOT = 8;
const GROSS_USD = 9;
const FEES_USD = 10;
const FUNDING_USD = 11;
const RISK_USD = 12;

const FIRST_CAPACITY = 64;

/** Closed trades in the order of their exits. */
export class TradeTable {
  count = 0;
  /** Trade by trade; what lies beyond `count` is left from an earlier run. */
  #values = new Float64Array(FIELDS * FIRST_CAPACITY);

  clear(): void {
    this.count = 0;
  }

  /**
   * Writes down a trade. Money is in whole micro-dollars, and so are the prices, of one lot.
   *
   * @param direction +1 for a long, −1 for a short
   * @param code how it ended: see exit-book.ts
   * @param stopPerLot the stop as it was placed at the entry
   */
  add(
    leg: number,
    direction: number,
    entryRow: number,
    exitRow: number,
    code: number,
    lots: number,
    entryPerLot: number,
    exitPerLot: number,
    stopPerLot: number,
    grossUsd: number,
    feesUsd: number,
    fundingUsd: number,
    riskUsd: number,
  ): void {
    const at = this.count++ * FIELDS;
    if (at === this.#values.length) this.#values = grown(this.#values, new Float64Array(2 * at));
    const values = this.#values;
    values[at + LEG] = leg;
    values[at + DIRECTION] = direction;
    values[at + ENTRY_ROW] = entryRow;
    values[at + EXIT_ROW] = exitRow;
    values[at + CODE] = code;
    values[at + LOTS] = lots;
    values[at + ENTRY_PER_LOT] = entryPerLot;
    values[at + EXIT_PER_LOT] = exitPerLot;
    values[at + STOP_PER_LOT] = stopPerLot;
    values[at + GROSS_USD] = grossUsd;
    values[at + FEES_USD] = feesUsd;
    values[at + FUNDING_USD] = fundingUsd;
    values[at + RISK_USD] = riskUsd;
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
    return this.#values[trade * FIELDS + field] as number;
  }
}
