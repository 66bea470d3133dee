import { type CandleColumns, closeTimeAt, type FundingRates, openTimeAt } from '../domain/candle.ts';
import { fundingPerLot } from '../domain/money.ts';
import { powerOfTen } from '../domain/rounding.ts';
import { HOUR_MS } from '../domain/time.ts';

/**
 * What one long lot receives in each row, in whole 10^−12 dollars: for the hour at the row's open, and for the hours
 * inside it (candles longer than an hour). Hours are paid at the open of the candle that holds them, or, where that
 * candle is missing, at the last stored close (rules 16 and 39).
 */
export interface FundingColumns {
  readonly atOpen: Float64Array;
  readonly inside: Float64Array;
  /** No rate is stored: every row is zero. */
  readonly isFree: boolean;
  /** Hours within the candles for which no rate is stored: they cost nothing, and are counted. */
  readonly missingHours: number;
}

export function fundingColumns(
  candles: CandleColumns,
  szDecimals: number,
  funding: FundingRates | undefined,
): FundingColumns {
  const atOpen = new Float64Array(candles.length);
  const inside = new Float64Array(candles.length);
  if (funding === undefined || funding.timesMs.length === 0) {
    return { atOpen, inside, isFree: true, missingHours: hoursWithin(candles) };
  }
  const rateAt = new Map<number, number>();
  for (let i = 0; i < funding.timesMs.length; i++) {
    rateAt.set(funding.timesMs[i] as number, funding.rates[i] as number);
  }
  const lotSize = 1 / powerOfTen(szDecimals);
  let missingHours = 0;
  let lastClose = Number.NaN;
  for (let row = 0; row < candles.length; row++) {
    const openMs = openTimeAt(candles, row);
    const closeMs = closeTimeAt(candles, row);
    const open = candles.open[row] as number;
    const price = Number.isNaN(open) ? lastClose : open;
    for (let hourMs = Math.ceil(openMs / HOUR_MS) * HOUR_MS; hourMs < closeMs; hourMs += HOUR_MS) {
      const rate = rateAt.get(hourMs);
      if (rate === undefined) missingHours++;
      if (rate === undefined || Number.isNaN(price)) continue;
      const column = hourMs === openMs ? atOpen : inside;
      column[row] = (column[row] as number) + fundingPerLot(rate, price, lotSize);
    }
    const close = candles.close[row] as number;
    if (!Number.isNaN(close)) lastClose = close;
  }
  return { atOpen, inside, isFree: false, missingHours };
}

/** Full hours from the first open on and before the last close. */
function hoursWithin(candles: CandleColumns): number {
  const firstHour = Math.ceil(openTimeAt(candles, 0) / HOUR_MS);
  return Math.max(0, Math.ceil(openTimeAt(candles, candles.length) / HOUR_MS) - firstHour);
}
