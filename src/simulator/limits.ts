import { MINUTE_MS } from '../domain/time.ts';

/** What the exchange allows to one address, and how much it gives at once. */
export interface ExchangeLimits {
  readonly weightPerMinute: number;
  /** Of an answer to candleSnapshot. */
  readonly candlesPerAnswer: number;
  /** How many candles of an interval it still knows; the facts leave open whether that is a limit at all. */
  readonly candlesKept: number;
  /** Of an answer to fundingHistory. */
  readonly ratesPerAnswer: number;
  readonly connections: number;
  readonly connectionsPerMinute: number;
  readonly subscriptions: number;
  readonly messagesPerMinute: number;
  /** A connection on which the exchange has said nothing for so long is closed. */
  readonly silenceMs: number;
}

export const REAL_LIMITS: ExchangeLimits = {
  weightPerMinute: 1_200,
  candlesPerAnswer: 5_000,
  candlesKept: 5_000,
  ratesPerAnswer: 500,
  connections: 10,
  connectionsPerMinute: 30,
  subscriptions: 1_000,
  messagesPerMinute: 2_000,
  silenceMs: MINUTE_MS,
};

/** What each address has used up in the past minute. */
export class MinuteMeter {
  readonly #used = new Map<string, { atMs: number; amount: number }[]>();

  used(address: string, nowMs: number): number {
    const recent = (this.#used.get(address) ?? []).filter(({ atMs }) => atMs > nowMs - MINUTE_MS);
    this.#used.set(address, recent);
    return recent.reduce((sum, { amount }) => sum + amount, 0);
  }

  add(address: string, nowMs: number, amount: number): void {
    const used = this.#used.get(address) ?? [];
    used.push({ atMs: nowMs, amount });
    this.#used.set(address, used);
  }
}
