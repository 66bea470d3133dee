import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { loadFunding, writeFunding } from './funding-store.ts';
import { revisionsOf } from './revision-store.ts';
import { listSeries, type StoredSeries } from './series-store.ts';
import { storedBefore } from './stored-before.ts';
import { memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

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
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.1, 0.3]);
    expect([...loadFunding(db, 'BTC', { asSeen: true }).rates]).toEqual([0.1, 0.2]);
    const [series] = listSeries(db);
    expect(revisionsOf(db, series as StoredSeries)).toMatchObject([{ timeMs: at(1), before: [0.2], after: [0.3] }]);
  });

  test('a rate that somebody else stored after it was asked for stays', () => {
    const db = memoryDatabase();
    const key = { ...BTC, interval: '1h', kind: 'funding' } as const;
    writeFunding(db, BTC, [row(0, 0.1)], TEST_DELIVERY);
    const before = storedBefore(db, key, at(0), at(3));
    writeFunding(db, BTC, [row(0, 0.2), row(1, 0.2)], TEST_DELIVERY);
    const late = writeFunding(db, BTC, [row(0, 0.3), row(1, 0.3), row(2, 0.3)], { ...TEST_DELIVERY, before });
    expect(late).toEqual({ added: 1, unchanged: 2, revised: 0 });
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.2, 0.2, 0.3]);
  });

  test('the home exchange comes first, unless another is preferred; a coin without rates has none', () => {
    const db = memoryDatabase();
    writeFunding(db, { source: 'another', coin: 'BTC' }, [row(0, 0.9)], TEST_DELIVERY);
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.9]);
    writeFunding(db, BTC, [row(0, 0.1)], TEST_DELIVERY);
    expect([...loadFunding(db, 'BTC').rates]).toEqual([0.1]);
    expect([...loadFunding(db, 'BTC', { source: 'another' }).rates]).toEqual([0.9]);
    // One that has none of a coin is no reason to pay none.
    expect([...loadFunding(db, 'BTC', { source: 'a-third' }).rates]).toEqual([0.1]);
    expect(loadFunding(db, 'SOL').rates).toHaveLength(0);
  });
});
