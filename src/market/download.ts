import type { Clock } from '../domain/clock.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import type { HyperliquidInfo } from '../exchange/info.ts';
import { type Delivery, writeCandles } from './candle-store.ts';
import type { MarketDatabase } from './database.ts';
import { writeFunding } from './funding-store.ts';
import { writeInstruments } from './instrument-store.ts';
import { HOME_SOURCE, listSeries, type SeriesKey } from './series-store.ts';

/** The part of the exchange's client that a download needs. */
export type PublicData = Pick<HyperliquidInfo, 'candles' | 'funding' | 'instruments'>;

export interface DownloadRequest {
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly clock: Clock;
  /** @param done of `total` candles, over all series; one that the exchange no longer keeps counts as done */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const ORIGIN = "the exchange's answers";

/**
 * Fetches candles, funding and the rules of all coins from the exchange into the database. Each series is stored as
 * soon as it is complete, and one that is stored already is only continued: an interrupted download resumes.
 *
 * @returns how many rows are new
 * @throws ExchangeUnreachableError, UsageError for an unknown coin, DataError; series stored before that stay
 */
export async function download(
  db: MarketDatabase,
  info: PublicData,
  { coins, intervals, fromMs, toMs, clock, onProgress, signal }: DownloadRequest,
): Promise<number> {
  const delivery: Delivery = { origin: ORIGIN, clock };
  writeInstruments(db, await info.instruments({ signal }));
  const keys = coins.flatMap((coin) =>
    intervals.map((interval) => ({ source: HOME_SOURCE, coin, interval, kind: 'trade' }) as const),
  );
  const tasks = keys.map((key) => {
    const startMs = continuation(db, key, fromMs);
    return { key, startMs, candles: Math.max(0, Math.floor((toMs - startMs) / intervalMs(key.interval))) };
  });
  const total = tasks.reduce((sum, task) => sum + task.candles, 0);
  let before = 0;
  let added = 0;
  // First: who looks for what is missing looks for candles, and where they are their funding must be too.
  for (const coin of coins) {
    const startMs = continuation(db, { source: HOME_SOURCE, coin, interval: '1h', kind: 'funding' }, fromMs);
    const settlements = await info.funding(coin, startMs, toMs, { signal });
    if (settlements.length > 0) added += writeFunding(db, { source: HOME_SOURCE, coin }, settlements, delivery).added;
  }
  for (const { key, startMs, candles: expected } of tasks) {
    const onPage = (done: number): void => onProgress?.(before + done, total);
    const candles = await info.candles(key.coin, key.interval, startMs, toMs, { signal, onProgress: onPage });
    if (candles.length > 0) added += writeCandles(db, key, candles, delivery).added;
    before += expected;
  }
  return added;
}

/** Where to go on: after the last stored row when the stored ones reach back far enough, else from the start. */
function continuation(db: MarketDatabase, key: SeriesKey, fromMs: number): number {
  const stored = listSeries(db).find(
    (span) =>
      span.source === key.source && span.coin === key.coin && span.interval === key.interval && span.kind === key.kind,
  );
  if (stored === undefined || stored.firstOpenMs > fromMs) return fromMs;
  return Math.max(fromMs, stored.lastOpenMs + intervalMs(key.interval));
}
