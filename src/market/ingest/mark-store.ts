import type { Clock } from '../../domain/clock.ts';
import { type Interval, intervalMs } from '../../domain/time.ts';
import { writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { recordGaps } from '../gap-store.ts';
import { HOME_SOURCE, listSeries } from '../series-store.ts';
import type { MarkCandle } from './mark-candles.ts';

const ORIGIN = "the exchange's stream of mark prices";

/** Stores candles of mark prices; what was not heard in between is a gap, and nobody serves it again. */
export class MarkStore {
  readonly #db: MarketDatabase;
  readonly #clock: Clock;
  /** Where the newest stored candle closes, by coin and interval. */
  readonly #upToMs = new Map<string, number>();

  constructor(db: MarketDatabase, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    for (const { source, kind, coin, interval, lastOpenMs } of listSeries(db)) {
      if (source === HOME_SOURCE && kind === 'mark') {
        this.#upToMs.set(nameOf(coin, interval), lastOpenMs + intervalMs(interval));
      }
    }
  }

  /** Each series in a transaction of its own. */
  store(marks: readonly MarkCandle[]): void {
    for (const [name, ofSeries] of Map.groupBy(marks, ({ coin, interval }) => nameOf(coin, interval))) {
      const { coin, interval } = ofSeries[0] as MarkCandle;
      const key = { source: HOME_SOURCE, coin, interval, kind: 'mark' } as const;
      const upToMs = this.#upToMs.get(name);
      // A clock that was set back makes a candle twice; the first was heard when it closed.
      const candles = ofSeries.map(({ candle }) => candle).filter((candle) => candle.openTimeMs >= (upToMs ?? 0));
      const first = candles[0];
      const last = candles.at(-1);
      if (first === undefined || last === undefined) continue;
      if (upToMs !== undefined && first.openTimeMs > upToMs) {
        const gap = { fromMs: upToMs, toMs: first.openTimeMs, reason: 'not-served', origin: ORIGIN } as const;
        recordGaps(this.#db, key, [gap]);
      }
      writeCandles(this.#db, key, candles, { origin: ORIGIN, clock: this.#clock });
      this.#upToMs.set(name, last.openTimeMs + intervalMs(interval));
    }
  }
}

function nameOf(coin: string, interval: Interval): string {
  return `${coin} ${interval}`;
}
