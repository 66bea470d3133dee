import { beforeAll, expect, test } from 'vitest';
import { markOracle, RecordingFeed, seenCandles } from '../../../test/ingest-oracle.ts';
import { instrumentOf, setStage } from '../../../test/ingest-stage.ts';
import { describeWithSharedData, sharedData } from '../../../test/shared-data.ts';
import { type CandleColumns, type ClosedCandle, rowAt } from '../../domain/candle.ts';
import { Prng } from '../../domain/prng.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs, MINUTE_MS, parseTime, SECOND_MS } from '../../domain/time.ts';
import { epochMs } from '../../domain/units.ts';
import { HyperliquidFeed } from '../../exchange/feed.ts';
import type { Revision } from '../../simulator/coin-tape.ts';
import { HTTP_FAULTS, MESSAGE_FAULTS, SOCKET_FAULTS } from '../../simulator/faults.ts';
import { type Halt, type PlayedSettlement, withoutTrades } from '../../simulator/played-market.ts';
import { simulate } from '../../simulator/simulation.ts';
import { loadCandles } from '../candle-store.ts';
import { type MarketDatabase, openDatabase } from '../database.ts';
import { fundingHour, loadFunding } from '../funding-store.ts';
import { gapsOf, holesBetween } from '../gap-store.ts';
import { importFile } from '../import.ts';
import { revisionsOf } from '../revision-store.ts';
import { findCandleSeries } from '../series-store.ts';
import { memoryDatabase } from '../testing.ts';
import type { FollowEvent } from './contract.ts';
import { follow } from './follow.ts';
import { planFollow } from './plan.ts';

/** More of either: CANDOR_SIMULATED_SEEDS=20, CANDOR_SIMULATED_DAYS=3. */
const SEEDS = Number(process.env['CANDOR_SIMULATED_SEEDS'] ?? 1);
const FIRST_SEED = Number(process.env['CANDOR_SIMULATED_SEED'] ?? 1);
const DAYS = Number(process.env['CANDOR_SIMULATED_DAYS'] ?? 2);

const COINS = ['BTC', 'ETH'] as const;
const INTERVALS: readonly Interval[] = ['1m', '5m', '1h'];
const START_MS = parseTime('2025-07-22T06:00');
const END_MS = START_MS + DAYS * DAY_MS;
/** What closed in the last minutes may still be on its way. */
const CHECKED_MS = END_MS - 30 * MINUTE_MS;
/** Little, so that the line of calls is a slow one. */
const WEIGHT = 120;
const CONTEXT_EVERY_MS = 15 * SECOND_MS;

/** A market that is made difficult, the same one for the same seed. */
class World {
  readonly prng: Prng;
  readonly halts: readonly Halt[];
  readonly candles: readonly CandleColumns[];

  constructor(seed: number, played: readonly CandleColumns[]) {
    this.prng = new Prng(seed).fork('world');
    const haltMs = START_MS + this.#minutes(3 * 60, 9 * 60);
    const longHaltMs = START_MS + this.#minutes(12 * 60, 18 * 60);
    this.halts = [
      { fromMs: haltMs, toMs: haltMs + this.#minutes(1, 60) },
      { fromMs: longHaltMs, toMs: longHaltMs + this.#minutes(125, 190) },
    ];
    this.candles = played.map((columns) => withoutTrades(columns, this.#silentMinutes()));
  }

  #minutes(least: number, most: number): number {
    return (least + this.prng.below(most - least)) * MINUTE_MS;
  }

  /** Single minutes and short runs of them. */
  #silentMinutes(): number[] {
    return Array.from({ length: 25 }, () => START_MS + this.#minutes(0, DAYS * 1440)).flatMap((firstMs) =>
      Array.from({ length: 1 + this.prng.below(4) }, (_, i) => firstMs + i * MINUTE_MS),
    );
  }

  /** Minutes that close with another high, low, close or volume than they will have. */
  revisions(columns: CandleColumns): Revision[] {
    return Array.from({ length: 40 }, () => {
      const openTimeMs = START_MS + this.#minutes(0, DAYS * 1440 - 180);
      const row = rowAt(columns, openTimeMs);
      const price = columns.close[row] as number;
      const first = [
        { volume: (columns.volume[row] as number) / 2 },
        { high: (columns.high[row] as number) * 1.001 },
        { close: price, low: (columns.low[row] as number) * 0.999 },
      ][this.prng.below(3)] as Revision['first'];
      const afterMs = SECOND_MS + this.prng.below(40 * MINUTE_MS);
      return { interval: '1m', openTimeMs, afterMs, first };
    });
  }
}

/** Every fault that there is. */
function faultsOf(seed: number) {
  return {
    seed,
    chances: {
      busy: 0.002,
      failure: 0.005,
      'web-page': 0.002,
      'wrong-shape': 0.005,
      truncated: 0.005,
      slow: 0.005,
      reset: 0.005,
      duplicated: 0.02,
      late: 0.01,
      'out-of-order': 0.02,
    },
    everyMs: { dropped: 2 * HOUR_MS, silent: 5 * HOUR_MS },
  };
}

/** A run from beginning to end. */
async function runOf(seed: number, played: readonly CandleColumns[], funding: ReadonlyMap<string, PlayedSettlement[]>) {
  const world = new World(seed, played);
  const stage = await setStage(
    START_MS,
    {
      coins: world.candles.map((candles) => ({
        instrument: instrumentOf(candles.coin),
        candles,
        funding: funding.get(candles.coin) ?? [],
        revisions: world.revisions(candles),
      })),
      halts: world.halts,
      contextEveryMs: CONTEXT_EVERY_MS,
      emptyRows: seed % 2 === 0 ? 'with-next-trade' : { afterMs: 45 * SECOND_MS },
    },
    { faults: faultsOf(seed) },
  );
  const skewMs = world.prng.below(8_000) - 4_000;
  stage.exchange.clockSkewMs = skewMs;
  const { clock, exchange, info } = stage;
  const nowMs = (): number => clock.nowMs() + skewMs;
  const feed = new RecordingFeed(new HyperliquidFeed({ apiUrl: exchange.url, timer: clock }), nowMs);
  const db = memoryDatabase();
  const plan = planFollow({ coins: COINS, traded: ['BTC'], intervals: INTERVALS, weightPerMinute: WEIGHT });
  const events: FollowEvent[] = [];
  const stop = new AbortController();
  const running = follow(db, { exchange: info, feed }, plan, {
    timer: clock,
    signal: stop.signal,
    onEvent: (event) => events.push(event),
  });
  await simulate({ clock, exchange, untilMs: END_MS });
  stop.abort();
  await running;
  return { world, stage, feed, db, events };
}

/** Rows as arrays: time, open, high, low, close, volume, trades. */
function stored(db: MarketDatabase, coin: string, interval: Interval, kind: 'trade' | 'mark' = 'trade'): number[][] {
  const { id } = findCandleSeries(db, { coin, interval, kind });
  return db.prepare('SELECT t, o, h, l, c, v, n FROM candles WHERE series = ? ORDER BY t').raw().all(id) as number[][];
}

function rowOf({ openTimeMs, open, high, low, close, volume, trades }: ClosedCandle): number[] {
  return [openTimeMs, open, high, low, close, volume, trades as number];
}

type Run = Awaited<ReturnType<typeof runOf>>;

function checkCandles({ stage, db }: Run, coin: string, interval: Interval): void {
  const rows = stored(db, coin, interval).filter(([t]) => (t as number) + intervalMs(interval) <= CHECKED_MS);
  const firstMs = rows[0]?.[0] as number;
  expect(firstMs).toBeLessThan(START_MS - 50 * MINUTE_MS);
  expect(rows).toEqual(
    stage.market
      .finalCandles(coin, interval, firstMs, CHECKED_MS)
      .map(rowOf)
      .filter(([t]) => (t as number) + intervalMs(interval) <= CHECKED_MS),
  );
}

function checkLedger({ stage, db }: Run, coin: string, interval: Interval): void {
  const expected = [...seenCandles(stage, coin, interval)].flatMap(([openMs, versions]) =>
    versions.slice(1).map((after, i) => [openMs, versions[i], after]),
  );
  const ledger = revisionsOf(db, findCandleSeries(db, { coin, interval }));
  if (interval === '1m') expect(ledger.length).toBeGreaterThan(10 * DAYS);
  expect(ledger.map(({ timeMs, before, after }) => [timeMs, before, after])).toEqual(
    expected.sort(([a], [b]) => (a as number) - (b as number)),
  );
}

/** Whatever is missing between candles, and nothing else, is a stop of the venue. */
function checkGaps({ stage, db }: Run, coin: string, interval: Interval): void {
  const stepMs = intervalMs(interval);
  const series = findCandleSeries(db, { coin, interval });
  const opens = stage.market
    .finalCandles(coin, interval, series.firstOpenMs, CHECKED_MS)
    .map((each) => each.openTimeMs);
  const holes = holesBetween(opens, stepMs);
  expect(holes.length).toBeGreaterThan(0);
  const gaps = gapsOf(db, series).filter(({ toMs }) => toMs <= CHECKED_MS);
  expect(gaps.map(({ fromMs, toMs, reason, missing }) => ({ fromMs, toMs, reason, missing }))).toEqual(
    holes.map((hole) => ({ ...hole, reason: 'venue-stop' })),
  );
}

function checkMarks({ feed, db }: Run, coin: string, interval: Interval): void {
  const expected = markOracle(feed.told, coin, interval);
  expect(expected.length).toBeGreaterThan(0);
  expect(stored(db, coin, interval, 'mark')).toEqual(expected.map(rowOf));
  const holes = holesBetween(
    expected.map(({ openTimeMs }) => openTimeMs),
    intervalMs(interval),
  );
  const gaps = gapsOf(db, findCandleSeries(db, { coin, interval, kind: 'mark' }));
  expect(gaps.map(({ fromMs, toMs, missing }) => ({ fromMs, toMs, missing }))).toEqual(holes);
  expect(gaps.every(({ reason }) => reason === 'not-served')).toBe(true);
}

function checkFunding({ db }: Run, coin: string, funding: readonly PlayedSettlement[]): void {
  const { timesMs, rates } = loadFunding(db, coin);
  const source = funding.filter(({ timeMs }) => timeMs >= START_MS - 11 * HOUR_MS && timeMs < CHECKED_MS);
  const known = [...timesMs].map((timeMs, i) => ({ hour: timeMs, rate: rates[i] }));
  const checked = known.filter(({ hour }) => hour >= START_MS - 11 * HOUR_MS && hour < CHECKED_MS);
  expect(checked).toEqual(source.map(({ timeMs, rate }) => ({ hour: fundingHour(timeMs), rate })));
}

function heaviestMinute({ stage }: Run): number {
  const { requests } = stage.exchange;
  return Math.max(
    ...requests.map(({ atMs }) =>
      requests
        .filter((each) => each.atMs > atMs - MINUTE_MS && each.atMs <= atMs && each.status !== 429)
        .reduce((sum, { weight }) => sum + weight, 0),
    ),
  );
}

describeWithSharedData('a follow run of simulated days, with every fault there is,', () => {
  const played: CandleColumns[] = [];
  const funding = new Map<string, PlayedSettlement[]>();

  beforeAll(async () => {
    const files = openDatabase(':memory:');
    for (const coin of COINS) {
      await importFile(files, sharedData(`candles/hyperliquid_${coin}_1m.csv.gz`));
      await importFile(files, sharedData(`funding/hyperliquid_${coin}_funding.csv.gz`));
      played.push(loadCandles(files, { coin, interval: '1m' }));
      const { timesMs, rates } = loadFunding(files, coin);
      funding.set(
        coin,
        [...timesMs].map((timeMs, i) => ({ timeMs: epochMs(timeMs + 42), rate: rates[i] as number })),
      );
    }
    files.close();
    // What is loaded in the middle of a run takes time that the simulation knows nothing of.
    await Promise.all([import('../../exchange/stream-connection.ts'), import('../../exchange/wire.ts')]);
  });

  test.each(Array.from({ length: SEEDS }, (_, i) => FIRST_SEED + i))(
    'ends with what the exchange has (seed %i)',
    async (seed) => {
      const run = await runOf(seed, played, funding);
      for (const coin of COINS) {
        for (const interval of INTERVALS) {
          checkCandles(run, coin, interval);
          checkLedger(run, coin, interval);
          checkGaps(run, coin, interval);
          checkMarks(run, coin, interval);
        }
        checkFunding(run, coin, funding.get(coin) ?? []);
      }
      expect(heaviestMinute(run)).toBeLessThanOrEqual(1_200);
      const { exchange } = run.stage;
      expect(exchange.requests.filter(({ status, fault }) => status === 429 && fault !== 'busy')).toEqual([]);
      for (const kind of HTTP_FAULTS) expect(exchange.faults.count(kind)).toBeGreaterThan(0);
      for (const kind of MESSAGE_FAULTS) expect(exchange.faults.count(kind)).toBeGreaterThan(0);
      for (const kind of SOCKET_FAULTS) expect(exchange.faults.count(kind)).toBeGreaterThan(0);
      // Most seeds spare what is asked beside the plan; some do not.
      const kinds = new Set(run.events.map(({ kind }) => kind).filter((kind) => kind !== 'trouble'));
      expect(kinds).toEqual(
        new Set(['started', 'skew', 'stored', 'absent', 'failed', 'recovered', 'connected', 'lost', 'stopped']),
      );
    },
    600_000,
  );
});
