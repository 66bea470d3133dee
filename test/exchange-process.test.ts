import { HttpTransport, InfoClient, SubscriptionClient, WebSocketTransport } from '@nktkas/hyperliquid';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../src/domain/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../src/domain/time.ts';
import { PlayedMarket } from '../src/simulator/played-market.ts';
import { ScaledClock } from '../src/simulator/scaled-clock.ts';
import { type ExchangeProcess, type ExchangeTask, spawnExchange } from './exchange-process.ts';
import { describeWithSharedData } from './shared-data.ts';
import { REAL_MINUTES_FROM_MS, realCoin } from './simulated-exchange.ts';

const START_MS = Date.UTC(2025, 0, 1);

async function spawned(task: ExchangeTask): Promise<ExchangeProcess & { readonly info: InfoClient }> {
  const all = await spawnExchange(task);
  onTestFinished(() => all.stop());
  return { ...all, info: new InfoClient({ transport: new HttpTransport({ apiUrl: all.url }) }) };
}

const WALKED = { coins: ['BTC', 'ABC'], startMs: START_MS, days: 2, seed: 1 };

test('an exchange in a process of its own plays history as if it were now', async () => {
  const { info, movedByMs, scale, child } = await spawned({ walked: WALKED, playFromMs: START_MS + DAY_MS });
  expect([movedByMs % MINUTE_MS, scale.speed]).toEqual([0, 1]);
  expect((await info.meta()).universe.map(({ name }) => name)).toEqual(['BTC', 'ABC']);
  const rows = await info.candleSnapshot({ coin: 'ABC', interval: '1m', startTime: START_MS + movedByMs });
  const nowMs = systemClock.nowMs();
  expect(rows.length).toBeGreaterThanOrEqual(1_440);
  expect(nowMs - (rows.at(-1)?.t as number)).toBeLessThan(3 * MINUTE_MS);
  child.stdin?.end();
  await expect.poll(() => child.exitCode).toBe(0);
});

test('or faster: who knows the scale of its clock knows its time', async () => {
  const task = { walked: WALKED, playFromMs: START_MS + DAY_MS, speed: 600, contextEveryMs: MINUTE_MS };
  const { url, scale, info } = await spawned(task);
  const clock = new ScaledClock(scale);
  const beforeMs = clock.nowMs();
  const { time } = (await info.exchangeStatus()) as { time: number };
  expect(time).toBeGreaterThanOrEqual(beforeMs);
  expect(time).toBeLessThanOrEqual(clock.nowMs());
  const transport = new WebSocketTransport({ url: `${url.replace('http', 'ws')}/ws` });
  onTestFinished(() => transport.close());
  const minutes = new Set<number>();
  await new SubscriptionClient({ transport }).candle({ coin: 'BTC', interval: '1m' }, ({ t }) => minutes.add(t));
  await expect.poll(() => minutes.size, { timeout: 10_000 }).toBeGreaterThan(5);
  expect(Math.abs(clock.nowMs() - Math.max(...minutes))).toBeLessThan(HOUR_MS);
});

test('one that cannot start says why', async () => {
  const task = { real: { coins: ['NOPE'], intervals: ['1m'] as const }, playFromMs: START_MS };
  await expect(spawnExchange(task)).rejects.toThrow(/^the exchange ended with 1:[\s\S]*ENOENT.*hyperliquid_NOPE_1m/);
});

describeWithSharedData('with real candles', () => {
  test('of several intervals, moved onto a boundary of the longest', async () => {
    const intervals = ['1m', '1h'] as const;
    const { info, movedByMs } = await spawned({
      real: { coins: ['SOL'], intervals },
      playFromMs: REAL_MINUTES_FROM_MS,
    });
    expect(movedByMs % HOUR_MS).toBe(0);
    const market = new PlayedMarket({ coins: [realCoin('SOL', intervals)] });
    for (const interval of intervals) {
      const fromMs = REAL_MINUTES_FROM_MS - 6 * HOUR_MS;
      const truth = market.finalCandles('SOL', interval, fromMs, REAL_MINUTES_FROM_MS);
      const startTime = fromMs + movedByMs;
      const endTime = REAL_MINUTES_FROM_MS + movedByMs - 1;
      const rows = await info.candleSnapshot({ coin: 'SOL', interval, startTime, endTime });
      expect(rows.map(({ t, c, v }) => [t - movedByMs, Number(c), Number(v)])).toEqual(
        truth.map(({ openTimeMs, close, volume }) => [openTimeMs, close, volume]),
      );
    }
    const startTime = REAL_MINUTES_FROM_MS - DAY_MS + movedByMs;
    expect(await info.fundingHistory({ coin: 'SOL', startTime, endTime: startTime + DAY_MS - 1 })).toHaveLength(24);
  });
});
