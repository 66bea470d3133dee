import type { Timer } from '../../domain/clock.ts';
import { didYouMean, UsageError } from '../../domain/errors.ts';
import type { Instrument } from '../../domain/instrument.ts';
import { DAY_MS, HOUR_MS, intervalMs, MINUTE_MS } from '../../domain/time.ts';
import { type Delivery, writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { fundingHour, writeFunding } from '../funding-store.ts';
import { type GapReason, holesBetween, recordGaps } from '../gap-store.ts';
import { writeInstruments } from '../instrument-store.ts';
import type { SeriesKey } from '../series-store.ts';
import { storedBefore } from '../stored-before.ts';
import {
  type BackfilledSeries,
  type BackfillReport,
  type BackfillRequest,
  INGEST_ORIGIN,
  type IngestExchange,
  seriesOf,
} from './contract.ts';
import { explainHoles, SETTLING_MS } from './explain.ts';
import { Listings } from './listings.ts';
import { isEightHourly, type MissingStretch, missingStretches, rowsOf, type Stretch, wholeStretch } from './missing.ts';
import { noticesOf } from './notices.ts';
import { CALL_CANDLES } from './plan.ts';
import type { CallSubject } from './schedule.ts';

/**
 * The exchange serves this many candles of an interval, the forming one among them; one is left to what closes while
 * we ask.
 */
const CANDLES_SERVED = 5_000 - 2;

/**
 * Fetches what is missing of a stretch of time: candles, funding and instruments. Each page is stored in a transaction
 * of its own as it comes, the newest first, so a run that is killed loses the page in flight and the next one goes on
 * where it was. What the exchange does not have becomes a row in the table of gaps, and is not asked for again.
 *
 * @throws UsageError for a coin that the exchange does not know, with the nearest names, before anything is written
 * @throws ExchangeUnreachableError, DataError, the signal's reason; what was stored before that stays
 */
export async function backfill(
  db: MarketDatabase,
  exchange: IngestExchange,
  request: BackfillRequest,
): Promise<BackfillReport> {
  const { coins, intervals, fromMs, timer, signal, onNotice } = request;
  const instruments = await exchange.instruments({ signal });
  const wanted = coins.map((coin) => instrumentOf(coin, instruments));
  writeInstruments(db, instruments);
  const listings = new Listings(exchange, signal);
  const stretches = new Map<string, Stretch>();
  for (const { coin, isDelisted } of wanted) {
    const toMs = request.toMs ?? timer.nowMs();
    const endMs = isDelisted ? Math.min(toMs, (await listings.endMs(coin)) ?? toMs) : toMs;
    stretches.set(coin, { fromMs, toMs: endMs });
  }
  // Funding first: who looks for what is missing looks for candles, and where they are their funding must be too.
  const subjects: CallSubject[] = [
    ...coins.map((coin) => ({ coin, what: 'funding' as const })),
    ...coins.flatMap((coin) => intervals.map((what) => ({ coin, what }))),
  ];
  const tasks = subjects.map((subject) => {
    const stretch = stretches.get(subject.coin) as Stretch;
    const key = seriesOf(subject);
    return new Task(
      subject,
      request.again === true ? again(db, key, stretch, timer) : missingStretches(db, key, stretch),
    );
  });
  const run = new Backfill(db, exchange, request, listings, tasks);
  const series: BackfilledSeries[] = [];
  for (const task of tasks) series.push(await run.fill(task));
  explainHoles(db, fromMs, timer.nowMs() - SETTLING_MS);
  for (const notice of noticesOf(db, wanted, subjects, fromMs)) onNotice?.(notice);
  return { series };
}

function instrumentOf(coin: string, instruments: readonly Instrument[]): Instrument {
  const found = instruments.find((instrument) => instrument.coin === coin);
  if (found !== undefined) return found;
  const coins = instruments.map((instrument) => instrument.coin);
  throw new UsageError(`the exchange has no perpetual '${coin}'`, { hint: didYouMean(coin, coins) });
}

/** What is to be fetched of one series. */
class Task {
  readonly subject: CallSubject;
  readonly stretches: readonly MissingStretch[];
  readonly rows: number;
  added = 0;
  revised = 0;

  constructor(subject: CallSubject, stretches: readonly MissingStretch[]) {
    const key = seriesOf(subject);
    this.subject = subject;
    this.stretches = stretches;
    this.rows = this.stretches.reduce((sum, each) => sum + rowsOf(key, each), 0);
  }
}

/** As much of a stretch as is served still, whether it is stored or not; what is older cannot be asked for again. */
function again(db: MarketDatabase, key: SeriesKey, stretch: Stretch, timer: Timer): MissingStretch[] {
  const servedMs = key.kind === 'funding' ? 0 : timer.nowMs() - CANDLES_SERVED * intervalMs(key.interval);
  return wholeStretch(db, key, { fromMs: Math.max(stretch.fromMs, servedMs), toMs: stretch.toMs });
}

class Backfill {
  readonly #db: MarketDatabase;
  readonly #exchange: IngestExchange;
  readonly #request: BackfillRequest;
  readonly #listings: Listings;
  readonly #delivery: Delivery;
  readonly #total: number;
  #done = 0;

  constructor(
    db: MarketDatabase,
    exchange: IngestExchange,
    request: BackfillRequest,
    listings: Listings,
    tasks: readonly Task[],
  ) {
    this.#db = db;
    this.#exchange = exchange;
    this.#request = request;
    this.#listings = listings;
    this.#delivery = { origin: INGEST_ORIGIN, clock: request.timer };
    this.#total = tasks.reduce((sum, { rows }) => sum + rows, 0);
  }

  async fill(task: Task): Promise<BackfilledSeries> {
    for (const stretch of task.stretches) {
      const isFunding = task.subject.what === 'funding';
      const rest = isFunding ? await this.#funding(task, stretch) : await this.#candles(task, stretch);
      this.#progress(task, rest);
    }
    const { subject, added, revised } = task;
    return { ...subject, added, revised };
  }

  #progress({ subject }: Task, { fromMs, toMs }: Stretch): void {
    this.#done += rowsOf(seriesOf(subject), { fromMs, toMs });
    this.#request.onProgress?.({ ...subject, done: this.#done, total: this.#total, fromMs, toMs });
  }

  /** @returns what the exchange does not serve */
  async #candles(task: Task, stretch: MissingStretch): Promise<Stretch> {
    const { coin, what } = task.subject;
    if (what === 'funding') throw new RangeError('funding is no candle');
    const key = { ...seriesOf(task.subject), kind: 'trade' } as const;
    const { signal } = this.#request;
    let downToMs = stretch.toMs;
    // What was stored last may have changed since, or lack a candle that came late.
    const isRest = stretch.isAfterRow && !stretch.isBeforeRow && this.#request.again !== true;
    const againMs = isRest ? CALL_CANDLES * intervalMs(what) : 0;
    const fromMs = Math.min(stretch.fromMs, Math.max(stretch.fromMs - againMs, this.#request.fromMs));
    const before = storedBefore(this.#db, key, fromMs, stretch.toMs);
    const pages = this.#exchange.candlePages(coin, what, fromMs, stretch.toMs, { signal });
    for await (const { candles } of pages) {
      const first = candles[0];
      const last = candles.at(-1);
      // An answer without candles: the exchange has none so old. The newest one of all may only be late.
      if (first === undefined || last === undefined) break;
      const { added, revised } = writeCandles(this.#db, key, candles, { ...this.#delivery, before });
      task.added += added;
      task.revised += revised;
      const hole = { fromMs: last.openTimeMs + intervalMs(what), toMs: downToMs };
      const isInside = downToMs < stretch.toMs || stretch.isBeforeRow;
      if (isInside && hole.fromMs < hole.toMs) this.#claim(task, hole, 'unknown');
      const newMs = Math.max(first.openTimeMs, stretch.fromMs);
      this.#progress(task, { fromMs: newMs, toMs: downToMs });
      downToMs = newMs;
    }
    await this.#explainUnserved(task, stretch, downToMs);
    return { fromMs: stretch.fromMs, toMs: downToMs };
  }

  /** What the exchange has no candles for, from the start of the stretch on. */
  async #explainUnserved(task: Task, stretch: MissingStretch, endMs: number): Promise<void> {
    const { fromMs } = stretch;
    if (endMs === fromMs) return;
    const isAnythingServed = endMs < stretch.toMs || stretch.isBeforeRow;
    const stepMs = intervalMs(seriesOf(task.subject).interval);
    const servedMs = this.#request.timer.nowMs() - CANDLES_SERVED * stepMs;
    const horizonMs = Math.min(endMs, Math.max(fromMs, Math.ceil(servedMs / stepMs) * stepMs));
    if (stretch.isAfterRow) {
      this.#claim(task, { fromMs, toMs: horizonMs }, 'not-served');
      if (isAnythingServed) this.#claim(task, { fromMs: horizonMs, toMs: endMs }, 'unknown');
      return;
    }
    const listedMs = await this.#listings.firstMs(task.subject.coin);
    if (listedMs === undefined) return;
    // Known to the hour, or of old ones to the day.
    const listingEndMs = listedMs + (listedMs % DAY_MS === 0 ? DAY_MS : HOUR_MS);
    const boundaryMs = isAnythingServed && endMs <= listingEndMs ? endMs : Math.floor(listedMs / stepMs) * stepMs;
    const splitMs = Math.min(endMs, Math.max(fromMs, boundaryMs));
    this.#claim(task, { fromMs, toMs: splitMs }, 'before-listing');
    this.#claim(task, { fromMs: splitMs, toMs: isAnythingServed ? endMs : horizonMs }, 'not-served');
  }

  /** @returns what was not settled, or not yet */
  async #funding(task: Task, stretch: MissingStretch): Promise<Stretch> {
    const { coin } = task.subject;
    const { signal } = this.#request;
    let upToMs = stretch.fromMs;
    let isAfterRow = stretch.isAfterRow;
    // A settlement is stamped some milliseconds after its hour.
    const lastMs = stretch.toMs - HOUR_MS / 2;
    const key = seriesOf(task.subject);
    const before = storedBefore(this.#db, key, stretch.fromMs, stretch.toMs);
    for await (const page of this.#exchange.fundingPages(coin, stretch.fromMs - MINUTE_MS, lastMs, { signal })) {
      const { added, revised } = writeFunding(this.#db, key, page, { ...this.#delivery, before });
      task.added += added;
      task.revised += revised;
      const hours = page.map(({ timeMs }) => fundingHour(timeMs)).filter((hour) => hour >= stretch.fromMs);
      for (const hole of holesBetween([upToMs - HOUR_MS, ...hours], HOUR_MS)) {
        if (hole.fromMs === upToMs && !isAfterRow) this.#claim(task, hole, 'before-listing');
        else if (!isEightHourly(key, hole)) this.#claim(task, hole, 'unknown');
      }
      const pageEndMs = (hours.at(-1) ?? upToMs - HOUR_MS) + HOUR_MS;
      this.#progress(task, { fromMs: upToMs, toMs: pageEndMs });
      upToMs = pageEndMs;
      isAfterRow = true;
    }
    const rest = { fromMs: upToMs, toMs: stretch.toMs };
    if (stretch.isBeforeRow && isAfterRow && !isEightHourly(key, rest)) {
      this.#claim(task, rest, 'unknown');
    }
    return rest;
  }

  #claim({ subject }: Task, { fromMs, toMs }: Stretch, reason: GapReason): void {
    if (fromMs >= toMs) return;
    recordGaps(this.#db, seriesOf(subject), [{ fromMs, toMs, reason, origin: INGEST_ORIGIN }]);
  }
}
