import type { ClosedCandle } from '../../domain/candle.ts';
import type { Clock } from '../../domain/clock.ts';
import { type Interval, intervalMs } from '../../domain/time.ts';
import { writeCandles } from '../candle-store.ts';
import type { MarketDatabase } from '../database.ts';
import { recordGaps } from '../gap-store.ts';
import { HOME_SOURCE, listSeries } from '../series-store.ts';
import type { MarkCandle } from './mark-candles.ts';

const ORIGIN = "the exchange's stream of mark prices";

/** Candles of a series that are kept while the database cannot be written to: a week of minutes. */
const MOST_WAITING = 10_000;

/** Stores candles of mark prices; what was not heard in between is a gap, and nobody serves it again. */
export class MarkStore {
  readonly #db: MarketDatabase;
  readonly #clock: Clock;
  /** Where the newest stored candle closes, by coin and interval. */
  readonly #upToMs = new Map<string, number>();
  /** What is not stored yet, likewise. */
  readonly #waiting = new Map<string, MarkCandle[]>();

  constructor(db: MarketDatabase, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    for (const { source, kind, coin, interval, lastOpenMs } of listSeries(db)) {
      if (source === HOME_SOURCE && kind === 'mark') {
        this.#upToMs.set(nameOf(coin, interval), lastOpenMs + intervalMs(interval));
      }
    }
  }

  /**
   * Each series in a transaction of its own.
   *
   * @throws DataError when the database cannot be written to; what is not stored is kept for the next time
   */
  store(marks: readonly MarkCandle[]): void {
    for (const mark of marks) {
      const name = nameOf(mark.coin, mark.interval);
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), mark].slice(-MOST_WAITING));
    }
    for (const [name, ofSeries] of this.#waiting) {
      this.#storeSeries(name, ofSeries);
      this.#waiting.delete(name);
    }
  }

  #storeSeries(name: string, ofSeries: readonly MarkCandle[]): void {
    const { coin, interval } = ofSeries[0] as MarkCandle;
    const key = { source: HOME_SOURCE, coin, interval, kind: 'mark' } as const;
    const upToMs = this.#upToMs.get(name);
    // A clock that was set back makes a candle twice; the first was heard when it closed.
    const candles = ascending(
      ofSeries.map(({ candle }) => candle),
      upToMs ?? 0,
    );
    const first = candles[0];
    const last = candles.at(-1);
    if (first === undefined || last === undefined) return;
    if (upToMs !== undefined && first.openTimeMs > upToMs) {
      const gap = { fromMs: upToMs, toMs: first.openTimeMs, reason: 'not-served', origin: ORIGIN } as const;
      recordGaps(this.#db, key, [gap]);
    }
    writeCandles(this.#db, key, candles, { origin: ORIGIN, clock: this.#clock });
    this.#upToMs.set(name, last.openTimeMs + intervalMs(interval));
  }
}

/** Those that open at or after a time, and each after the one before it. */
function ascending(candles: readonly ClosedCandle[], fromMs: number): ClosedCandle[] {
  const some: ClosedCandle[] = [];
  for (const candle of candles) {
    if (candle.openTimeMs >= fromMs && candle.openTimeMs > (some.at(-1)?.openTimeMs ?? -1)) some.push(candle);
  }
  return some;
}

function nameOf(coin: string, interval: Interval): string {
  return `${coin} ${interval}`;
}
