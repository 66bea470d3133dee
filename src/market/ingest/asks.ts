import type { Clock } from '../../domain/clock.ts';
import { HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../../domain/time.ts';
import { candleRequestWeight, fundingRequestWeight } from '../../exchange/info.ts';
import type { RequestBudget, RequestKind } from '../../exchange/limiter.ts';
import { type Delivery, writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { fundingHour, writeFunding } from '../funding-store.ts';
import { type GapReason, holesBetween, recordGaps } from '../gap-store.ts';
import { storedRows } from '../series-store.ts';
import { storedBefore } from '../stored-before.ts';
import { INGEST_ORIGIN, type IngestExchange, seriesOf } from './contract.ts';
import { CALL_CANDLES } from './plan.ts';
import type { CallSubject } from './schedule.ts';

/** What one call changed. */
export interface Asked {
  readonly added: number;
  readonly revised: number;
  /** Where the newest candle closes, or the hour of the newest settlement; undefined while there is none. */
  readonly upToMs: number | undefined;
}

/** Rows of the time before that a call reads again at the least; one that cannot reads a whole call's rows more. */
const OVERLAP = 10;
/** The exchange has no more, and they fit into one answer: what a call misses nobody can fetch any more. */
const CANDLES_SERVED = 5_000;
const FUNDING_OVERLAP_MS = 12 * HOUR_MS;

export interface AskOptions {
  readonly db: MarketDatabase;
  readonly exchange: IngestExchange;
  /** When rows were seen. */
  readonly clock: Clock;
  /** What following may spend. */
  readonly budget: RequestBudget;
  /** The most that a call is counted with, so that it fits. */
  readonly mostWeight: number;
  readonly signal: AbortSignal;
}

/**
 * One call after the other: from what is stored of a series to what has closed. Each answer is one page and one
 * transaction, so a series has no hole that a killed process made; it re-reads what came before, so that revisions and
 * late candles are found.
 */
export class Asks {
  readonly #options: AskOptions;
  readonly #delivery: Delivery;

  constructor(options: AskOptions) {
    this.#options = options;
    this.#delivery = { origin: INGEST_ORIGIN, clock: options.clock };
  }

  /** How far the stored series reaches, in the sense of `Asked`. */
  storedUpToMs(subject: CallSubject): number | undefined {
    const { source, coin, interval, kind } = seriesOf(subject);
    const newest = this.#options.db
      .prepare(
        `SELECT max(t) FROM ${storedRows(kind)} WHERE series =
           (SELECT id FROM series WHERE source = ? AND coin = ? AND interval = ? AND kind = ?)`,
      )
      .pluck()
      .get(source, coin, interval, kind) as number | null;
    if (newest === null) return undefined;
    return kind === 'funding' ? newest : newest + intervalMs(interval);
  }

  /**
   * Asks for all that there is up to a close, or to the settlement of an hour.
   *
   * @throws what the exchange's client throws; nothing was stored then
   */
  ask(subject: CallSubject, wantedMs: number, upToMs: number | undefined, kind: RequestKind): Promise<Asked> {
    const { coin, what } = subject;
    return what === 'funding'
      ? this.#askFunding(coin, wantedMs, upToMs, kind)
      : this.#askCandles(coin, what, wantedMs, upToMs, kind);
  }

  async #askCandles(
    coin: string,
    what: Interval,
    wantedMs: number,
    upToMs: number | undefined,
    kind: RequestKind,
  ): Promise<Asked> {
    const { db, exchange, signal } = this.#options;
    const stepMs = intervalMs(what);
    const usualMs = wantedMs - CALL_CANDLES * stepMs;
    const isPause = upToMs !== undefined && upToMs - OVERLAP * stepMs < usualMs;
    const neededMs = isPause ? upToMs - CALL_CANDLES * stepMs : usualMs;
    const fromMs = Math.max(neededMs, wantedMs - CANDLES_SERVED * stepMs);
    await this.#spend(candleRequestWeight((wantedMs - fromMs) / stepMs), kind);
    const key = { ...seriesOf({ coin, what }), kind: 'trade' } as const;
    const before = storedBefore(db, key, fromMs, wantedMs);
    const pages = [];
    for await (const page of exchange.candlePages(coin, what, fromMs, wantedMs, { kind, signal })) {
      pages.unshift(page.candles);
    }
    signal.throwIfAborted();
    const candles = pages.flat();
    const first = candles[0];
    const last = candles.at(-1);
    if (first === undefined || last === undefined) return { added: 0, revised: 0, upToMs };
    if (upToMs !== undefined && upToMs < first.openTimeMs) {
      const reason: GapReason = upToMs < fromMs ? 'not-served' : 'unknown';
      recordGaps(db, key, [{ fromMs: upToMs, toMs: first.openTimeMs, reason, origin: INGEST_ORIGIN }]);
    }
    const { added, revised } = writeCandles(db, key, candles, { ...this.#delivery, before });
    return { added, revised, upToMs: Math.max(upToMs ?? 0, last.openTimeMs + stepMs) };
  }

  async #askFunding(coin: string, wantedMs: number, upToMs: number | undefined, kind: RequestKind): Promise<Asked> {
    const { db, exchange, signal } = this.#options;
    const key = seriesOf({ coin, what: 'funding' });
    const fromMs = Math.min(upToMs ?? wantedMs, wantedMs - FUNDING_OVERLAP_MS);
    await this.#spend(fundingRequestWeight(wantedMs - fromMs), kind);
    const asked = { added: 0, revised: 0, upToMs };
    const before = storedBefore(db, key, fromMs, wantedMs + HOUR_MS);
    // Settlements are stamped some milliseconds after their hour.
    const pages = exchange.fundingPages(coin, fromMs - MINUTE_MS, wantedMs + HOUR_MS / 2, { kind, signal });
    for await (const page of pages) {
      signal.throwIfAborted();
      const { added, revised } = writeFunding(db, key, page, { ...this.#delivery, before });
      const hours = page.map(({ timeMs }) => fundingHour(timeMs));
      const holes = holesBetween([...(asked.upToMs === undefined ? [] : [asked.upToMs]), ...hours], HOUR_MS);
      recordGaps(
        db,
        key,
        holes.map(({ fromMs: holeMs, toMs }) => ({ fromMs: holeMs, toMs, reason: 'unknown', origin: INGEST_ORIGIN })),
      );
      asked.added += added;
      asked.revised += revised;
      asked.upToMs = Math.max(asked.upToMs ?? 0, hours.at(-1) ?? 0);
    }
    return asked;
  }

  #spend(weight: number, kind: RequestKind): Promise<void> {
    const { budget, mostWeight, signal } = this.#options;
    return budget.spend(Math.min(weight, mostWeight), { kind, signal });
  }
}
