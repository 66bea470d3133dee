import { type CandleColumns, closeTimeAt, type FundingRates } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';

/** The venue's longest time between two settlements (every eight hours until June 2023, hourly since). */
export const FUNDING_MAX_AGE_MS = 8 * HOUR_MS;

/** Rates as columns over shared memory. */
export function fundingRates(coin: string, rows: readonly (readonly [timeMs: number, rate: number])[]): FundingRates {
  const column = (): Float64Array =>
    new Float64Array(new SharedArrayBuffer(rows.length * Float64Array.BYTES_PER_ELEMENT));
  const funding = { coin, timesMs: column(), rates: column() };
  rows.forEach(([timeMs, rate], row) => {
    funding.timesMs[row] = timeMs;
    funding.rates[row] = rate;
  });
  return funding;
}

/**
 * For each candle the last rate settled at or before its close: what a strategy may know then. NaN where there is none,
 * or where it is older than eight hours, the venue's longest time between two settlements.
 */
export function denseFundingRate(columns: CandleColumns, funding: FundingRates): Float64Array {
  const dense = new Float64Array(new SharedArrayBuffer(columns.length * Float64Array.BYTES_PER_ELEMENT)).fill(
    Number.NaN,
  );
  let next = 0;
  for (let row = 0; row < columns.length; row++) {
    const closeMs = closeTimeAt(columns, row);
    while (next < funding.timesMs.length && (funding.timesMs[next] as number) <= closeMs) next++;
    if (next > 0 && closeMs - (funding.timesMs[next - 1] as number) <= FUNDING_MAX_AGE_MS) {
      dense[row] = funding.rates[next - 1] as number;
    }
  }
  return dense;
}
