import { describe, expect, test } from 'vitest';
import { instrumentOf, madeCandles, madeFunding, type Stage, setStage } from '../../../test/ingest-stage.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';
import type { FeedEvent, MarketFeed } from '../../exchange/feed-events.ts';
import type { RequestRecord } from '../../simulator/http-room.ts';
import type { MarketOptions } from '../../simulator/played-market.ts';
import { simulate } from '../../simulator/simulation.ts';
import { writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { gapsOf } from '../gap-store.ts';
import { findCandleSeries, listSeries } from '../series-store.ts';
import { candleAt, memoryDatabase, NEW_YEAR_MS, TEST_DELIVERY } from '../testing.ts';
import type { FollowEvent } from './contract.ts';
import { follow } from './follow.ts';
import { type FollowRequest, planFollow } from './plan.ts';

const START_MS = NEW_YEAR_MS + 3 * DAY_MS;

function marketOf(coins: readonly string[], delisted: readonly string[] = []): MarketOptions {
  return {
    coins: coins.map((coin) => ({
      instrument: instrumentOf(coin, delisted.includes(coin)),
      candles: madeCandles(coin, '1m', NEW_YEAR_MS, 6 * 1440),
      funding: madeFunding(NEW_YEAR_MS, 6 * 24),
    })),
  };
}

/** A stream that says what the test says. */
class SpokenFeed implements MarketFeed {
  #onEvent: (event: FeedEvent) => void = () => {};

  run(_request: unknown, onEvent: (event: FeedEvent) => void, signal: AbortSignal): Promise<void> {
    this.#onEvent = onEvent;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  say(event: FeedEvent): void {
    this.#onEvent(event);
  }
}

class Run {
  readonly events: FollowEvent[] = [];
  readonly feed = new SpokenFeed();
  readonly db: MarketDatabase = memoryDatabase();
  readonly #stage: Stage;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  start(request: Partial<FollowRequest> = {}): void {
    const plan = planFollow({ coins: ['BTC'], traded: ['BTC'], intervals: ['1m'], weightPerMinute: 600, ...request });
    this.#running = follow(this.db, { exchange: this.#stage.info, feed: this.feed }, plan, {
      timer: this.#stage.clock,
      signal: this.#stop.signal,
      onEvent: (event) => this.events.push(event),
    });
  }

  /** Lets time pass. */
  async until(timeMs: number): Promise<void> {
    await simulate({ clock: this.#stage.clock, exchange: this.#stage.exchange, untilMs: timeMs });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  of<Kind extends FollowEvent['kind']>(kind: Kind): Extract<FollowEvent, { kind: Kind }>[] {
    return this.events.filter((event) => event.kind === kind) as Extract<FollowEvent, { kind: Kind }>[];
  }
}

async function stageAndRun(market: MarketOptions): Promise<{ stage: Stage; run: Run }> {
  const stage = await setStage(START_MS + 30 * SECOND_MS, market);
  // What is loaded when it is first needed takes time that the simulation knows nothing of.
  await stage.info.clockSkew();
  return { stage, run: new Run(stage) };
}

/** How long each close of that time waited until it was asked for. */
function waitsOf(stage: Stage, coin: string, interval: Interval, fromMs: number, toMs: number): number[] {
  const asked = stage.exchange.requests
    .filter(({ type, request }) => {
      const { req } = request as { req?: { coin: string; interval: string } };
      return type === 'candleSnapshot' && req?.coin === coin && req.interval === interval;
    })
    .map(({ atMs }) => atMs);
  const stepMs = intervalMs(interval);
  const closes = Array.from({ length: (toMs - fromMs) / stepMs }, (_, i) => fromMs + i * stepMs);
  return closes.map((closeMs) => (asked.find((atMs) => atMs >= closeMs) ?? Number.POSITIVE_INFINITY) - closeMs);
}

function heaviestMinute(requests: readonly RequestRecord[]): number {
  const until = (endMs: number): number =>
    requests
      .filter(({ atMs }) => atMs > endMs - MINUTE_MS && atMs <= endMs)
      .reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(...requests.map(({ atMs }) => until(atMs)));
}

describe('following', () => {
  test('a close is asked for two seconds after it, or one where the stream says that it is over', async () => {
    const { run } = await stageAndRun(marketOf(['BTC']));
    run.start();
    await run.until(START_MS + MINUTE_MS + 200);
    await run.until(START_MS + 2 * MINUTE_MS + 100);
    run.feed.say({ kind: 'candle', coin: 'BTC', interval: '1m', openTimeMs: (START_MS + 2 * MINUTE_MS) as never });
    await run.until(START_MS + 3 * MINUTE_MS);
    const delays = run.of('stored').filter(({ what, upToMs }) => what === '1m' && upToMs > START_MS);
    expect(delays.map(({ upToMs, delayMs }) => [(upToMs - START_MS) / MINUTE_MS, delayMs])).toEqual([
      [1, 2_000],
      [2, 1_000],
    ]);
    await run.stop();
    expect(run.events.at(-1)).toEqual({ kind: 'stopped' });
  });

  test('goes by the time of the exchange, and says how far off this machine is', async () => {
    const { stage, run } = await stageAndRun(marketOf(['BTC']));
    stage.exchange.clockSkewMs = 7_000;
    run.start();
    await run.until(START_MS + 3 * MINUTE_MS);
    expect(run.of('skew')).toEqual([{ kind: 'skew', skewMs: 7_000 }]);
    const delays = run.of('stored').filter(({ what, upToMs }) => what === '1m' && upToMs > START_MS);
    expect(delays.map(({ delayMs }) => delayMs)).toEqual([2_000, 2_000, 2_000]);
    await run.stop();
  });

  test('a stretch that was missed is fetched in one call', async () => {
    const { run, stage } = await stageAndRun(marketOf(['BTC']));
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;
    writeCandles(
      run.db,
      key,
      stage.market.finalCandles('BTC', '1m', START_MS - 10 * HOUR_MS, START_MS - 9 * HOUR_MS),
      TEST_DELIVERY,
    );
    run.start();
    await run.until(START_MS + 2 * MINUTE_MS);
    const [span] = listSeries(run.db).filter(({ kind }) => kind === 'trade');
    const rows = run.db.prepare('SELECT count(*) FROM candles').pluck().get();
    expect([span?.firstOpenMs, rows]).toEqual([START_MS - 10 * HOUR_MS, 10 * 60 + 1]);
    expect(run.db.prepare('SELECT count(*) FROM gaps').pluck().get()).toBe(0);
    await run.stop();
  });

  test('what changed, or came late, shortly before a pause is found after it', async () => {
    const { run, stage } = await stageAndRun(marketOf(['BTC']));
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;
    const stopMs = START_MS - 10 * HOUR_MS;
    const seen = stage.market.finalCandles('BTC', '1m', stopMs - HOUR_MS, stopMs);
    const stale = seen.map((candle, i) => (i === 10 ? { ...candle, volume: 1 } : candle)).filter((_, i) => i !== 20);
    writeCandles(run.db, key, stale, TEST_DELIVERY);
    run.start();
    await run.until(START_MS + 2 * MINUTE_MS);
    expect(run.of('stored').find(({ what }) => what === '1m')).toMatchObject({ revised: 1 });
    expect(gapsOf(run.db, findCandleSeries(run.db, key))).toEqual([]);
    await run.stop();
  });

  test('of a stretch that is longer than what the exchange serves, the rest is a gap', async () => {
    const { run } = await stageAndRun(marketOf(['BTC']));
    const key = { source: 'hyperliquid', coin: 'BTC', interval: '1m', kind: 'trade' } as const;
    writeCandles(run.db, key, [candleAt(-2 * 1440, 100, MINUTE_MS)], TEST_DELIVERY);
    run.start();
    await run.until(START_MS + 2 * MINUTE_MS);
    const gap = { fromMs: NEW_YEAR_MS - 2 * DAY_MS + MINUTE_MS, toMs: NEW_YEAR_MS, reason: 'not-served' };
    expect(gapsOf(run.db, findCandleSeries(run.db, key))).toEqual([expect.objectContaining(gap)]);
    await run.stop();
  });

  test("one coin's trouble is not another's, and pauses grow until it is over", async () => {
    const { stage, run } = await stageAndRun(marketOf(['BTC', 'ETH']));
    const honest = stage.info.candlePages.bind(stage.info);
    let isBroken = true;
    stage.info.candlePages = (coin, ...rest) => {
      if (coin === 'BTC' && isBroken) throw new Error('broken');
      return honest(coin, ...rest);
    };
    run.start({ coins: ['BTC', 'ETH'], traded: ['BTC', 'ETH'] });
    await run.until(START_MS + 5 * MINUTE_MS);
    expect(new Set(run.of('failed').map(({ coin }) => coin))).toEqual(new Set(['BTC']));
    expect(
      run
        .of('failed')
        .slice(0, 4)
        .map(({ againInMs }) => againInMs),
    ).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(run.of('stored').filter(({ coin, what }) => coin === 'ETH' && what === '1m')).toHaveLength(5);
    isBroken = false;
    run.feed.say({ kind: 'connected' });
    await run.until(START_MS + 5 * MINUTE_MS + SECOND_MS);
    expect(run.of('recovered').map(({ coin }) => coin)).toEqual(['BTC']);
    await run.stop();
  });

  test('a coin that is delisted is dropped, and the others go on', async () => {
    const { stage, run } = await stageAndRun(marketOf(['BTC', 'ETH']));
    const honest = stage.info.instruments.bind(stage.info);
    run.start({ coins: ['BTC', 'ETH'], traded: [], intervals: ['1h'] });
    await run.until(START_MS + 2 * MINUTE_MS);
    stage.info.instruments = async (options) =>
      (await honest(options)).map((each) => ({ ...each, isDelisted: each.coin === 'ETH' }));
    await run.until(START_MS + DAY_MS + 90 * MINUTE_MS);
    expect(run.of('delisted')).toEqual([{ kind: 'delisted', coin: 'ETH' }]);
    const lastOf = (name: string): number =>
      run
        .of('stored')
        .filter(({ coin }) => coin === name)
        .at(-1)?.upToMs ?? 0;
    expect([lastOf('ETH'), lastOf('BTC')]).toEqual([START_MS + DAY_MS, START_MS + DAY_MS + HOUR_MS]);
    await run.stop();
  });

  test('a line that never empties keeps the promise of its plan, and the weight', async () => {
    const coins = Array.from({ length: 12 }, (_, i) => `C${i}`);
    const { stage, run } = await stageAndRun(marketOf(coins));
    const request = { coins, traded: ['C0', 'C1'], intervals: ['1m', '5m', '1h'] as const, weightPerMinute: 300 };
    const { batchDelayMs } = planFollow(request);
    run.start(request);
    await run.until(START_MS + 2 * HOUR_MS);
    await run.stop();
    const delays = run
      .of('stored')
      .filter(({ coin, upToMs }) => !request.traded.includes(coin) && upToMs > START_MS + HOUR_MS / 2)
      .map(({ delayMs }) => delayMs);
    expect(Math.max(...delays)).toBeLessThanOrEqual(batchDelayMs);
    const waits = waitsOf(stage, 'C11', '1m', START_MS + HOUR_MS / 2, START_MS + (3 * HOUR_MS) / 2);
    expect(Math.max(...waits)).toBeGreaterThan(MINUTE_MS);
    expect(Math.max(...waits)).toBeLessThanOrEqual(batchDelayMs);
    expect(heaviestMinute(stage.exchange.requests)).toBeLessThanOrEqual(300);
  });

  test('an exchange out of reach at the start is waited for', async () => {
    const { stage, run } = await stageAndRun(marketOf(['BTC']));
    stage.exchange.faults.next('web-page', 3, 'meta');
    run.start();
    await run.until(START_MS + 2 * MINUTE_MS);
    expect(run.of('trouble').map(({ what }) => what)).toEqual(['instruments', 'instruments', 'instruments']);
    expect(run.of('stored').some(({ what }) => what === '1m')).toBe(true);
    await run.stop();
  });
});
