import { cashOf } from '../../core/ledger.ts';
import { ledgerOf } from './result.ts';
import type { FastRun } from './spec.ts';
import type { TradeTable } from './trade-table.ts';

/** What a sweep keeps of every combination, in this order. Dollars are micro-dollars, shares are fractions. */
export const SWEEP_METRICS = [
  /** Rows with an entry signal, whether it could be taken or not. */
  'signals',
  'trades',
  'winRate',
  'expectancyR',
  'sdR',
  'netReturn',
  /** Of the account after each trade, as a fraction of its highest value; open positions are not marked. */
  'maxDrawdown',
  'profitFactor',
  'feesUsd',
  'fundingUsd',
  'exposure',
  'longestLosingRun',
  'refusals',
  'finalCashUsd',
] as const;
export type SweepMetric = (typeof SWEEP_METRICS)[number];

/** Metrics of a run, as `metricsOf` defines them, from its trades as they come. */
export class SweepTally {
  #cashUsd: number;
  #peakUsd: number;
  #deepest = 0;
  #trades = 0;
  #wins = 0;
  #sumR = 0;
  #sumSquaredR = 0;
  #gainsUsd = 0;
  #lossesUsd = 0;
  #losingRun = 0;
  #longestLosingRun = 0;

  constructor(depositUsd: number) {
    this.#cashUsd = depositUsd;
    this.#peakUsd = depositUsd;
  }

  /** Takes the trades that follow those which it has, and leaves the table empty. */
  take(table: TradeTable): void {
    let cashUsd = this.#cashUsd;
    let peakUsd = this.#peakUsd;
    let deepest = this.#deepest;
    let sumR = this.#sumR;
    let sumSquaredR = this.#sumSquaredR;
    let gainsUsd = this.#gainsUsd;
    let lossesUsd = this.#lossesUsd;
    let losingRun = this.#losingRun;
    for (let trade = 0; trade < table.count; trade++) {
      const netUsd = table.netUsd(trade);
      const r = netUsd / table.riskUsd(trade);
      sumR += r;
      sumSquaredR += r * r;
      if (netUsd > 0) {
        this.#wins++;
        gainsUsd += netUsd;
        losingRun = 0;
      } else {
        lossesUsd -= netUsd;
        losingRun++;
        if (losingRun > this.#longestLosingRun) this.#longestLosingRun = losingRun;
      }
      cashUsd += netUsd;
      if (cashUsd > peakUsd) peakUsd = cashUsd;
      else if (peakUsd - cashUsd > deepest * peakUsd) deepest = (peakUsd - cashUsd) / peakUsd;
    }
    this.#trades += table.count;
    this.#cashUsd = cashUsd;
    this.#peakUsd = peakUsd;
    this.#deepest = deepest;
    this.#sumR = sumR;
    this.#sumSquaredR = sumSquaredR;
    this.#gainsUsd = gainsUsd;
    this.#lossesUsd = lossesUsd;
    this.#losingRun = losingRun;
    table.clear();
  }

  /**
   * Writes the metrics to `into[offset …]`, in the order of SWEEP_METRICS; NaN where the run cannot carry one.
   *
   * @param run is at its end, and its trades were taken
   * @param signals rows with an entry signal, over all legs
   */
  write(run: FastRun, signals: number, into: Float64Array, offset: number): void {
    const { spec } = run;
    const n = this.#trades;
    const meanR = this.#sumR / n;
    const finalCashUsd = cashOf(ledgerOf(run));
    const squares = Math.max(0, this.#sumSquaredR - n * meanR * meanR);
    into[offset] = signals;
    into[offset + 1] = n;
    into[offset + 2] = this.#wins / n;
    into[offset + 3] = meanR;
    into[offset + 4] = n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1));
    into[offset + 5] = (finalCashUsd - spec.depositUsd) / spec.depositUsd;
    into[offset + 6] = Math.min(1, this.#deepest);
    into[offset + 7] = this.#lossesUsd > 0 ? this.#gainsUsd / this.#lossesUsd : Number.NaN;
    into[offset + 8] = run.feesUsd;
    into[offset + 9] = run.fundingUsd;
    into[offset + 10] = run.heldRows / ((spec.to - spec.from) * spec.legs.length);
    into[offset + 11] = this.#longestLosingRun;
    into[offset + 12] = run.refusals.reduce((sum, times) => sum + times, 0);
    into[offset + 13] = finalCashUsd;
  }
}
