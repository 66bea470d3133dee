import type { ClosedCandle } from '../../domain/candle.ts';
import { type Interval, intervalMs, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';
import { epochMs } from '../../domain/units.ts';

/** A candle of the mark price that was heard from its open to its close. */
export interface MarkCandle {
  readonly coin: string;
  readonly interval: Interval;
  /** Its volume is 0, and its trades are the prices heard. */
  readonly candle: ClosedCandle;
}

/** Prices come every few seconds. Who hears nothing for longer was asleep, and does not know what there was. */
const MOST_SILENCE_MS = MINUTE_MS;
/** A clock that goes back by more was set. */
const MOST_BACK_MS = SECOND_MS;

interface Forming {
  readonly coin: string;
  readonly interval: Interval;
  openMs: number;
  open: number;
  high: number;
  low: number;
  close: number;
  samples: number;
}

/**
 * Candles of mark prices, as they are heard. A candle opens at the last price known at its open, and it counts only
 * when one connection lasted through all of it: a socket delivers in order, so the first message after the close proves
 * that nothing before was missed, and until it comes the candle is not given out. A machine that was asleep, or whose
 * clock was set, begins anew: the socket may have outlived it, but the times are wrong. Times are those of the
 * exchange.
 */
export class MarkCandles {
  readonly #intervals: readonly Interval[];
  /** By coin; only of coins whose price is known. */
  readonly #forming = new Map<string, Forming[]>();
  readonly #prices = new Map<string, number>();
  #nextCloseMs = Number.POSITIVE_INFINITY;
  #heardMs = Number.NEGATIVE_INFINITY;
  #closed: MarkCandle[] = [];

  /** @param intervals of which candles are wanted */
  constructor(intervals: readonly Interval[]) {
    this.#intervals = intervals;
  }

  /** A price is told of a coin. */
  tell(coin: string, price: number, nowMs: number): void {
    this.hear(nowMs);
    const forming = this.#forming.get(coin);
    this.#prices.set(coin, price);
    if (forming === undefined) this.#begin(coin, nowMs);
    else for (const each of forming) extend(each, price, nowMs);
  }

  /** Any message of the connection: it is alive, and everything before has been heard. */
  hear(nowMs: number): void {
    const silenceMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    if (silenceMs > MOST_SILENCE_MS || silenceMs < -MOST_BACK_MS) this.forget();
    if (nowMs < this.#nextCloseMs) return;
    this.#nextCloseMs = Number.POSITIVE_INFINITY;
    for (const [coin, forming] of this.#forming) {
      for (const each of forming) {
        this.#close(each, this.#prices.get(coin) as number, nowMs);
        this.#nextCloseMs = Math.min(this.#nextCloseMs, each.openMs + intervalMs(each.interval));
      }
    }
  }

  /** The connection is gone, and with it every candle that it has not lasted through. */
  forget(): void {
    this.#forming.clear();
    this.#prices.clear();
    this.#nextCloseMs = Number.POSITIVE_INFINITY;
  }

  /** Candles that are complete, each given out once. */
  take(): readonly MarkCandle[] {
    const closed = this.#closed;
    if (closed.length > 0) this.#closed = [];
    return closed;
  }

  #begin(coin: string, nowMs: number): void {
    const price = this.#prices.get(coin) as number;
    const forming = this.#intervals.map((interval): Forming => {
      const openMs = Math.ceil(nowMs / intervalMs(interval)) * intervalMs(interval);
      this.#nextCloseMs = Math.min(this.#nextCloseMs, openMs + intervalMs(interval));
      return { coin, interval, openMs, ...flat(price), samples: openMs === nowMs ? 1 : 0 };
    });
    this.#forming.set(coin, forming);
  }

  /** Gives out what has closed by now. `price` is the last one before. */
  #close(each: Forming, price: number, nowMs: number): void {
    const stepMs = intervalMs(each.interval);
    while (each.openMs + stepMs <= nowMs) {
      const { coin, interval, openMs, open, high, low, close, samples } = each;
      this.#closed.push({
        coin,
        interval,
        candle: { openTimeMs: epochMs(openMs), open, high, low, close, volume: 0, trades: samples },
      });
      Object.assign(each, { openMs: openMs + stepMs, ...flat(price), samples: 0 });
    }
  }
}

function flat(price: number): Pick<Forming, 'open' | 'high' | 'low' | 'close'> {
  return { open: price, high: price, low: price, close: price };
}

function extend(forming: Forming, price: number, nowMs: number): void {
  // Up to its open a price is the one that the candle opens at.
  if (nowMs <= forming.openMs) Object.assign(forming, flat(price));
  forming.high = Math.max(forming.high, price);
  forming.low = Math.min(forming.low, price);
  forming.close = price;
  if (nowMs >= forming.openMs) forming.samples++;
}
