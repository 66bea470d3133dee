import type { Timer } from '../../domain/clock.ts';
import type { Interval } from '../../domain/time.ts';
import type { MarketFeed } from '../../exchange/feed-events.ts';
import type { HyperliquidInfo } from '../../exchange/info.ts';
import { FUNDING_INTERVAL, HOME_SOURCE, type SeriesKey } from '../series-store.ts';
import type { FollowPlan } from './plan.ts';
import type { CallSubject } from './schedule.ts';

/** Where rows from the exchange come from, in the revision ledger and the table of gaps. */
export const INGEST_ORIGIN = "the exchange's answers";

/** The part of the exchange's client that ingesting needs. */
export type IngestExchange = Pick<
  HyperliquidInfo,
  'candlePages' | 'fundingPages' | 'instruments' | 'listing' | 'serverTime' | 'clockSkew'
>;

/** The stored series that a call is about. */
export function seriesOf({ coin, what }: CallSubject): SeriesKey & { readonly kind: 'trade' | 'funding' } {
  return what === 'funding'
    ? { source: HOME_SOURCE, coin, interval: FUNDING_INTERVAL, kind: 'funding' }
    : { source: HOME_SOURCE, coin, interval: what, kind: 'trade' };
}

/** What `backfill` fetches. */
export interface BackfillRequest {
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  readonly fromMs: number;
  /** Now, where it is not said. */
  readonly toMs?: number | undefined;
  /** Also what is stored, and what there was nothing of, as far as it is served still: corrections and late rows. */
  readonly again?: boolean | undefined;
  readonly timer: Timer;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined;
  /** What a person should know, as it is found out. */
  readonly onNotice?: ((notice: BackfillNotice) => void) | undefined;
}

/** How far a backfill is. Rows of candles and funding alike; one that the exchange does not serve counts as done. */
export interface BackfillProgress extends CallSubject {
  readonly done: number;
  readonly total: number;
  /** The stretch that has just been dealt with. */
  readonly fromMs: number;
  readonly toMs: number;
}

export type BackfillNotice =
  /** The coin was listed after the start of what is wanted: nothing of it is older. */
  | { readonly kind: 'listed'; readonly coin: string; readonly listedMs: number }
  /** The coin is traded no more; its last candle closed then. Undefined where the exchange has no candle of it. */
  | { readonly kind: 'delisted'; readonly coin: string; readonly sinceMs: number | undefined }
  /** The exchange serves this series from then on, and no further back; undefined where it serves nothing. */
  | ({ readonly kind: 'not-served'; readonly servedFromMs: number | undefined } & CallSubject);

/** What a backfill came to, series by series: funding of all coins, then candles in the order of the request. */
export interface BackfillReport {
  readonly series: readonly BackfilledSeries[];
}

export interface BackfilledSeries extends CallSubject {
  readonly added: number;
  readonly revised: number;
}

/** Both ends of the exchange: who is asked, and whose stream says when. */
export interface FollowedExchange {
  readonly exchange: IngestExchange;
  readonly feed: MarketFeed;
}

export interface FollowOptions {
  readonly timer: Timer;
  /** Aborted, it ends the run: after the transaction in hand, in well under a second. */
  readonly signal: AbortSignal;
  readonly onEvent?: ((event: FollowEvent) => void) | undefined;
}

/** What happens while following, for a log. Times are those of the exchange. */
export type FollowEvent =
  | { readonly kind: 'started'; readonly plan: FollowPlan; readonly skewMs: number }
  /** The exchange's clock is this far ahead of ours (behind, where negative): told at the start and when it matters. */
  | { readonly kind: 'skew'; readonly skewMs: number }
  /** Rows were stored: up to this time the series is complete, as far as the exchange has it. */
  | ({
      readonly kind: 'stored';
      readonly added: number;
      readonly revised: number;
      readonly upToMs: number;
      /** From the close of the newest row to its being stored. */
      readonly delayMs: number;
    } & CallSubject)
  /** The exchange has closed a candle, or settled funding, that its answer does not contain yet. */
  | ({ readonly kind: 'absent'; readonly expectedMs: number; readonly againInMs: number | undefined } & CallSubject)
  /** A call failed, and nothing of it was stored. */
  | ({
      readonly kind: 'failed';
      readonly error: unknown;
      readonly failures: number;
      readonly againInMs: number;
    } & CallSubject)
  | ({ readonly kind: 'recovered'; readonly failures: number } & CallSubject)
  /** Something beside the calls of the plan failed; it is tried again. */
  | {
      readonly kind: 'trouble';
      readonly what: 'instruments' | 'clock' | 'stream' | 'database';
      readonly error: unknown;
    }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly reason: 'closed' | 'silent' }
  | { readonly kind: 'delisted'; readonly coin: string }
  | { readonly kind: 'stopped' };
