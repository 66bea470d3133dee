import { describe, expect, onTestFinished, test } from 'vitest';
import { type CandleColumns, columnsOf } from '../domain/candle.ts';
import type { Timer } from '../domain/clock.ts';
import { DataError, ExchangeUnreachableError } from '../domain/errors.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { type ExchangeOptions, SimulatedExchange } from '../simulator/exchange.ts';
import type { HttpFault } from '../simulator/faults.ts';
import { PlayedMarket } from '../simulator/played-market.ts';
import { type CandlePage, HyperliquidInfo } from './info.ts';
import { WeightLimiter } from './limiter.ts';

const START_MS = Date.UTC(2025, 0, 1);
const [BTC, ETH] = BUILT_IN_INSTRUMENTS as [Instrument, Instrument];

/** Candles from START_MS on; the first `untraded` of them without a trade, as the exchange fills in what was before. */
function columns(coin: string, interval: Interval, count: number, untraded = 0): CandleColumns {
  const rows = Array.from({ length: count }, (_, i) => {
    const price = i < untraded ? 100 + untraded : 100 + i;
    return {
      openTimeMs: epochMs(START_MS + i * intervalMs(interval)),
      open: price,
      high: price + 2,
      low: price - 1,
      close: price + 1,
      volume: i < untraded ? 0 : 10.5,
    };
  });
  return columnsOf(coin, interval, rows);
}

/** A timer that moves only when it is told to, or when somebody sleeps by it. */
function handTimer(startMs: number) {
  let nowMs = startMs;
  const slept: number[] = [];
  const timer: Timer = {
    nowMs: () => epochMs(nowMs),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
  };
  return { timer, slept, set: (timeMs: number) => (nowMs = timeMs) };
}

const HOURS_COUNT = 50;

/** BTC is traded by the hour, ETH is listed and never was; on the exchange it is 20 minutes past the 40th hour. */
async function hourly(options: Partial<ExchangeOptions> = {}) {
  const nowMs = START_MS + 40 * HOUR_MS + 20 * MINUTE_MS;
  const { timer: clock } = handTimer(nowMs);
  const funding = Array.from({ length: 1_200 }, (_, i) => ({ timeMs: START_MS - (i - 30) * HOUR_MS + 42, rate: 1e-5 }));
  const market = new PlayedMarket({
    coins: [{ instrument: BTC, candles: columns('BTC', '1h', HOURS_COUNT), funding }, { instrument: ETH }],
  });
  // The clock of the exchange stands still: whoever publishes by it sleeps for ever.
  const still: Timer = { nowMs: clock.nowMs, sleep: () => new Promise(() => {}) };
  const exchange = await SimulatedExchange.start({ clock: still, market, ...options });
  onTestFinished(() => exchange.stop());
  const machine = handTimer(nowMs);
  const budget = new WeightLimiter({ timer: machine.timer });
  return {
    exchange,
    machine,
    budget,
    nowMs,
    info: new HyperliquidInfo({ apiUrl: exchange.url, timer: machine.timer, budget }),
  };
}

async function collected<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

const span = ({ candles, fromMs, toMs, end }: CandlePage) => ({
  candles: candles.length,
  from: (fromMs - START_MS) / HOUR_MS,
  to: (toMs - START_MS) / HOUR_MS,
  end,
});

describe('what is closed is told by the exchange', () => {
  test.each([
    ['right', 0, 40],
    ['three hours ahead', 3 * HOUR_MS, 40],
    ['a year ahead', 365 * DAY_MS, 40],
    ['two hours behind', -2 * HOUR_MS, 38],
  ])('whatever this machine holds it for: %s', async (_how, offMs, candles) => {
    const { info, machine, nowMs } = await hourly();
    machine.set(nowMs + offMs);
    expect(await info.candles('BTC', '1h', START_MS, machine.timer.nowMs())).toHaveLength(candles);
  });

  test('and it is asked again when a candle may have closed since, not before', async () => {
    const { info, exchange, nowMs } = await hourly();
    const asked = () => exchange.requests.filter(({ type }) => type === 'exchangeStatus').length;
    await info.candles('BTC', '1h', START_MS, nowMs);
    await info.candles('BTC', '1h', START_MS, nowMs + 39 * MINUTE_MS);
    expect(asked()).toBe(1);
    expect(await info.candles('BTC', '1h', START_MS, nowMs + 41 * MINUTE_MS)).toHaveLength(40);
    expect(asked()).toBe(2);
    exchange.clockSkewMs = 41 * MINUTE_MS;
    expect(await info.candles('BTC', '1h', START_MS, nowMs + 41 * MINUTE_MS)).toHaveLength(41);
    expect(asked()).toBe(3);
  });

  test('its clock may be far from ours, and by how much is measured', async () => {
    const { info, exchange, nowMs } = await hourly();
    exchange.clockSkewMs = -7_500;
    expect(await info.clockSkew()).toEqual({ offsetMs: -7_500, uncertaintyMs: 0 });
    expect(await info.serverTime()).toBe(nowMs - 7_500);
  });
});

describe('pages', () => {
  test('of candles come from the newest back, and the last says whether the first one is there', async () => {
    const { info, nowMs } = await hourly();
    expect((await collected(info.candlePages('BTC', '1h', START_MS, nowMs))).map(span)).toEqual([
      { candles: 40, from: 0, to: 40, end: 'asked' },
    ]);
    expect((await collected(info.candlePages('BTC', '1h', START_MS - 6_000 * HOUR_MS, nowMs))).map(span)).toEqual([
      { candles: 40, from: -4_960, to: 40, end: undefined },
      { candles: 0, from: -6_000, to: -4_960, end: 'served' },
    ]);
    expect((await collected(info.candlePages('BTC', '1h', START_MS - HOUR_MS, nowMs))).map(span)).toEqual([
      { candles: 40, from: -1, to: 40, end: 'served' },
    ]);
    expect(await collected(info.candlePages('BTC', '1h', nowMs, nowMs))).toEqual([]);
  });

  test('of funding come from the oldest on; who has stored some begins a millisecond later', async () => {
    const { info, nowMs } = await hourly();
    const pages = await collected(info.fundingPages('BTC', START_MS - 1_169 * HOUR_MS, nowMs));
    expect(pages.map((page) => page.length)).toEqual([500, 500, 200]);
    const last = pages[1]?.at(-1)?.timeMs ?? 0;
    const rest = await collected(info.fundingPages('BTC', last + 1, nowMs));
    expect(rest).toEqual(pages.slice(2));
  });

  test('can be left at any one of them', async () => {
    const { info, exchange, nowMs } = await hourly();
    for await (const _page of info.candlePages('BTC', '1h', START_MS - 60_000 * HOUR_MS, nowMs)) break;
    expect(exchange.requests.filter(({ type }) => type === 'candleSnapshot')).toHaveLength(1);
  });

  test('weigh no less than the exchange counts, and little more', async () => {
    const { info, exchange, budget, nowMs } = await hourly();
    await info.candles('BTC', '1h', START_MS, nowMs);
    await info.funding('BTC', nowMs - 500 * HOUR_MS, nowMs);
    await info.funding('BTC', nowMs - HOUR_MS, nowMs);
    await info.clockSkew();
    const counted = exchange.requests.reduce((sum, { weight }) => sum + weight, 0);
    expect(budget.usedWeight()).toBeGreaterThanOrEqual(counted);
    expect(budget.usedWeight()).toBeLessThanOrEqual(counted + 4);
  });
});

describe('a listing', () => {
  /** BTC was first traded on the 51st day at seven, ETH on the fourth at noon, and was delisted after the twentieth. */
  async function later(options: Partial<ExchangeOptions> = {}) {
    const market = new PlayedMarket({
      coins: [
        { instrument: BTC, candles: columns('BTC', '1h', 200 * 24, 50 * 24 + 7) },
        { instrument: { ...ETH, isDelisted: true }, candles: columns('ETH', '1h', 20 * 24, 3 * 24 + 12) },
      ],
    });
    const clock = { nowMs: () => epochMs(START_MS + 150 * DAY_MS), sleep: () => new Promise<void>(() => {}) };
    return hourly({ market, clock, ...options });
  }

  test('begins with the first trade, not with what was filled in before it, and ends with the last', async () => {
    const { info, exchange } = await later();
    expect(await info.listing('BTC')).toEqual({
      coin: 'BTC',
      isDelisted: false,
      firstTradedMs: START_MS + 50 * DAY_MS + 7 * HOUR_MS,
      lastTradedMs: START_MS + 149 * DAY_MS,
    });
    expect(await info.listing('ETH')).toEqual({
      coin: 'ETH',
      isDelisted: true,
      firstTradedMs: START_MS + 3 * DAY_MS + 12 * HOUR_MS,
      lastTradedMs: START_MS + 19 * DAY_MS,
    });
    expect(exchange.requests.reduce((sum, each) => sum + each.weight, 0)).toBeLessThan(150);
  });

  test('is known to the day where the hours are served no more', async () => {
    const { info } = await later({ limits: { candlesKept: 1_000 } });
    expect((await info.listing('BTC')).firstTradedMs).toBe(START_MS + 50 * DAY_MS);
  });

  test('of today is known to the hour; of what nobody has traded there is none', async () => {
    const nowMs = START_MS + 9.5 * HOUR_MS;
    const candles = columns('BTC', '1h', HOURS_COUNT, 6);
    const market = new PlayedMarket({ coins: [{ instrument: BTC, candles }, { instrument: ETH }] });
    const clock = { nowMs: () => epochMs(nowMs), sleep: () => new Promise<void>(() => {}) };
    const { info } = await hourly({ market, clock });
    expect(await info.listing('BTC')).toMatchObject({
      firstTradedMs: START_MS + 6 * HOUR_MS,
      lastTradedMs: START_MS,
    });
    expect(await info.listing('ETH')).toMatchObject({ isDelisted: false, firstTradedMs: null, lastTradedMs: null });
  });
});

describe('an answer that comes to harm', () => {
  const cases: [HttpFault, number][] = [
    ['failure', 500],
    ['truncated', 500],
    ['reset', 500],
  ];
  test.each(cases)('is asked for again: %s', async (fault, waitMs) => {
    const { info, exchange, machine, nowMs } = await hourly();
    await info.instruments();
    exchange.faults.next(fault, 1, 'candleSnapshot');
    expect(await info.candles('BTC', '1h', START_MS, nowMs)).toHaveLength(40);
    expect(machine.slept).toEqual([waitMs]);
    expect(exchange.faults.count(fault)).toBe(1);
  });

  test.each<[HttpFault, RegExp]>([
    ['failure', /^the exchange cannot be reached \(HTTP 500\)$/],
    ['truncated', /^the exchange cannot be reached \(HTTP 200 with an answer that is cut off, or is no JSON\)$/],
    ['reset', /^the exchange cannot be reached \(the connection was cut: (ECONNRESET|UND_ERR_SOCKET)\)$/],
    ['web-page', /^the exchange cannot be reached \(HTTP 200 with a web page, so something in between answered\)$/],
  ])('again and again ends with one sentence: %s', async (fault, sentence) => {
    const { info, exchange, nowMs } = await hourly();
    await info.instruments();
    exchange.faults.next(fault, 9, 'candleSnapshot');
    const asked = info.candles('BTC', '1h', START_MS, nowMs);
    await expect(asked).rejects.toThrow(ExchangeUnreachableError);
    await expect(asked).rejects.toThrow(sentence);
  });

  test('in its shape is refused by its field', async () => {
    const { info, exchange, nowMs } = await hourly();
    await info.instruments();
    exchange.faults.next('wrong-shape', 1, 'candleSnapshot');
    const asked = info.candles('BTC', '1h', START_MS, nowMs);
    await expect(asked).rejects.toThrow(DataError);
    await expect(asked).rejects.toThrow(
      expect.objectContaining({ details: [expect.stringMatching(/^\[\d+\]\.[tTsiohlcvn]: /)] }),
    );
  });

  test('null in place of candles is refused, and says so', async () => {
    const { info, nowMs } = await hourly({ unknownCoinStatus: 200, market: new PlayedMarket({ coins: [] }) });
    // The exchange does not know the coin any more that its list still had.
    info.instruments = async () => [BTC];
    await expect(info.candles('BTC', '1h', START_MS, nowMs)).rejects.toThrow(
      /^the exchange's answer to candleSnapshot BTC 1h is not what the exchange should answer$/,
    );
  });
});
