import { grown } from './market.ts';

/** Closed trades in the order of their exits, a column for each fact; money in whole micro-dollars. */
export class TradeColumns {
  count = 0;
  legs = new Uint16Array(64);
  /** +1 for a long, −1 for a short. */
  directions = new Int8Array(64);
  entryRows = new Int32Array(64);
  exitRows = new Int32Array(64);
  /** How it ended: see exit-book.ts. */
  codes = new Uint8Array(64);
  lots = new Float64Array(64);
  entryPrices = new Float64Array(64);
  exitPrices = new Float64Array(64);
  stops = new Float64Array(64);
  grossUsd = new Float64Array(64);
  feesUsd = new Float64Array(64);
  fundingUsd = new Float64Array(64);
  riskUsd = new Float64Array(64);

  clear(): void {
    this.count = 0;
  }

  /** The place of a new trade; all columns have room for it. */
  next(): number {
    if (this.count === this.legs.length) this.#grow(2 * this.count);
    return this.count++;
  }

  netUsd(trade: number): number {
    return (this.grossUsd[trade] as number) - (this.feesUsd[trade] as number) + (this.fundingUsd[trade] as number);
  }

  #grow(capacity: number): void {
    const longer = (column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> =>
      grown(column, new Float64Array(capacity));
    this.legs = grown(this.legs, new Uint16Array(capacity));
    this.directions = grown(this.directions, new Int8Array(capacity));
    this.entryRows = grown(this.entryRows, new Int32Array(capacity));
    this.exitRows = grown(this.exitRows, new Int32Array(capacity));
    this.codes = grown(this.codes, new Uint8Array(capacity));
    this.lots = longer(this.lots);
    this.entryPrices = longer(this.entryPrices);
    this.exitPrices = longer(this.exitPrices);
    this.stops = longer(this.stops);
    this.grossUsd = longer(this.grossUsd);
    this.feesUsd = longer(this.feesUsd);
    this.fundingUsd = longer(this.fundingUsd);
    this.riskUsd = longer(this.riskUsd);
  }
}
