import { describe, expect, test } from 'vitest';
import { fixedClock } from '../domain/clock.ts';
import { ExchangeUnreachableError } from '../domain/errors.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { HOUR_MS, intervalMs } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { loadCandles } from './candle-store.ts';
import { type DownloadRequest, download, type PublicData } from './download.ts';
import { loadFunding } from './funding-store.ts';
import { candleAt, memoryDatabase, NEW_YEAR_MS } from './testing.ts';

const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;

/** An exchange that has a candle for every interval and a rate for every hour, and notes what it was asked. */
function exchange(asked: string[], breaksAt?: string): PublicData {
  return {
    instruments: async () => BUILT_IN_INSTRUMENTS,
    candles: async (coin, interval, fromMs, toMs, options) => {
      if (breaksAt === `${coin} ${interval}`) throw new ExchangeUnreachableError('gone');
      asked.push(`${coin} ${interval} ${(fromMs - NEW_YEAR_MS) / HOUR_MS}–${(toMs - NEW_YEAR_MS) / HOUR_MS}`);
      const stepMs = intervalMs(interval);
      const count = (toMs - fromMs) / stepMs;
      options?.onProgress?.(count, count);
      return Array.from({ length: count }, (_, i) => candleAt((fromMs - NEW_YEAR_MS) / stepMs + i, 100, stepMs));
    },
    funding: async (coin, fromMs, toMs) => {
      asked.push(`${coin} funding ${(fromMs - NEW_YEAR_MS) / HOUR_MS}–${(toMs - NEW_YEAR_MS) / HOUR_MS}`);
      const hours = (toMs - fromMs) / HOUR_MS;
      return Array.from({ length: hours }, (_, i) => ({ timeMs: epochMs(fromMs + i * HOUR_MS + 40), rate: 0.0001 }));
    },
  };
}

function request(toMs: number): DownloadRequest {
  const clock = fixedClock(toMs);
  return { coins: ['BTC', 'ETH'], intervals: ['1h', '30m'], fromMs: at(0), toMs, clock };
}

describe('a download', () => {
  test('stores candles, funding and rules, and tells how far it is', async () => {
    const db = memoryDatabase();
    const asked: string[] = [];
    const progress: number[] = [];
    const added = await download(db, exchange(asked), {
      ...request(at(10)),
      onProgress: (done, total) => progress.push(done / total),
    });
    expect(added).toBe(2 * (10 + 20) + 2 * 10);
    expect(progress).toEqual([1 / 6, 3 / 6, 4 / 6, 1]);
    expect(loadCandles(db, { coin: 'ETH', interval: '30m' }).length).toBe(20);
    expect(loadFunding(db, 'BTC').rates).toHaveLength(10);
    expect(db.prepare('SELECT count(*) FROM instruments').pluck().get()).toBe(3);
  });

  test('goes on where the last one ended', async () => {
    const db = memoryDatabase();
    await download(db, exchange([]), request(at(10)));
    const asked: string[] = [];
    expect(await download(db, exchange(asked), request(at(12)))).toBe(2 * (2 + 4) + 2 * 2);
    expect(asked).toEqual([
      'BTC funding 10–12',
      'ETH funding 10–12',
      'BTC 1h 10–12',
      'BTC 30m 10–12',
      'ETH 1h 10–12',
      'ETH 30m 10–12',
    ]);
  });

  test('one that breaks off keeps the series that were complete, and the next asks only for the rest', async () => {
    const db = memoryDatabase();
    await expect(download(db, exchange([], 'ETH 1h'), request(at(10)))).rejects.toThrow('gone');
    expect(loadCandles(db, { coin: 'BTC', interval: '30m' }).length).toBe(20);
    const asked: string[] = [];
    await download(db, exchange(asked), request(at(10)));
    expect(asked.filter((text) => text.startsWith('BTC')).sort()).toEqual([
      'BTC 1h 10–10',
      'BTC 30m 10–10',
      'BTC funding 10–10',
    ]);
  });

  test('a stored series that begins too late is fetched from the start again', async () => {
    const db = memoryDatabase();
    await download(db, exchange([]), { ...request(at(10)), fromMs: at(5) });
    const asked: string[] = [];
    await download(db, exchange(asked), request(at(10)));
    expect(asked).toContain('BTC 1h 0–10');
    expect(loadCandles(db, { coin: 'BTC', interval: '1h' }).length).toBe(10);
  });
});
