import type { ClosedCandle } from '../src/domain/candle.ts';
import { type Interval, intervalMs, isInterval, MINUTE_MS } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';
import type { FeedEvent, FeedRequest, MarketFeed } from '../src/exchange/feed-events.ts';
import type { Stage } from './ingest-stage.ts';

/** What a series came to, naively: every version of each candle in the order in which it was seen. */
export type SeenCandles = ReadonlyMap<number, readonly (readonly number[])[]>;

/** Answers with these faults are answers all the same. */
const HARMLESS: readonly (string | undefined)[] = [undefined, 'slow'];

/**
 * What somebody knows who remembers every good answer that the exchange gave about a series: the same questions, asked
 * of the source again, one candle at a time.
 */
export function seenCandles({ exchange, market }: Stage, coin: string, interval: Interval): SeenCandles {
  const seen = new Map<number, number[][]>();
  const stepMs = intervalMs(interval);
  for (const { type, status, fault, request, atMs } of exchange.requests) {
    if (type !== 'candleSnapshot' || status !== 200 || !HARMLESS.includes(fault)) continue;
    const { req } = request as { req: { coin: string; interval: string; startTime: number; endTime: number } };
    if (req.coin !== coin || !isInterval(req.interval) || req.interval !== interval) continue;
    const lastMs = Math.min(req.endTime + 1, atMs) - stepMs;
    for (let openMs = Math.ceil(req.startTime / stepMs) * stepMs; openMs <= lastMs; openMs += stepMs) {
      const candle = market.tape(coin)?.closed(interval, openMs, atMs);
      if (candle === undefined) continue;
      const version = [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trades];
      const versions = seen.get(openMs) ?? [];
      if (versions.at(-1)?.join() !== version.join()) versions.push(version);
      seen.set(openMs, versions);
    }
  }
  return seen;
}

/** A feed that remembers what it told, and when. */
export class RecordingFeed implements MarketFeed {
  readonly told: { readonly atMs: number; readonly event: FeedEvent }[] = [];
  readonly #feed: MarketFeed;
  readonly #nowMs: () => number;

  constructor(feed: MarketFeed, nowMs: () => number) {
    this.#feed = feed;
    this.#nowMs = nowMs;
  }

  run(request: FeedRequest, onEvent: (event: FeedEvent) => void, signal: AbortSignal): Promise<void> {
    const remember = (event: FeedEvent): void => {
      this.told.push({ atMs: this.#nowMs(), event });
      onEvent(event);
    };
    return this.#feed.run(request, remember, signal);
  }
}

interface Connection {
  readonly marks: { readonly atMs: number; readonly price: number }[];
  /** When something was heard last. */
  heardMs: number;
}

/** Mark candles of a coin from all that was told, candle by candle: what one connection heard from open to close. */
export function markOracle(told: RecordingFeed['told'], coin: string, interval: Interval): ClosedCandle[] {
  return connectionsOf(told, coin).flatMap(({ marks, heardMs }) => {
    const stepMs = intervalMs(interval);
    const candles: ClosedCandle[] = [];
    const [first] = marks;
    if (first === undefined) return candles;
    for (let openMs = Math.ceil(first.atMs / stepMs) * stepMs; openMs + stepMs <= heardMs; openMs += stepMs) {
      const open = marks.filter(({ atMs }) => atMs <= openMs).at(-1)?.price as number;
      const within = marks.filter(({ atMs }) => atMs >= openMs && atMs < openMs + stepMs);
      const prices = [open, ...within.filter(({ atMs }) => atMs > openMs).map(({ price }) => price)];
      candles.push({
        openTimeMs: epochMs(openMs),
        open,
        high: Math.max(...prices),
        low: Math.min(...prices),
        close: prices.at(-1) as number,
        volume: 0,
        trades: within.length,
      });
    }
    return candles;
  });
}

/** Who heard nothing for a minute might have been asleep: as good as another connection. */
function connectionsOf(told: RecordingFeed['told'], coin: string): Connection[] {
  const connections: Connection[] = [];
  for (const { atMs, event } of told) {
    const isAnother = atMs - (connections.at(-1)?.heardMs ?? atMs) > MINUTE_MS;
    if (event.kind === 'connected' || isAnother) connections.push({ marks: [], heardMs: atMs });
    const connection = connections.at(-1);
    if (connection === undefined || event.kind === 'lost') continue;
    connection.heardMs = atMs;
    if (event.kind === 'mark' && event.coin === coin) connection.marks.push({ atMs, price: event.price });
  }
  return connections;
}
