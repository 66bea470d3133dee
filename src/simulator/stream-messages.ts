import { isInterval } from '../domain/time.ts';
import type { PlayedMarket } from './played-market.ts';
import type { Subscription } from './subscription.ts';
import { candleRow, contextOf, decimal } from './wire.ts';

const NOBODY = '0x0000000000000000000000000000000000000000';

/** What the stream has to say about one stretch of time, after `fromMs` up to `toMs`. Each text is made once. */
export class StreamMessages {
  readonly #market: PlayedMarket;
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #texts = new Map<string, string | undefined>();

  constructor(market: PlayedMarket, fromMs: number, toMs: number) {
    this.#market = market;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
  }

  /**
   * The message for a subscription; undefined where nothing has happened.
   *
   * @param key the subscription's own text
   */
  text(key: string, subscription: Subscription): string | undefined {
    if (!this.#texts.has(key)) {
      const data = this.#data(subscription);
      this.#texts.set(key, data && JSON.stringify({ channel: subscription.type, data }));
    }
    return this.#texts.get(key);
  }

  #data(subscription: Subscription): object | undefined {
    switch (subscription.type) {
      case 'candle':
        return this.#candle(subscription.coin, subscription.interval);
      case 'trades':
        return this.#trades(subscription.coin);
      case 'activeAssetCtx':
        return this.#context(subscription.coin);
      case 'allMids':
        return this.#mids(subscription.dex);
    }
  }

  /** Pushed on trading activity alone: nothing at the boundary, nothing for a candle without trades. */
  #candle(coin: string, interval: string): object | undefined {
    const tape = this.#market.tape(coin);
    if (tape === undefined || !isInterval(interval)) return undefined;
    const tradeMs = tape.nextTradeMs(this.#fromMs);
    if (tradeMs === undefined || tradeMs > this.#toMs) return undefined;
    const candle = tape.forming(interval, this.#toMs);
    return candle && candleRow(coin, interval, candle);
  }

  #trades(coin: string): object | undefined {
    const trades = this.#market.tape(coin)?.trades(this.#fromMs, this.#toMs) ?? [];
    if (trades.length === 0) return undefined;
    return trades.map(({ timeMs, price, size }) => ({
      coin,
      side: 'B',
      px: decimal(price),
      sz: decimal(size),
      time: timeMs,
      hash: `0x${timeMs.toString(16).padStart(64, '0')}`,
      tid: timeMs,
      users: [NOBODY, NOBODY],
    }));
  }

  get #hasNewContext(): boolean {
    return this.#market.nextContextMs(this.#fromMs) <= this.#toMs;
  }

  #context(coin: string): object | undefined {
    if (!this.#hasNewContext || !this.#market.isOpen(coin, this.#toMs)) return undefined;
    const context = this.#market.context(coin, this.#toMs);
    return context && { coin, ctx: contextOf(context) };
  }

  #mids(dex: string | undefined): object | undefined {
    if (!this.#hasNewContext) return undefined;
    const mids = this.#market.mids(this.#toMs);
    const texts = Object.fromEntries([...mids].map(([coin, price]) => [coin, decimal(price)]));
    return { mids: texts, ...(dex === undefined ? {} : { dex }) };
  }
}
