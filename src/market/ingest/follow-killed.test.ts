import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { spawnExchange } from '../../../test/exchange-process.ts';
import type { IngestTask } from '../../../test/ingest-program.ts';
import { movedCoin, type WalkedCoin, walkedCoin } from '../../../test/simulated-exchange.ts';
import { systemClock } from '../../domain/clock.ts';
import { Prng } from '../../domain/prng.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../../domain/time.ts';
import { PlayedMarket } from '../../simulator/played-market.ts';
import { ScaledClock } from '../../simulator/scaled-clock.ts';
import { integrityProblems, type MarketDatabase, openDatabase } from '../database.ts';
import { fundingHour, loadFunding } from '../funding-store.ts';
import { gapsOf } from '../gap-store.ts';
import { revisionsOf } from '../revision-store.ts';
import { listSeries, type SeriesSpan } from '../series-store.ts';
import { NEW_YEAR_MS, temporaryFolder } from '../testing.ts';

const KILLS = 24;
/** An hour in twelve seconds. */
const SPEED = 300;
/** Some kills come while the program loads, some in the middle of its work. */
const LONGEST_LIFE_MS = 1_600;
const COINS = ['BTC', 'ETH'];
const INTERVALS: readonly Interval[] = ['1m', '5m', '1h'];
const WALKED: WalkedCoin & { readonly coins: readonly string[] } = {
  coins: COINS,
  startMs: NEW_YEAR_MS,
  days: 12,
  seed: 3,
  emptyShare: 0.05,
};

function startIngester(task: IngestTask) {
  const program = fileURLToPath(new URL('../../../test/ingest-program.ts', import.meta.url));
  return spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['pipe', 'ignore', 'inherit'] });
}

/** Where the series reaches that is furthest behind; nowhere while there is one missing. */
function reachOf(path: string): number {
  const db = openDatabase(path, { readonly: true });
  try {
    const series = listSeries(db).filter(({ kind }) => kind !== 'mark');
    if (series.length < COINS.length * (INTERVALS.length + 1)) return Number.NEGATIVE_INFINITY;
    return Math.min(
      ...series.map(({ kind, interval, lastOpenMs }) => lastOpenMs + (kind === 'trade' ? intervalMs(interval) : 0)),
    );
  } finally {
    db.close();
  }
}

function opensOf(db: MarketDatabase, { id }: SeriesSpan): number[] {
  return db.prepare('SELECT t FROM candles WHERE series = ? ORDER BY t').pluck().all(id) as number[];
}

test('an ingester that is killed again and again loses nothing and doubles nothing', { timeout: 240_000 }, async () => {
  const exchange = await spawnExchange({
    walked: WALKED,
    // Moved by whole hours, so that funding stays on them.
    playFromMs: NEW_YEAR_MS + 4 * DAY_MS + (systemClock.nowMs() % HOUR_MS),
    speed: SPEED,
    contextEveryMs: 15_000,
  });
  onTestFinished(() => exchange.stop());
  const database = join(temporaryFolder(), 'candor.sqlite');
  const clock = new ScaledClock(exchange.scale);
  const task: IngestTask = {
    database,
    apiUrl: exchange.url,
    scale: exchange.scale,
    plan: { coins: COINS, traded: ['BTC'], intervals: INTERVALS, weightPerMinute: 600 },
  };
  const prng = new Prng(7);
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startIngester(task);
    const exited = once(child, 'exit');
    await pause(prng.below(LONGEST_LIFE_MS));
    child.kill('SIGKILL');
    expect(await exited).toEqual([null, 'SIGKILL']);
    const db = openDatabase(database);
    expect(integrityProblems(db)).toEqual([]);
    db.close();
  }
  const last = startIngester(task);
  const exited = once(last, 'exit');
  const wantedMs = Math.ceil(clock.nowMs() / HOUR_MS) * HOUR_MS;
  while (reachOf(database) < wantedMs) await pause(100);
  // What is late, because nobody traded, is found by the calls of the next minutes.
  await clock.sleep(10 * MINUTE_MS);
  last.stdin.end();
  expect(await exited).toEqual([0, null]);

  const db = openDatabase(database);
  onTestFinished(() => void db.close());
  const source = new PlayedMarket({
    coins: COINS.map((coin) => movedCoin(walkedCoin(coin, WALKED), exchange.movedByMs)),
  });
  for (const series of listSeries(db)) {
    if (series.kind === 'funding') {
      const hours = source
        .settlements(series.coin, series.firstOpenMs, wantedMs + MINUTE_MS)
        .map(({ timeMs }) => fundingHour(timeMs));
      expect([...loadFunding(db, series.coin).timesMs].filter((hour) => hour <= wantedMs)).toEqual(hours);
    } else if (series.kind === 'trade') {
      const opens = source
        .finalCandles(series.coin, series.interval, series.firstOpenMs, wantedMs)
        .map(({ openTimeMs }) => openTimeMs);
      const whole = opens.filter((openMs) => openMs + intervalMs(series.interval) <= wantedMs);
      expect(opensOf(db, series).filter((openMs) => openMs + intervalMs(series.interval) <= wantedMs)).toEqual(whole);
      expect(revisionsOf(db, series)).toEqual([]);
    } else {
      expect(gapsOf(db, series).every(({ reason }) => reason === 'not-served')).toBe(true);
    }
  }
});
