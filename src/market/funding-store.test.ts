import { describe, expect, test } from 'vitest';
import { columnsOf } from '../domain/candle.ts';
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { denseFundingRate, fundingRates, loadFunding, writeFunding } from './funding-store.ts';
import { candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;
const row = (hour: number, rate: number, lateMs = 48) => ({ timeMs: epochMs(at(hour) + lateMs), rate });
const BTC = { source: 'hyperliquid', coin: 'BTC' };

describe('stored funding', () => {
  test('the same settlement with another jitter is the same; another rate is a revision', () => {
    const db = memoryDatabase();
    expect(writeFunding(db, BTC, [row(0, 0.1), row(1, 0.2)], TEST_DELIVERY)).toEqual({
      added: 2,
      unchanged: 0,
      revised: 0,
    });
    const again = writeFunding(db, BTC, [row(0, 0.1, -900), row(1, 0.3)], TEST_DELIVERY);
    expect(again).toEqual({ added: 0, unchanged: 1, revised: 1 });
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.1, 0.2]);
    expect(db.prepare('SELECT t, value FROM revisions').all()).toEqual([{ t: at(1), value: '[0.3]' }]);
  });

  test('the home exchange comes first; a coin without rates has none', () => {
    const db = memoryDatabase();
    writeFunding(db, { source: 'another', coin: 'BTC' }, [row(0, 0.9)], TEST_DELIVERY);
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.9]);
    writeFunding(db, BTC, [row(0, 0.1)], TEST_DELIVERY);
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.1]);
    expect([...loadFunding(db, 'BTC', 'another').rates]).toEqual([0.9]);
    expect(loadFunding(db, 'SOL').rates).toHaveLength(0);
  });
});

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
