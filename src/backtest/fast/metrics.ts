import { cashOf } from '../../core/ledger.ts';
import { ledgerOf } from './result.ts';
import type { FastRun } from './spec.ts';

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

/**
 * Writes the metrics of a run to `into[offset …]`, in the order of SWEEP_METRICS, as `metricsOf` defines them; NaN
 * where the run cannot carry one.
 *
 * @param signals rows with an entry signal, over all legs
 */
export function sweepMetrics(run: FastRun, signals: number, into: Float64Array, offset: number): void {
  const { spec, trades } = run;
  const n = trades.count;
  let wins = 0;
  let sumR = 0;
  let sumSquaredR = 0;
  let gainsUsd = 0;
  let lossesUsd = 0;
  let losingRun = 0;
  let longestLosingRun = 0;
  let cashUsd: number = spec.depositUsd;
  let peakUsd = cashUsd;
  let deepest = 0;
  for (let trade = 0; trade < n; trade++) {
    const netUsd = trades.netUsd(trade);
    const r = netUsd / trades.riskUsd(trade);
    sumR += r;
    sumSquaredR += r * r;
    if (netUsd > 0) {
      wins++;
      gainsUsd += netUsd;
      losingRun = 0;
    } else {
      lossesUsd -= netUsd;
      losingRun++;
      if (losingRun > longestLosingRun) longestLosingRun = losingRun;
    }
    cashUsd += netUsd;
    if (cashUsd > peakUsd) peakUsd = cashUsd;
    else if (peakUsd - cashUsd > deepest * peakUsd) deepest = (peakUsd - cashUsd) / peakUsd;
  }
  const meanR = sumR / n;
  const finalCashUsd = cashOf(ledgerOf(run));
  into[offset] = signals;
  into[offset + 1] = n;
  into[offset + 2] = wins / n;
  into[offset + 3] = meanR;
  into[offset + 4] = n < 2 ? Number.NaN : Math.sqrt(Math.max(0, sumSquaredR - n * meanR * meanR) / (n - 1));
  into[offset + 5] = (finalCashUsd - spec.depositUsd) / spec.depositUsd;
  into[offset + 6] = Math.min(1, deepest);
  into[offset + 7] = lossesUsd > 0 ? gainsUsd / lossesUsd : Number.NaN;
  into[offset + 8] = run.feesUsd;
  into[offset + 9] = run.fundingUsd;
  into[offset + 10] = run.heldRows / ((spec.to - spec.from) * spec.legs.length);
  into[offset + 11] = longestLosingRun;
  into[offset + 12] = run.refusals.reduce((sum, times) => sum + times, 0);
  into[offset + 13] = finalCashUsd;
}
