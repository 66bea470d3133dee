import { didYouMean, UsageError } from '../domain/errors.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { type MarketDatabase, onSnapshot } from './database.ts';

/** Candles of trade prices, candles of the mark price as we heard it, or funding settlements. */
export type SeriesKind = 'trade' | 'mark' | 'funding';

/** The kinds that are candles. */
export type CandleKind = Exclude<SeriesKind, 'funding'>;

/** What is stored separately. Two sources of the same candle are two series. */
export interface SeriesKey {
  readonly source: string;
  readonly coin: string;
  /** Funding has the interval 1h: the grid that its settlements are stamped to. */
  readonly interval: Interval;
  readonly kind: SeriesKind;
}

export interface StoredSeries extends SeriesKey {
  readonly id: number;
}

/** A series and how far it reaches. */
export interface SeriesSpan extends StoredSeries {
  readonly firstOpenMs: EpochMs;
  readonly lastOpenMs: EpochMs;
}

/** What a study asks for: the source only when it must be a certain one. */
export interface SeriesQuery {
  /** Candles of trades unless the mark price is asked for. */
  readonly kind?: CandleKind | undefined;
  readonly source?: string | undefined;
  readonly coin: string;
  readonly interval: Interval;
}

/** The exchange that Candor trades on is the source that is read unless another one is asked for. */
export const HOME_SOURCE = 'hyperliquid';
export const FUNDING_INTERVAL: Interval = '1h';

export function isCandles<T extends SeriesKey>(series: T): series is T & { readonly kind: CandleKind } {
  return series.kind !== 'funding';
}

/** The table that holds the rows of a series of that kind. */
export function storedRows(kind: SeriesKind): 'candles' | 'funding' {
  return kind === 'funding' ? 'funding' : 'candles';
}

/** The id of a series, which is created where it is new. Call inside a transaction. */
export function seriesId(db: MarketDatabase, key: SeriesKey): number {
  db.prepare('INSERT OR IGNORE INTO series (source, coin, interval, kind) VALUES (?, ?, ?, ?)').run(
    key.source,
    key.coin,
    key.interval,
    key.kind,
  );
  return db
    .prepare('SELECT id FROM series WHERE source = ? AND coin = ? AND interval = ? AND kind = ?')
    .pluck()
    .get(key.source, key.coin, key.interval, key.kind) as number;
}

/** All series with at least one row, by source, coin and length of interval. */
export function listSeries(db: MarketDatabase): SeriesSpan[] {
  return onSnapshot(db, () => {
    const all = db.prepare('SELECT id, source, coin, interval, kind FROM series').all() as StoredSeries[];
    return all
      .map((series) => spanOf(db, series))
      .filter((span) => span !== undefined)
      .sort(bySourceCoinInterval);
  });
}

function bySourceCoinInterval(a: SeriesKey, b: SeriesKey): number {
  return (
    compareText(a.source, b.source) ||
    compareText(a.coin, b.coin) ||
    compareText(b.kind, a.kind) ||
    intervalMs(a.interval) - intervalMs(b.interval)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How far a series reaches; undefined while it has no rows. */
export function spanOf(db: MarketDatabase, series: StoredSeries): SeriesSpan | undefined {
  // Two queries of one extreme each: SQLite answers those from the index, both together by reading every row.
  const rows = `FROM ${storedRows(series.kind)} WHERE series = ?`;
  const firstOpenMs = db.prepare(`SELECT min(t) ${rows}`).pluck().get(series.id) as EpochMs | null;
  const lastOpenMs = db.prepare(`SELECT max(t) ${rows}`).pluck().get(series.id) as EpochMs | null;
  return firstOpenMs === null || lastOpenMs === null ? undefined : { ...series, firstOpenMs, lastOpenMs };
}

/**
 * The stored candle series that the query means, with its span. Without a source: the home exchange's, else the only
 * one.
 *
 * @throws UsageError for a coin or an interval that is not stored (with the nearest ones), and where several foreign
 *   sources leave it open which one is meant.
 */
export function findCandleSeries(db: MarketDatabase, query: SeriesQuery): SeriesSpan {
  const { kind = 'trade' } = query;
  const candles = listSeries(db).filter(
    (span) => span.kind === kind && (query.source === undefined || span.source === query.source),
  );
  const ofCoin = candles.filter((span) => span.coin === query.coin);
  if (ofCoin.length === 0) {
    const from = query.source === undefined ? '' : ` from ${query.source}`;
    throw new UsageError(`no candles of '${query.coin}' are stored${from}`, {
      hint: didYouMean(query.coin, new Set(candles.map((span) => span.coin))),
    });
  }
  const matching = ofCoin.filter((span) => span.interval === query.interval);
  const preferred = matching.find((span) => span.source === HOME_SOURCE) ?? matching[0];
  if (preferred === undefined) {
    const stored = new Set(ofCoin.map((span) => span.interval));
    throw new UsageError(`no ${query.interval} candles of ${query.coin} are stored`, {
      hint: `Stored: ${[...stored].join(', ')}.`,
    });
  }
  if (preferred.source !== HOME_SOURCE && matching.length > 1) {
    const sources = matching.map((span) => span.source).join(' and ');
    throw new UsageError(`${query.interval} candles of ${query.coin} are stored from ${sources}`, {
      hint: 'Say which source is meant.',
    });
  }
  return preferred;
}

/** Every combination of coins and intervals, looked up by `findCandleSeries`: what a study is going to read. */
export function findStudySeries(
  db: MarketDatabase,
  coins: readonly string[],
  intervals: readonly Interval[],
  source?: string,
): SeriesSpan[] {
  return coins.flatMap((coin) => intervals.map((interval) => findCandleSeries(db, { source, coin, interval })));
}

/** Where the newest candle closes that all of these series have: the 'newest' end of a study. */
export function newestCommonEnd(spans: readonly SeriesSpan[]): EpochMs {
  return epochMs(Math.min(...spans.map((span) => span.lastOpenMs + intervalMs(span.interval))));
}
