import { describe, expect, test } from 'vitest';
import { candlesOf, instrumentOf, walkedCoin } from '../../test/simulated-exchange.ts';
import type { CandleColumns } from '../domain/candle.ts';
import { isValidPrice } from '../domain/instrument.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import { resample } from '../market/resample.ts';
import { movedBy, PlayedMarket, withoutTrades } from './played-market.ts';
import { seededRevisions } from './revisions.ts';

const START_MS = Date.UTC(2025, 0, 1);
const BTC = walkedCoin('BTC', { startMs: START_MS, days: 2, seed: 1 });
const ETH = walkedCoin('ETH', { startMs: START_MS, days: 2, seed: 1 });
const BTC_MINUTES = candlesOf(BTC)[0] as CandleColumns;
const SILENT = { instrument: { ...instrumentOf('MATIC'), isDelisted: true } };
const market = new PlayedMarket({ coins: [BTC, ETH, SILENT] });

describe('what a recorder has in the end', () => {
  test('is every candle of the source', () => {
    const candles = market.finalCandles('BTC', '1m', START_MS, START_MS + 2 * DAY_MS);
    expect(candles).toHaveLength(2 * 1440);
    expect(candles.map(({ close }) => close)).toEqual([...BTC_MINUTES.close]);
    const hours = market.finalCandles('BTC', '1h', START_MS + 1, START_MS + 2 * DAY_MS - 1);
    expect(hours.map(({ volume }) => volume)).toEqual([...resample(BTC_MINUTES, '1h').volume].slice(1));
  });

  test('lacks what a halt took away, on the coins that it halted', () => {
    const halt = { fromMs: START_MS + HOUR_MS, toMs: START_MS + 2 * HOUR_MS, coins: ['BTC'] };
    const halted = new PlayedMarket({ coins: [BTC, ETH], halts: [halt] });
    const minutesOf = (coin: string) => halted.finalCandles(coin, '1m', START_MS, START_MS + DAY_MS).length;
    expect([minutesOf('BTC'), minutesOf('ETH')]).toEqual([1380, 1440]);
    expect(halted.finalCandles('BTC', '1h', START_MS, START_MS + DAY_MS)).toHaveLength(23);
    expect(halted.isOpen('BTC', START_MS + 90 * MINUTE_MS)).toBe(false);
    expect(halted.isOpen('ETH', START_MS + 90 * MINUTE_MS)).toBe(true);
    const marks = halted.marks('BTC', START_MS + HOUR_MS - 10_000, START_MS + 2 * HOUR_MS + 5_000);
    expect(marks.map(({ timeMs }) => (timeMs - START_MS) / 1e3)).toEqual([3591, 3594, 3597, 7200, 7203]);
  });

  test('of a coin that nobody trades is nothing', () => {
    expect(market.finalCandles('MATIC', '1m', START_MS, START_MS + DAY_MS)).toEqual([]);
    expect([market.isListed('MATIC'), market.isListed('NOPE')]).toEqual([true, false]);
    expect(market.context('MATIC', START_MS + HOUR_MS)).toBeUndefined();
  });
});

describe('the context of a coin', () => {
  test('stays near the last trade, on valid prices, and is the same every time', () => {
    for (let minute = 1; minute < 300; minute += 7) {
      const nowMs = START_MS + minute * MINUTE_MS + 1_000;
      const context = market.context('BTC', nowMs);
      const price = market.tape('BTC')?.lastPrice(nowMs - 1_000) as number;
      expect(Math.abs((context?.markPrice as number) / price - 1)).toBeLessThan(0.0004);
      for (const each of [context?.markPrice, context?.oraclePrice, context?.bidPrice, context?.askPrice]) {
        expect(isValidPrice(BTC.instrument, each as number)).toBe(true);
      }
      expect(context?.bidPrice).toBeLessThan(context?.askPrice as number);
      expect(market.context('BTC', nowMs)).toEqual(context);
    }
  });

  test('knows the day and the hour before it', () => {
    const nowMs = START_MS + 30 * HOUR_MS;
    const day = market.finalCandles('BTC', '1m', nowMs - DAY_MS, nowMs);
    const context = market.context('BTC', nowMs);
    expect(context?.dayVolume).toBeCloseTo(
      day.reduce((sum, { volume }) => sum + volume, 0),
      6,
    );
    expect(context?.previousDayPrice).toBe(
      market.finalCandles('BTC', '1m', nowMs - DAY_MS - MINUTE_MS, nowMs)[0]?.close,
    );
    expect(context?.fundingRate).toBe(market.settlements('BTC', nowMs - HOUR_MS, nowMs).at(-1)?.rate);
  });
});

test('settlements of a time, both ends included', () => {
  const all = market.settlements('BTC', 0, Number.POSITIVE_INFINITY);
  expect(all).toHaveLength(48);
  const [third, fifth] = [all[2]?.timeMs as number, all[4]?.timeMs as number];
  expect(market.settlements('BTC', third, fifth)).toEqual(all.slice(2, 5));
  expect(market.settlements('BTC', third + 1, fifth - 1)).toEqual(all.slice(3, 4));
});

test('minutes without trades are flat at the last price', () => {
  const emptied = withoutTrades(BTC_MINUTES, [START_MS, START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS]);
  const rowAt = (row: number) =>
    [emptied.open, emptied.high, emptied.low, emptied.close, emptied.volume].map((c) => c[row]);
  const { open, close } = BTC_MINUTES;
  expect(rowAt(0)).toEqual([open[0], open[0], open[0], open[0], 0]);
  expect(rowAt(1)[4]).toBe(BTC_MINUTES.volume[1]);
  expect(rowAt(2)).toEqual([close[1], close[1], close[1], close[1], 0]);
  expect(rowAt(3)).toEqual([close[1], close[1], close[1], close[1], 0]);
});

test('history at another time', () => {
  const moved = movedBy(BTC_MINUTES, 7 * DAY_MS);
  expect(moved.firstOpenMs).toBe(BTC_MINUTES.firstOpenMs + 7 * DAY_MS);
  expect(moved.close).toBe(BTC_MINUTES.close);
});

test('seeded revisions: candles that lack their last trade at first', () => {
  const plan = { seed: 5, chance: 0.1, withinMs: 60_000 };
  const revisions = seededRevisions(BTC_MINUTES, plan);
  expect(revisions.length).toBeGreaterThan(200);
  expect(revisions.length).toBeLessThan(380);
  expect(seededRevisions(BTC_MINUTES, plan)).toEqual(revisions);
  expect(seededRevisions(BTC_MINUTES, { ...plan, seed: 6 })).not.toEqual(revisions);
  const tape = new PlayedMarket({ coins: [{ ...BTC, revisions }] }).tape('BTC');
  for (const { openTimeMs, afterMs, first } of revisions) {
    const closeMs = openTimeMs + MINUTE_MS;
    const early = tape?.closed('1m', openTimeMs, closeMs + afterMs - 1);
    const final = tape?.closed('1m', openTimeMs, closeMs + afterMs);
    expect(early).toMatchObject(first);
    expect(early?.volume).toBeLessThan(final?.volume as number);
    expect(early).toMatchObject({ open: final?.open, high: final?.high, low: final?.low });
  }
});
