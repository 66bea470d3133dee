import { describe, expect, test } from 'vitest';
import { columnsOf } from '../domain/candle.ts';
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { denseFundingRate, fundingRates } from './funding-rates.ts';
import { candlesAt, NEW_YEAR_MS } from './testing.ts';

const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;

describe('the rate that a candle may know at its close', () => {
  test('is the last one settled by then, that very instant included, and none after eight hours', () => {
    // Candles of one hour; settlements at 2:00 and 3:00, then none.
    const hours = columnsOf('BTC', '1h', candlesAt(Array.from({ length: 13 }, (_, i) => i)));
    const dense = denseFundingRate(
      hours,
      fundingRates('BTC', [
        [at(2), 0.2],
        [at(3), 0.3],
      ]),
    );
    const missing = Number.NaN;
    expect([...dense]).toEqual([missing, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, missing, missing]);
  });

  test('does not see a settlement before it happens, on finer candles too', () => {
    const quarters = columnsOf('BTC', '30m', candlesAt([0, 1, 2, 3], 30 * MINUTE_MS));
    const dense = denseFundingRate(
      quarters,
      fundingRates('BTC', [
        [at(1), 0.1],
        [at(2), 0.2],
      ]),
    );
    expect([...dense]).toEqual([Number.NaN, 0.1, 0.1, 0.2]);
  });
});
