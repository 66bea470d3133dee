import { isInterval } from '../domain/time.ts';
import { isRecord } from './info-room.ts';
import type { PlayedMarket } from './played-market.ts';

/** What can be subscribed to. */
export type Subscription =
  | { readonly type: 'candle'; readonly coin: string; readonly interval: string }
  | { readonly type: 'trades' | 'activeAssetCtx'; readonly coin: string }
  | { readonly type: 'allMids'; readonly dex?: string };

/**
 * A subscription as the exchange echoes it: unknown fields dropped. A client recognises its own request by what it sent
 * being part of the echo, so nothing known may be left out.
 *
 * @returns undefined for one that the exchange does not know
 */
export function normalised(subscription: unknown, market: PlayedMarket): Subscription | undefined {
  if (!isRecord(subscription)) return undefined;
  const { type, coin, interval, dex } = subscription;
  if (type === 'allMids') return typeof dex === 'string' ? { type, dex } : { type };
  if (typeof coin !== 'string' || !market.isListed(coin)) return undefined;
  if (type === 'trades' || type === 'activeAssetCtx') return { type, coin };
  if (type === 'candle' && typeof interval === 'string' && isInterval(interval)) return { type, coin, interval };
  return undefined;
}
