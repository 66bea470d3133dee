import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../domain/errors.ts';
import { HOUR_MS } from '../domain/time.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { openDatabase } from './database.ts';
import { gapsOf } from './gap-store.ts';
import { revisionsOf } from './revision-store.ts';
import { findCandleSeries, findStudySeries, listSeries, newestCommonEnd } from './series-store.ts';
import { candleAt, candlesAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const at = (index: number): number => NEW_YEAR_MS + index * HOUR_MS;

describe('writing candles', () => {
  test('the same rows again add nothing', () => {
    const db = memoryDatabase();
    expect(writeCandles(db, BTC, candlesAt([0, 1, 2]), TEST_DELIVERY)).toMatchObject({ added: 3, unchanged: 0 });
    expect(writeCandles(db, BTC, candlesAt([1, 2, 3]), TEST_DELIVERY)).toMatchObject({ added: 1, unchanged: 2 });
    expect(loadCandles(db, BTC).length).toBe(4);
  });

  test('a later value replaces the first, and the ledger keeps both; the same again changes nothing', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, [candleAt(0, 100)], TEST_DELIVERY);
    const differing = [candleAt(0, 200)];
    expect(writeCandles(db, BTC, differing, TEST_DELIVERY)).toMatchObject({ added: 0, unchanged: 0, revised: 1 });
    expect(writeCandles(db, BTC, differing, TEST_DELIVERY)).toMatchObject({ added: 0, unchanged: 1, revised: 0 });
    expect(loadCandles(db, BTC).open[0]).toBe(200);
    expect(loadCandles(db, { ...BTC, asSeen: true }).open[0]).toBe(100);
    expect(revisionsOf(db, findCandleSeries(db, BTC))).toEqual([
      {
        timeMs: at(0),
        nth: 1,
        before: [100, 102, 99, 101, 10],
        after: [200, 202, 199, 201, 10],
        origin: 'a test',
        seenMs: NEW_YEAR_MS,
      },
    ]);
  });

  test('a dry run counts everything and keeps nothing', () => {
    const db = memoryDatabase();
    const result = writeCandles(db, BTC, candlesAt([0, 2]), { ...TEST_DELIVERY, dryRun: true });
    expect(result).toMatchObject({ added: 2, gaps: [{ fromMs: at(1), toMs: at(2), missing: 1 }] });
    expect(listSeries(db)).toEqual([]);
    expect(db.prepare('SELECT count(*) FROM gaps').pluck().get()).toBe(0);
  });

  test('two sources of one candle are two series', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, [candleAt(0, 100)], TEST_DELIVERY);
    writeCandles(db, { ...BTC, source: 'binance-spot' }, [candleAt(0, 90)], TEST_DELIVERY);
    expect(loadCandles(db, BTC).open[0]).toBe(100);
    expect(loadCandles(db, { coin: 'BTC', interval: '1h' }).open[0]).toBe(100);
    expect(loadCandles(db, { source: 'binance-spot', coin: 'BTC', interval: '1h' }).open[0]).toBe(90);
  });
});

describe('gaps', () => {
  test('a hole in a delivery is known, with its origin; a hole between deliveries is not', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 3]), { ...TEST_DELIVERY, origin: 'january.csv' });
    writeCandles(db, BTC, candlesAt([5]), TEST_DELIVERY);
    expect(gapsOf(db, findCandleSeries(db, BTC))).toEqual([
      { fromMs: at(1), toMs: at(3), missing: 2, reason: 'unknown', origin: 'january.csv', isOutside: false },
      { fromMs: at(4), toMs: at(5), missing: 1, reason: 'unknown', origin: null, isOutside: false },
    ]);
  });

  test('a later delivery that has the candles takes the gap back, in part or whole; the rest stays as it was', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 5]), { ...TEST_DELIVERY, origin: 'january.csv' });
    writeCandles(db, BTC, candlesAt([2]), TEST_DELIVERY);
    expect(gapsOf(db, findCandleSeries(db, BTC))).toEqual([
      { fromMs: at(1), toMs: at(2), missing: 1, reason: 'unknown', origin: 'january.csv', isOutside: false },
      { fromMs: at(3), toMs: at(5), missing: 2, reason: 'unknown', origin: 'january.csv', isOutside: false },
    ]);
    writeCandles(db, BTC, candlesAt([0, 1, 2, 3, 4, 5]), TEST_DELIVERY);
    expect(gapsOf(db, findCandleSeries(db, BTC))).toEqual([]);
    expect(db.prepare('SELECT count(*) FROM gaps').pluck().get()).toBe(0);
  });
});

describe('loading', () => {
  test('a row that is not stored is NaN, and everything lies in shared memory', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 2]), TEST_DELIVERY);
    const columns = loadCandles(db, BTC);
    expect([...columns.close]).toEqual([101, Number.NaN, 103]);
    expect(columns).toMatchObject({ coin: 'BTC', interval: '1h', firstOpenMs: at(0), length: 3 });
    expect(columns.volume.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('a range holds the candles that open from its start and close by its end', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 1, 2, 3, 4]), TEST_DELIVERY);
    const columns = loadCandles(db, { ...BTC, fromMs: at(1), toMs: at(4) });
    expect(columns).toMatchObject({ firstOpenMs: at(1), length: 3 });
    expect(() => loadCandles(db, { ...BTC, fromMs: at(9) })).toThrow(
      'no 1h candles of BTC are stored from 2025-01-01T09:00Z to the end',
    );
  });

  test('pages join without a seam', () => {
    const db = memoryDatabase();
    const indices = Array.from({ length: 25_003 }, (_, i) => i).filter((i) => i % 7 !== 3);
    writeCandles(db, BTC, candlesAt(indices), TEST_DELIVERY);
    const { close, length } = loadCandles(db, BTC);
    expect(length).toBe(25_003);
    for (let i = 0; i < length; i++) expect(close[i]).toBe(i % 7 === 3 ? Number.NaN : 101 + i);
  });

  test('deliveries in any order and overlap load as their union', () => {
    const deliveries = fc.array(fc.uniqueArray(fc.nat(40), { minLength: 1 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(deliveries, (parts) => {
        const db = openDatabase(':memory:');
        const union = new Set(parts.flat());
        for (const part of parts) writeCandles(db, BTC, candlesAt(part.sort((a, b) => a - b)), TEST_DELIVERY);
        const columns = loadCandles(db, BTC);
        const first = Math.min(...union);
        const expected = Array.from({ length: Math.max(...union) - first + 1 }, (_, row) =>
          union.has(first + row) ? 101 + first + row : Number.NaN,
        );
        expect([...columns.close]).toEqual(expected);
        const gaps = gapsOf(db, findCandleSeries(db, BTC));
        expect(gaps.reduce((sum, gap) => sum + gap.missing, 0)).toBe(expected.filter(Number.isNaN).length);
        // What the gap table claims is really absent, and no stretch is claimed twice.
        const claimed = db.prepare('SELECT from_ms, to_ms FROM gaps ORDER BY from_ms').raw().all() as number[][];
        for (const [from, to] of claimed) {
          for (let t = from as number; t < (to as number); t += HOUR_MS)
            expect(union.has((t - at(0)) / HOUR_MS)).toBe(false);
        }
        for (let i = 1; i < claimed.length; i++)
          expect(claimed[i]?.[0]).toBeGreaterThanOrEqual(claimed[i - 1]?.[1] as number);
        db.close();
      }),
      { numRuns: 150 },
    );
  });
});

describe('finding series', () => {
  test('an unknown coin or interval says what is near', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0]), TEST_DELIVERY);
    const find = (query: Parameters<typeof findCandleSeries>[1]) => () => findCandleSeries(db, query);
    expect(find({ coin: 'BTX', interval: '1h' })).toThrow(UsageError);
    expect(find({ coin: 'BTX', interval: '1h' })).toThrow(expect.objectContaining({ hint: 'Did you mean BTC?' }));
    expect(find({ coin: 'BTC', interval: '4h' })).toThrow(expect.objectContaining({ hint: 'Stored: 1h.' }));
    expect(find({ ...BTC, source: 'kraken' })).toThrow("no candles of 'BTC' are stored from kraken");
  });

  test('of several foreign sources none is chosen silently', () => {
    const db = memoryDatabase();
    writeCandles(db, { ...BTC, source: 'binance-um' }, candlesAt([0]), TEST_DELIVERY);
    expect(findCandleSeries(db, { coin: 'BTC', interval: '1h' }).source).toBe('binance-um');
    writeCandles(db, { ...BTC, source: 'binance-spot' }, candlesAt([0]), TEST_DELIVERY);
    expect(() => findCandleSeries(db, { coin: 'BTC', interval: '1h' })).toThrow(
      'stored from binance-spot and binance-um',
    );
  });

  test('a study ends at the newest candle that all its series have', () => {
    const db = memoryDatabase();
    writeCandles(db, BTC, candlesAt([0, 1, 2]), TEST_DELIVERY);
    writeCandles(db, { ...BTC, coin: 'ETH' }, candlesAt([0, 1]), TEST_DELIVERY);
    writeCandles(db, { ...BTC, interval: '30m' }, candlesAt([0, 1, 2, 3, 4, 5, 6], HOUR_MS / 2), TEST_DELIVERY);
    writeCandles(db, { ...BTC, coin: 'ETH', interval: '30m' }, candlesAt([0, 1, 2], HOUR_MS / 2), TEST_DELIVERY);
    const spans = findStudySeries(db, ['BTC', 'ETH'], ['1h', '30m']);
    expect(spans).toHaveLength(4);
    expect(newestCommonEnd(spans)).toBe(at(1.5));
  });
});
