import { describe, expect, test } from 'vitest';
import { instrumentOf, madeCandles, madeFunding, type Stage, setStage } from '../../../test/ingest-stage.ts';
import type { Timer } from '../../domain/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';
import { epochMs } from '../../domain/units.ts';
import { HyperliquidFeed } from '../../exchange/feed.ts';
import { HyperliquidInfo } from '../../exchange/info.ts';
import { simulate } from '../../simulator/simulation.ts';
import type { MarketDatabase } from '../database.ts';
import { gapsOf } from '../gap-store.ts';
import { findCandleSeries } from '../series-store.ts';
import { memoryDatabase, NEW_YEAR_MS } from '../testing.ts';
import { follow } from './follow.ts';
import { planFollow } from './plan.ts';

const START_MS = NEW_YEAR_MS + 3 * DAY_MS + 30 * SECOND_MS;

/** A machine's clock that somebody can set; who sleeps by it sleeps as long as he meant to. */
class SetClock implements Timer {
  aheadMs = 0;
  readonly #timer: Timer;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  nowMs = (): ReturnType<Timer['nowMs']> => epochMs(this.#timer.nowMs() + this.aheadMs);

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#timer.sleep(ms, signal);
  }
}

class Run {
  readonly db: MarketDatabase = memoryDatabase();
  readonly timer: SetClock;
  readonly #stage: Stage;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.timer = new SetClock(stage.clock);
    const options = { apiUrl: stage.exchange.url, timer: this.timer };
    const followed = { exchange: new HyperliquidInfo(options), feed: new HyperliquidFeed(options) };
    const plan = planFollow({ coins: ['BTC'], traded: ['BTC'], intervals: ['1m'], weightPerMinute: 600 });
    this.#running = follow(this.db, followed, plan, {
      timer: this.timer,
      signal: this.#stop.signal,
    });
  }

  static async begin(): Promise<Run> {
    const candles = madeCandles('BTC', '1m', NEW_YEAR_MS, 6 * 1440);
    const funding = madeFunding(NEW_YEAR_MS, 6 * 24);
    const stage = await setStage(START_MS, { coins: [{ instrument: instrumentOf('BTC'), candles, funding }] });
    // What is loaded when it is first needed takes time that the simulation knows nothing of.
    await Promise.all([stage.info.clockSkew(), import('../../exchange/stream-connection.ts')]);
    return new Run(stage);
  }

  async until(timeMs: number): Promise<void> {
    await simulate({ clock: this.#stage.clock, exchange: this.#stage.exchange, untilMs: timeMs });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Open times of the stored candles, in minutes from the start. */
  minutes(kind: 'trade' | 'mark'): number[] {
    const { id } = findCandleSeries(this.db, { coin: 'BTC', interval: '1m', kind });
    const times = this.db.prepare('SELECT t FROM candles WHERE series = ? ORDER BY t').pluck().all(id) as number[];
    return times.map((t) => (t - Math.floor(START_MS / MINUTE_MS) * MINUTE_MS) / MINUTE_MS);
  }

  heard(kind: 'trade' | 'mark'): number[] {
    return this.minutes(kind).filter((minute) => minute >= 0);
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('following by a clock that is set', () => {
  test.each([
    ['back an hour', -HOUR_MS],
    ['back ten minutes', -10 * MINUTE_MS],
    ['forward an hour', HOUR_MS],
    ['forward a day', DAY_MS],
  ])('%s loses no close, and hears no price at another time', async (_, byMs) => {
    const run = await Run.begin();
    await run.until(START_MS + 10 * MINUTE_MS);
    run.timer.aheadMs = byMs;
    await run.until(START_MS + 20 * MINUTE_MS);
    expect(run.heard('trade')).toEqual(numbers(0, 20));
    const marks = run.minutes('mark');
    expect(marks.filter((minute) => minute < 1 || minute > 19)).toEqual([]);
    expect(marks.filter((minute) => minute !== 10 && minute !== 11)).toEqual([...numbers(1, 10), ...numbers(12, 20)]);
    await run.stop();
  });
});

test('a close that only a wrong clock has seen is not waited for', async () => {
  const run = await Run.begin();
  await run.until(START_MS + 10 * MINUTE_MS + 31 * SECOND_MS);
  run.timer.aheadMs = 5 * DAY_MS;
  await run.until(START_MS + 20 * MINUTE_MS);
  expect(run.heard('trade')).toEqual(numbers(0, 20));
  await run.stop();
});

describe('following into a database that cannot be written to for a while', () => {
  test('loses no mark price', async () => {
    const run = await Run.begin();
    await run.until(START_MS + 5 * MINUTE_MS);
    const { exec } = run.db;
    run.db.exec = (sql: string) => {
      if (sql === 'BEGIN IMMEDIATE') throw new Error('locked');
      return exec.call(run.db, sql);
    };
    await run.until(START_MS + 10 * MINUTE_MS);
    run.db.exec = exec;
    await run.until(START_MS + 15 * MINUTE_MS);
    expect(run.heard('trade')).toEqual(numbers(0, 15));
    expect(run.heard('mark')).toEqual(numbers(1, 15));
    expect(gapsOf(run.db, findCandleSeries(run.db, { coin: 'BTC', interval: '1m', kind: 'mark' }))).toEqual([]);
    await run.stop();
  });
});
