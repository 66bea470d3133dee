import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClosedCandle } from '../domain/candle.ts';
import { fixedClock } from '../domain/clock.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { loadCandles, writeCandles } from './candle-store.ts';
import { openDatabase } from './database.ts';
import { loadFunding, writeFunding } from './funding-store.ts';
import { revisionsOf } from './revision-store.ts';
import { findCandleSeries, listSeries, type StoredSeries } from './series-store.ts';
import { candleAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from './testing.ts';

const BTC = { source: 'hyperliquid', coin: 'BTC', interval: '1h', kind: 'trade' } as const;
const HOURS = 5;
const at = (hour: number): number => NEW_YEAR_MS + hour * HOUR_MS;

interface Told {
  readonly hour: number;
  readonly price: number;
  readonly trades: number | undefined;
}

/** What one delivery says of some of five hours, in order. Prices repeat, and come back to what they were. */
const deliveries = fc.array(
  fc
    .uniqueArray(
      fc.record<Told>({
        hour: fc.nat(HOURS - 1),
        price: fc.integer({ min: 1, max: 3 }),
        trades: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
      }),
      { selector: ({ hour }) => hour, minLength: 1 },
    )
    .map((told) => told.sort((a, b) => a.hour - b.hour)),
  { minLength: 1, maxLength: 8 },
);

function candleOf({ hour, price, trades }: Told): ClosedCandle {
  return { ...candleAt(hour, price), ...(trades === undefined ? {} : { trades }) };
}

describe('any deliveries of candles', () => {
  test('the last values are stored, the first ones are as seen, and the ledger leads from one to the other', () => {
    fc.assert(
      fc.property(deliveries, (all) => {
        const db = openDatabase(':memory:');
        const told = new Map<number, number[]>();
        all.forEach((delivery, i) => {
          const seen = delivery.map(({ hour }) => told.get(hour)?.length ?? 0);
          const result = writeCandles(db, BTC, delivery.map(candleOf), { origin: `${i}`, clock: fixedClock(i) });
          expect(result.added).toBe(seen.filter((times) => times === 0).length);
          expect(result.added + result.unchanged + result.revised).toBe(delivery.length);
          for (const { hour, price } of delivery) told.set(hour, [...(told.get(hour) ?? []), price]);
        });
        const first = Math.min(...told.keys());
        const opens = (asSeen: boolean): number[] => [...loadCandles(db, { ...BTC, asSeen }).open];
        const expected = (index: number): number[] =>
          Array.from({ length: Math.max(...told.keys()) - first + 1 }, (_, i) =>
            told.has(first + i) ? (told.get(first + i)?.at(index) as number) : Number.NaN,
          );
        expect(opens(false)).toEqual(expected(-1));
        expect(opens(true)).toEqual(expected(0));
        const ledger = revisionsOf(db, findCandleSeries(db, BTC));
        for (const [hour, changes] of Map.groupBy(ledger, ({ timeMs }) => (timeMs - NEW_YEAR_MS) / HOUR_MS)) {
          expect(changes.map(({ nth }) => nth)).toEqual(changes.map((_, i) => i + 1));
          expect(changes[0]?.before[0]).toBe(told.get(hour)?.[0]);
          expect(changes.at(-1)?.after[0]).toBe(told.get(hour)?.at(-1));
          changes.forEach(({ before, after }, i) => {
            expect(before).not.toEqual(after);
            if (i > 0) expect(before).toEqual(changes[i - 1]?.after);
          });
        }
        db.close();
      }),
      { numRuns: 120 },
    );
  });
});

describe('any deliveries of funding', () => {
  test('the last rates are stored, the first ones are as seen', () => {
    fc.assert(
      fc.property(deliveries, (all) => {
        const db = openDatabase(':memory:');
        const told = new Map<number, number[]>();
        for (const delivery of all) {
          const rows = delivery.map(({ hour, price }) => ({ timeMs: epochMs(at(hour) + price), rate: price }));
          writeFunding(db, { source: 'hyperliquid', coin: 'BTC' }, rows, TEST_DELIVERY);
          for (const { hour, price } of delivery) told.set(hour, [...(told.get(hour) ?? []), price]);
        }
        const hours = [...told.keys()].sort((a, b) => a - b);
        const rates = (asSeen: boolean): number[] => [...loadFunding(db, 'BTC', { asSeen }).rates];
        expect(rates(false)).toEqual(hours.map((hour) => told.get(hour)?.at(-1)));
        expect(rates(true)).toEqual(hours.map((hour) => told.get(hour)?.at(0)));
        const changes = hours.flatMap((hour) => {
          const values = told.get(hour) as number[];
          return values.filter((value, i) => i > 0 && value !== values[i - 1]);
        });
        const [series] = listSeries(db);
        expect(revisionsOf(db, series as StoredSeries).map(({ after }) => after[0])).toEqual(changes);
        db.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('the number of trades', () => {
  const told = (trades?: number): ClosedCandle[] => [candleOf({ hour: 0, price: 5, trades })];

  test('that one source does not know is no change, and one that differs is', () => {
    const db = memoryDatabase();
    const write = (candles: readonly ClosedCandle[]) => writeCandles(db, BTC, candles, TEST_DELIVERY).revised;
    expect([write(told(7)), write(told()), write(told(7)), write(told(9))]).toEqual([0, 0, 0, 1]);
    const [change] = revisionsOf(db, findCandleSeries(db, BTC));
    expect(change?.before).toEqual([5, 7, 4, 6, 10, 7]);
    expect(change?.after).toEqual([5, 7, 4, 6, 10, 9]);
  });
});

test('mark prices are a series of their own, and revised as such', () => {
  const db = memoryDatabase();
  const mark = { ...BTC, kind: 'mark' } as const;
  writeCandles(db, BTC, [candleAt(0, 100)], TEST_DELIVERY);
  writeCandles(db, mark, [candleAt(0, 90), candleAt(1, 91)], TEST_DELIVERY);
  writeCandles(db, mark, [candleAt(0, 95)], TEST_DELIVERY);
  expect([...loadCandles(db, BTC).open]).toEqual([100]);
  expect([...loadCandles(db, { coin: 'BTC', interval: '1h' }).open]).toEqual([100]);
  expect([...loadCandles(db, mark).open]).toEqual([95, 91]);
  expect([...loadCandles(db, { ...mark, asSeen: true }).open]).toEqual([90, 91]);
  expect(revisionsOf(db, findCandleSeries(db, BTC))).toEqual([]);
});
