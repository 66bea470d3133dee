import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { columnsOf, emptyColumns, openTimeAt, rowAt } from '../domain/candle.ts';
import { DAY_MS, HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { loadCandles } from './candle-store.ts';
import { importFile } from './import.ts';
import { resample } from './resample.ts';
import { candlesAt, memoryDatabase, NEW_YEAR_MS } from './testing.ts';

const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

describe('resampling', () => {
  test('four hours become one candle: first open, highest, lowest, last close, all volume', () => {
    const hours = columnsOf('BTC', '1h', [
      { openTimeMs: epochMs(NEW_YEAR_MS), open: 10, high: 12, low: 9, close: 11, volume: 0.1 },
      { openTimeMs: epochMs(NEW_YEAR_MS + HOUR_MS), open: 11, high: 15, low: 11, close: 14, volume: 0.2 },
      { openTimeMs: epochMs(NEW_YEAR_MS + 2 * HOUR_MS), open: 14, high: 14, low: 7, close: 8, volume: 0.3 },
      { openTimeMs: epochMs(NEW_YEAR_MS + 3 * HOUR_MS), open: 8, high: 9, low: 8, close: 9, volume: 0.4 },
    ]);
    const joined = resample(hours, '4h');
    expect(joined).toMatchObject({ coin: 'BTC', interval: '4h', firstOpenMs: NEW_YEAR_MS, length: 1 });
    expect(FIELDS.map((field) => joined[field][0])).toEqual([10, 15, 7, 9, 1]);
  });

  test('candles lie on the UTC grid; those that nobody has seen whole are left out, at both ends', () => {
    const joined = resample(columnsOf('BTC', '1h', candlesAt([3, 4, 5, 6, 7, 8, 9])), '4h');
    expect(joined).toMatchObject({ firstOpenMs: NEW_YEAR_MS + 4 * HOUR_MS, length: 1 });
    expect(resample(columnsOf('BTC', '1h', candlesAt([1, 2, 3])), '4h').length).toBe(0);
  });

  test('a missing part makes the whole candle missing, and only that one', () => {
    const joined = resample(columnsOf('BTC', '1h', candlesAt([0, 1, 3, 4, 5, 6, 7])), '4h');
    expect([...joined.close]).toEqual([Number.NaN, 108]);
    expect(joined.volume[0]).toBeNaN();
  });

  test('an interval that is no multiple is refused', () => {
    expect(() => resample(columnsOf('BTC', '8h', candlesAt([0, 1], 8 * HOUR_MS)), '12h')).toThrow(
      '8h candles cannot be joined to 12h',
    );
    expect(() => resample(columnsOf('BTC', '4h', candlesAt([0], 4 * HOUR_MS)), '1h')).toThrow(/cannot be joined/);
  });

  test('volumes add as decimals: the sum is the double nearest to the exact one, also beyond 2^53 units', () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8 }),
        fc.array(units, { minLength: 24, maxLength: 24 }),
        (decimals, parts) => {
          const columns = emptyColumns('BTC', '1h', epochMs(NEW_YEAR_MS), parts.length);
          for (const field of FIELDS) columns[field].fill(1);
          parts.forEach((part, i) => {
            columns.volume[i] = Number(`${part}e-${decimals}`);
          });
          const exact = Number(`${parts.reduce((sum, part) => sum + part, 0n)}e-${decimals}`);
          const [sum] = resample(columns, '1d').volume;
          expect(sum).toBe(exact);
        },
      ),
    );
  });

  test('in two steps or in one: the same', () => {
    const hours = columnsOf('BTC', '1h', candlesAt(Array.from({ length: 100 }, (_, i) => i + (i > 50 ? 2 : 0))));
    const direct = resample(hours, '1d');
    const twice = resample(resample(hours, '4h'), '1d');
    expect(twice).toEqual(direct);
  });
});

describeWithSharedData("the venue's own hours", () => {
  test('Binance minutes of 2025 make every one of its 8,760 hours, to the last digit', async () => {
    const db = memoryDatabase();
    await importFile(db, sharedData('candles/binance-spot_BTC_1m.csv.gz'));
    await importFile(db, sharedData('candles/binance-spot_BTC_1h.csv.gz'));
    const year = { coin: 'BTC', fromMs: NEW_YEAR_MS, toMs: NEW_YEAR_MS + 365 * DAY_MS };
    const hours = loadCandles(db, { ...year, interval: '1h' });
    const joined = resample(loadCandles(db, { ...year, interval: '1m' }), '1h');
    expect(joined.length).toBe(8_760);
    let differing = 0;
    for (let row = 0; row < joined.length; row++) {
      const stored = rowAt(hours, openTimeAt(joined, row));
      if (!FIELDS.every((field) => joined[field][row] === hours[field][stored])) differing++;
    }
    expect(differing).toBe(0);
  });
});
