import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { writeCandles } from '../market/candle-store.ts';
import { type MarketDatabase, openDatabase } from '../market/database.ts';
import { writeFunding } from '../market/funding-store.ts';
import { candleAt, NEW_YEAR_MS, TEST_DELIVERY } from '../market/testing.ts';
import { storedCandles } from './candle-source.ts';
import { planSpan } from './study-data.ts';

const INTERVALS: readonly Interval[] = ['30m', '1h', '4h'];
const DAYS = 6;
const END_MS = NEW_YEAR_MS + DAYS * 86_400_000;

/** Two sources of every interval, revisions on the way, and funding. What comes after the seal has other values. */
function database(sealedFromMs: number, isPoisoned: boolean): MarketDatabase {
  const db = openDatabase(':memory:');
  onTestFinished(() => {
    db.close();
  });
  for (const source of ['hyperliquid', 'another']) {
    for (const interval of INTERVALS) {
      const stepMs = intervalMs(interval);
      const key = { source, coin: 'BTC', interval, kind: 'trade' } as const;
      const rows = Array.from({ length: (END_MS - NEW_YEAR_MS) / stepMs }, (_, i) => {
        const isSealed = NEW_YEAR_MS + (i + 1) * stepMs > sealedFromMs;
        return candleAt(i, isSealed && isPoisoned ? 7_777 + i : 100 + (i % 9), stepMs);
      });
      writeCandles(db, key, rows, TEST_DELIVERY);
      const revised = rows.filter((_, i) => i % 5 === 0).map((row) => ({ ...row, volume: row.volume + 1 }));
      writeCandles(db, key, isPoisoned ? revised : revised.filter((row) => row.open < 1_000), TEST_DELIVERY);
    }
  }
  const hours = Array.from({ length: DAYS * 24 }, (_, hour) => {
    const timeMs = epochMs(NEW_YEAR_MS + hour * 3_600_000);
    return { timeMs, rate: isPoisoned && timeMs > sealedFromMs ? 9 : 0.0001 * (hour % 3) };
  });
  writeFunding(db, { source: 'hyperliquid', coin: 'BTC' }, hours, TEST_DELIVERY);
  return db;
}

/** Everything that a source of candles tells. */
function allOf(db: MarketDatabase, sealedFromMs: number, preferred: string, asSeen: boolean): unknown {
  const source = storedCandles(db, preferred, () => epochMs(sealedFromMs), { asSeen });
  const [from, to] = [epochMs(NEW_YEAR_MS), epochMs(END_MS)];
  return {
    intervals: INTERVALS.map((interval) => {
      const { open, high, low, close, volume, length } = source.candles('BTC', interval, from, to);
      const revised = source.revised('BTC', interval, from, to);
      return {
        span: source.span('BTC', interval),
        length,
        rows: [open, high, low, close, volume].map((c) => [...c]),
        revised,
      };
    }),
    funding: [...source.funding('BTC').timesMs, ...source.funding('BTC').rates],
  };
}

it('tells the same whatever the sealed candles are: no interval, no source and no view goes around it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5 * 60, max: DAYS * 1440 - 1 }),
      fc.constantFrom('hyperliquid', 'another'),
      fc.boolean(),
      (minute, preferred, asSeen) => {
        const sealedFromMs = NEW_YEAR_MS + minute * 60_000;
        const [real, poisoned] = [database(sealedFromMs, false), database(sealedFromMs, true)];
        expect(allOf(poisoned, sealedFromMs, preferred, asSeen)).toEqual(allOf(real, sealedFromMs, preferred, asSeen));
      },
    ),
    { numRuns: 12 },
  );
});

it('ends a span at the seal, says so, and tells what is right before it', () => {
  const sealedFromMs = NEW_YEAR_MS + 3 * 86_400_000;
  const source = storedCandles(database(sealedFromMs, true), 'hyperliquid', () => epochMs(sealedFromMs));
  const spans = [source.span('BTC', '1h'), source.span('BTC', '30m')];
  expect(spans.map(({ lastCloseMs }) => lastCloseMs)).toEqual([sealedFromMs, sealedFromMs]);
  const wanted = { kind: 'study', name: 'small', span: { days: 2 }, intervals: ['1h'] } as const;
  const plan = planSpan(wanted, [{ interval: '1h', candles: 0 }], spans);
  expect(plan).toMatchObject({ toMs: sealedFromMs, sealedFromMs });
  expect(plan.warnings).toEqual([
    "the study ends at 2025-01-04T00:00Z: later candles are sealed until 'candor unseal' spends them, once",
  ]);
  const older = { ...wanted, span: { fromMs: NEW_YEAR_MS as EpochMs, toMs: sealedFromMs as EpochMs } };
  expect(planSpan(older, [{ interval: '1h', candles: 0 }], spans)).not.toHaveProperty('sealedFromMs');
});

it('says that all of it is sealed where nothing is left', () => {
  const source = storedCandles(database(0, false), 'hyperliquid', () => epochMs(NEW_YEAR_MS));
  expect(() => source.span('BTC', '1h')).toThrow('all 1h candles of BTC that are stored are sealed');
});
