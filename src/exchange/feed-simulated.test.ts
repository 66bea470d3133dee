import { expect, onTestFinished, test } from 'vitest';
import { columnsOf } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { HOUR_MS, INTERVALS_MS, type Interval, MINUTE_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { SimulatedExchange } from '../simulator/exchange.ts';
import type { FaultPlan } from '../simulator/faults.ts';
import { PlayedMarket } from '../simulator/played-market.ts';
import { simulate } from '../simulator/simulation.ts';
import { VirtualClock } from '../simulator/virtual-clock.ts';
import { HyperliquidFeed } from './feed.ts';
import type { FeedEvent } from './feed-events.ts';

const START_MS = Date.UTC(2025, 0, 1);
const BTC = BUILT_IN_INSTRUMENTS[0] as Instrument;
const INTERVALS: readonly Interval[] = ['1m', '1h'];

type Told = FeedEvent & { readonly atMs: number };

/** A feed that follows two intervals and the mark price of one coin through some hours of the simulated exchange. */
async function followed(hours: number, faults?: FaultPlan) {
  const candles = Array.from({ length: (hours + 2) * 60 }, (_, i) => ({
    openTimeMs: epochMs(START_MS + i * MINUTE_MS),
    open: 100 + i,
    high: 103 + i,
    low: 99 + i,
    close: 101 + i,
    volume: 10.5,
  }));
  const market = new PlayedMarket({
    coins: [{ instrument: BTC, candles: columnsOf('BTC', '1m', candles) }],
    contextEveryMs: 15_000,
  });
  const clock = new VirtualClock(START_MS + HOUR_MS);
  const exchange = await SimulatedExchange.start({ clock, market, ...(faults === undefined ? {} : { faults }) });
  onTestFinished(() => exchange.stop());
  const told: Told[] = [];
  const problems: string[] = [];
  const controller = new AbortController();
  const feed = new HyperliquidFeed({
    apiUrl: exchange.url,
    timer: clock,
    onProblem: (problem) => problems.push(problem),
  });
  const done = feed.run(
    { candles: INTERVALS.map((interval) => ({ coin: 'BTC', interval })), marks: ['BTC'] },
    (event) => told.push({ ...event, atMs: clock.nowMs() }),
    controller.signal,
  );
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const untilMs = START_MS + HOUR_MS + hours * HOUR_MS;
  await simulate({ clock, exchange, untilMs });
  controller.abort();
  await done;
  return { told, problems, exchange, market, untilMs, feed };
}

test('three hours without faults is told candle by candle and mark by mark', async () => {
  const { told, problems, market, untilMs } = await followed(3);
  const firstMs = START_MS + HOUR_MS;
  for (const interval of INTERVALS) {
    const stepMs = INTERVALS_MS[interval];
    const begun = told.filter((event) => event.kind === 'candle' && event.interval === interval);
    expect(begun.map((event) => event.kind === 'candle' && event.openTimeMs)).toEqual(
      Array.from({ length: (3 * HOUR_MS) / stepMs }, (_, i) => firstMs + i * stepMs),
    );
  }
  const marks = told.flatMap((event) => (event.kind === 'mark' ? [{ timeMs: event.atMs, price: event.price }] : []));
  expect(marks).toEqual(market.marks('BTC', firstMs, untilMs));
  expect(problems).toEqual([]);
});

test('six hours of dropped, silent and refused sockets, and messages twice, late and out of order', async () => {
  const { told, exchange, feed, problems } = await followed(6, {
    seed: 7,
    everyMs: { dropped: 15 * MINUTE_MS, silent: 30 * MINUTE_MS },
    chances: { duplicated: 0.05, late: 0.05, 'out-of-order': 0.05 },
  });
  expect(exchange.faults.counts).toMatchObject({ dropped: expect.any(Number), silent: expect.any(Number) });
  const states = told.filter((event) => event.kind === 'connected' || event.kind === 'lost');
  // They take turns, and each loss is noticed: a closed socket at once, a silent one within its time.
  states.forEach((event, index) => {
    expect(event.kind).toBe(index % 2 === 0 ? 'connected' : 'lost');
  });
  const reasons = states.flatMap((event) => (event.kind === 'lost' ? [event.reason] : []));
  expect(reasons.filter((reason) => reason === 'closed').length).toBeGreaterThan(10);
  expect(reasons.filter((reason) => reason === 'silent').length).toBeGreaterThan(2);
  // No connection tells of a candle twice, or of one before the last; and hardly any minute goes by untold.
  let newest = new Map<Interval, number>();
  const minutes = new Set<number>();
  for (const event of told) {
    if (event.kind === 'lost') newest = new Map();
    if (event.kind !== 'candle') continue;
    expect(event.openTimeMs).toBeGreaterThan(newest.get(event.interval) ?? 0);
    expect(event.openTimeMs).toBeLessThanOrEqual(event.atMs);
    newest.set(event.interval, event.openTimeMs);
    if (event.interval === '1m') minutes.add(event.openTimeMs);
  }
  expect(minutes.size).toBeGreaterThan(6 * 60 * 0.9);
  expect(feed.malformedMessages).toBe(0);
  expect(new Set(problems)).toEqual(new Set([expect.stringMatching(/cannot be opened \(refused, or cut off\)/)]));
});
