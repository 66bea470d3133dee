import type { Interval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';

/** What is asked of the exchange's stream. */
export interface FeedRequest {
  /** Candles of which a hint is wanted as soon as one closes. */
  readonly candles: readonly { readonly coin: string; readonly interval: Interval }[];
  /** Coins whose mark price is wanted. */
  readonly marks: readonly string[];
}

/**
 * What the stream tells. Of a candle it tells only that one has begun, and so that the one before it has closed: what
 * the closed one was is asked for, never taken from the stream, where the forming candle and the final one look alike.
 */
export type FeedEvent =
  /** From here on nothing is missed; what happened before may have been. */
  | { readonly kind: 'connected' }
  /** Until the next `connected` everything is missed; `silent` is a socket that was open and said nothing. */
  | { readonly kind: 'lost'; readonly reason: 'closed' | 'silent' }
  | { readonly kind: 'candle'; readonly coin: string; readonly interval: Interval; readonly openTimeMs: EpochMs }
  | { readonly kind: 'mark'; readonly coin: string; readonly price: number };

/** The exchange's stream, which reconnects by itself until the signal is aborted. */
export interface MarketFeed {
  /**
   * Resolves when the signal is aborted and the socket is closed.
   *
   * @throws DataError for a subscription that the exchange refuses
   */
  run(request: FeedRequest, onEvent: (event: FeedEvent) => void, signal: AbortSignal): Promise<void>;
}
