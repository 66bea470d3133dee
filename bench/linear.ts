import { marketPrice } from '../src/core/fills.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import {
  floorToLots,
  type Instrument,
  MIN_NOTIONAL_USD,
  nextPriceAbove,
  nextPriceBelow,
  notionalOf,
  quantityOf,
  roundPrice,
} from '../src/domain/instrument.ts';
import { feeOf } from '../src/domain/money.ts';
import type { Costs } from '../src/domain/risk-rules.ts';
import { reaches } from '../src/domain/rounding.ts';
import { type Lots, type MicroUsd, microUsd, toUsd } from '../src/domain/units.ts';
import type { Answer, Combination } from './reference-job.ts';

const NO_LOTS = 0 as Lots;

export interface LinearJob {
  readonly candles: CandleColumns;
  readonly combinations: readonly Combination[];
  /** The first row whose close may signal. */
  readonly from: number;
  readonly instrument: Instrument;
  readonly costs: Costs;
  readonly depositUsd: MicroUsd;
}

/**
 * The reference job as a good engineer writes it in an afternoon, and what the sweep is measured against: for each
 * combination one loop over typed arrays, candle by candle, with the rules of the reference engine that this job needs.
 * It decides at the close and fills at the next open; what the open jumped over fills there, a candle that touched both
 * stop and target was the stop, a target must be traded through. Long only, without leverage, without funding, and on
 * candles without a gap. Neighbours with the same lookback share their rolling columns. All that a sweep keeps of a
 * combination is kept of it here too.
 */
export function runLinear(job: LinearJob): Answer[] {
  const { candles, combinations } = job;
  const highest = new Float64Array(candles.length);
  const mean = new Float64Array(candles.length);
  let lookback = 0;
  return combinations.map((combination) => {
    if (combination.lookback !== lookback) {
      lookback = combination.lookback;
      fillHighestBefore(highest, candles.high, lookback);
      fillMeanBefore(mean, candles.volume, lookback);
    }
    return runOne(job, combination, highest, mean);
  });
}

function runOne(
  { candles, from, instrument, costs, depositUsd }: LinearJob,
  { surge, stop: stopFraction, target: targetR }: Combination,
  highest: Float64Array,
  mean: Float64Array,
): Answer {
  const { open, high, low, close, volume, length } = candles;
  const { takerFee, makerFee, slippageBps } = costs;
  let cashUsd = depositUsd;
  const tally = new Tally(depositUsd);
  let heldRows = 0;
  let refusals = 0;
  let row = from;
  while (row < length) {
    const price = close[row] as number;
    const isSignal = price > (highest[row] as number) && (volume[row] as number) > surge * (mean[row] as number);
    const lots = isSignal ? lotsAt(instrument, cashUsd, price) : NO_LOTS;
    if (isSignal && lots === 0) refusals++;
    row++;
    if (lots === 0 || row === length) continue;

    const entryRow = row;
    const fill = marketPrice(instrument, 'buy', open[row] as number, slippageBps);
    const rounded = roundPrice(instrument, fill - fill * stopFraction, 'up');
    const stop = rounded < fill ? rounded : nextPriceBelow(instrument, fill);
    const target = roundPrice(instrument, fill + targetR * (fill - stop), 'up');
    const through = nextPriceAbove(instrument, target);

    while (row < length && (low[row] as number) > stop && (high[row] as number) < through) row++;
    const isAtOpen = row < length && ((open[row] as number) <= stop || (open[row] as number) >= through);
    const isTarget = row < length && ((low[row] as number) > stop || (open[row] as number) >= through);
    const observed = row === length ? (close[row - 1] as number) : Math.min(open[row] as number, stop);
    const exit = isTarget ? target : marketPrice(instrument, 'sell', observed, slippageBps);
    heldRows += row - entryRow + (isAtOpen || row === length ? 0 : 1);

    const entryUsd = notionalOf(instrument, fill, lots);
    const exitUsd = notionalOf(instrument, exit, lots);
    const paidUsd = feeOf(entryUsd, takerFee) + feeOf(exitUsd, isTarget ? makerFee : takerFee);
    const netUsd = exitUsd - entryUsd - paidUsd;
    cashUsd = microUsd(cashUsd + netUsd);
    tally.add(netUsd, entryUsd - notionalOf(instrument, stop, lots), paidUsd, cashUsd);
    // The close of the candle that was left may signal again, so the row stays.
  }
  return tally.answer(cashUsd, heldRows / (length - from), refusals);
}

/** What is counted of each trade. */
class Tally {
  readonly #depositUsd: number;
  #peakUsd: number;
  #maxDrawdown = 0;
  #trades = 0;
  #feesUsd = 0;
  #wins = 0;
  #sumR = 0;
  #sumSquaredR = 0;
  #gainsUsd = 0;
  #lossesUsd = 0;
  #losingRun = 0;
  #longestLosingRun = 0;

  constructor(depositUsd: number) {
    this.#depositUsd = depositUsd;
    this.#peakUsd = depositUsd;
  }

  add(netUsd: number, riskUsd: number, paidUsd: number, cashUsd: number): void {
    const r = netUsd / riskUsd;
    this.#trades++;
    this.#feesUsd += paidUsd;
    this.#sumR += r;
    this.#sumSquaredR += r * r;
    if (netUsd > 0) {
      this.#wins++;
      this.#gainsUsd += netUsd;
      this.#losingRun = 0;
    } else {
      this.#lossesUsd -= netUsd;
      this.#losingRun++;
      this.#longestLosingRun = Math.max(this.#longestLosingRun, this.#losingRun);
    }
    const peakUsd = Math.max(this.#peakUsd, cashUsd);
    if (peakUsd - cashUsd > this.#maxDrawdown * peakUsd) this.#maxDrawdown = (peakUsd - cashUsd) / peakUsd;
    this.#peakUsd = peakUsd;
  }

  answer(finalCashUsd: number, exposure: number, refusals: number): Answer {
    const n = this.#trades;
    const expectancyR = this.#sumR / n;
    const squares = Math.max(0, this.#sumSquaredR - n * expectancyR * expectancyR);
    return {
      trades: n,
      winRate: this.#wins / n,
      expectancyR,
      sdR: n < 2 ? Number.NaN : Math.sqrt(squares / (n - 1)),
      netReturn: (finalCashUsd - this.#depositUsd) / this.#depositUsd,
      maxDrawdown: Math.min(1, this.#maxDrawdown),
      profitFactor: this.#lossesUsd > 0 ? this.#gainsUsd / this.#lossesUsd : Number.NaN,
      feesUsd: this.#feesUsd,
      fundingUsd: 0,
      exposure,
      longestLosingRun: this.#longestLosingRun,
      refusals,
      finalCashUsd,
    };
  }
}

/** All of the cash at the close of the signal, in whole lots; none below the minimum order. */
function lotsAt(instrument: Instrument, cashUsd: MicroUsd, close: number): Lots {
  if (cashUsd <= 0) return NO_LOTS;
  const lots = floorToLots(instrument, toUsd(cashUsd) / close);
  return reaches(quantityOf(instrument, lots) * close, MIN_NOTIONAL_USD) ? lots : NO_LOTS;
}

/** The highest of the `lookback` values before each row; never reached where there are fewer. A queue of maxima. */
function fillHighestBefore(output: Float64Array, values: Float64Array, lookback: number): void {
  const queue = new Int32Array(values.length);
  let head = 0;
  let tail = 0;
  output.fill(Number.POSITIVE_INFINITY, 0, lookback);
  for (let row = 0; row + 1 < values.length; row++) {
    const value = values[row] as number;
    while (tail > head && (values[queue[tail - 1] as number] as number) <= value) tail--;
    queue[tail++] = row;
    if ((queue[head] as number) <= row - lookback) head++;
    if (row + 1 >= lookback) output[row + 1] = values[queue[head] as number] as number;
  }
}

/** The mean of the `lookback` values before each row, from sums of all values so far. */
function fillMeanBefore(output: Float64Array, values: Float64Array, lookback: number): void {
  const sums = new Float64Array(values.length + 1);
  for (let row = 0; row < values.length; row++) sums[row + 1] = (sums[row] as number) + (values[row] as number);
  output.fill(Number.POSITIVE_INFINITY, 0, lookback);
  for (let row = lookback; row < values.length; row++) {
    output[row] = ((sums[row] as number) - (sums[row - lookback] as number)) / lookback;
  }
}
