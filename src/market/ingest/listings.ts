import { DAY_MS } from '../../domain/time.ts';
import type { Listing } from '../../exchange/info.ts';
import type { IngestExchange } from './contract.ts';

/** When coins were traded, asked for once for each and only where it matters. */
export class Listings {
  readonly #exchange: IngestExchange;
  readonly #signal: AbortSignal | undefined;
  readonly #known = new Map<string, Promise<Listing>>();

  constructor(exchange: IngestExchange, signal: AbortSignal | undefined) {
    this.#exchange = exchange;
    this.#signal = signal;
  }

  /** When the coin was first traded: to the hour, or where its hours are not served any more to the day. */
  async firstMs(coin: string): Promise<number | undefined> {
    return (await this.#listing(coin)).firstTradedMs ?? undefined;
  }

  /** The end of the last day on which the coin was traded. */
  async endMs(coin: string): Promise<number | undefined> {
    const { lastTradedMs } = await this.#listing(coin);
    return lastTradedMs === null ? undefined : lastTradedMs + DAY_MS;
  }

  #listing(coin: string): Promise<Listing> {
    const known = this.#known.get(coin) ?? this.#exchange.listing(coin, { signal: this.#signal });
    this.#known.set(coin, known);
    return known;
  }
}
