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
import type { Combination } from './reference-job.ts';

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

/** What each combination came to. */
export interface Answer {
  readonly trades: Int32Array;
  /** Micro-dollars. */
  readonly cashUsd: Float64Array;
}

/**
 * The reference job as a good engineer writes it in an afternoon, and what the sweep is measured against: for each
 * combination one loop over typed arrays, candle by candle, with the rules of the reference engine that this job needs.
 * It decides at the close and fills at the next open; what the open jumped over fills there, a candle that touched both
 * stop and target was the stop, a target must be traded through. Long only, without leverage, without funding, and on
 * candles without a gap. Neighbours with the same lookback share their rolling columns.
 */
export function runLinear(job: LinearJob): Answer {
  const { candles, combinations } = job;
  const trades = new Int32Array(combinations.length);
  const cashUsd = new Float64Array(combinations.length);
  const highest = new Float64Array(candles.length);
  const mean = new Float64Array(candles.length);
  let lookback = 0;
  for (const [index, combination] of combinations.entries()) {
    if (combination.lookback !== lookback) {
      lookback = combination.lookback;
      fillHighestBefore(highest, candles.high, lookback);
      fillMeanBefore(mean, candles.volume, lookback);
    }
    runOne(job, combination, highest, mean, index, { trades, cashUsd });
  }
  return { trades, cashUsd };
}

function runOne(
  { candles, from, instrument, costs, depositUsd }: LinearJob,
  { surge, stop: stopFraction, target: targetR }: Combination,
  highest: Float64Array,
  mean: Float64Array,
  index: number,
  answer: Answer,
): void {
  const { open, high, low, close, volume, length } = candles;
  const { takerFee, makerFee, slippageBps } = costs;
  let cashUsd = depositUsd;
  let trades = 0;
  let row = from;
  while (row < length) {
    const price = close[row] as number;
    const isSignal = price > (highest[row] as number) && (volume[row] as number) > surge * (mean[row] as number);
    const lots = isSignal ? lotsAt(instrument, cashUsd, price) : NO_LOTS;
    row++;
    if (lots === 0 || row === length) continue;

    const fill = marketPrice(instrument, 'buy', open[row] as number, slippageBps);
    const rounded = roundPrice(instrument, fill - fill * stopFraction, 'up');
    const stop = rounded < fill ? rounded : nextPriceBelow(instrument, fill);
    const target = roundPrice(instrument, fill + targetR * (fill - stop), 'up');
    const through = nextPriceAbove(instrument, target);
    cashUsd = paid(cashUsd, -notionalOf(instrument, fill, lots), takerFee);

    while (row < length && (low[row] as number) > stop && (high[row] as number) < through) row++;
    const isTarget = row < length && ((low[row] as number) > stop || (open[row] as number) >= through);
    const observed = row === length ? (close[row - 1] as number) : Math.min(open[row] as number, stop);
    const exit = isTarget ? target : marketPrice(instrument, 'sell', observed, slippageBps);
    cashUsd = paid(cashUsd, notionalOf(instrument, exit, lots), isTarget ? makerFee : takerFee);
    trades++;
    // The close of the candle that was left may signal again, so the row stays.
  }
  answer.trades[index] = trades;
  answer.cashUsd[index] = cashUsd;
}

/** Cash after a fill of this value, bought (negative) or sold, and its fee. */
function paid(cashUsd: MicroUsd, valueUsd: number, fee: number): MicroUsd {
  return microUsd(cashUsd + valueUsd - feeOf(microUsd(Math.abs(valueUsd)), fee));
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
