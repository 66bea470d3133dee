import { didYouMean, UsageError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs } from '../domain/time.ts';
import type { MarketDatabase } from './database.ts';
import { firstSeen } from './revision-store.ts';
import { findCandleSeries, listSeries, type SeriesKind, type SeriesSpan, storedRows } from './series-store.ts';

/** Which rows of which series. */
export interface ExportRequest {
  readonly coin: string;
  /** Funding has none. */
  readonly interval?: Interval | undefined;
  readonly kind: SeriesKind;
  /** Without one: that of the home exchange, else the only one. */
  readonly source?: string | undefined;
  /** The first candle opens at or after this. */
  readonly fromMs?: number | undefined;
  /** The last candle closes at or before this. */
  readonly toMs?: number | undefined;
  /** Each row as it was first delivered, instead of as it was last. */
  readonly asSeen?: boolean | undefined;
}

/** The columns of a row, in the order in which they are written; n (the number of trades) may be null. */
export const CANDLE_HEADER = ['t', 'o', 'h', 'l', 'c', 'v', 'n'] as const;
export const FUNDING_HEADER = ['t', 'rate'] as const;
export type ExportedRow = readonly (number | null)[];

/** The rows of a series, oldest first, in pages, so that a million of them need not be in memory. */
export interface ExportSource {
  readonly series: SeriesSpan;
  readonly header: readonly string[];
  readonly pages: Iterable<readonly ExportedRow[]>;
}

const PAGE_ROWS = 20_000;

/**
 * Finds the series; its pages are read as they are asked for, all of them on one snapshot of the database.
 *
 * @throws UsageError for what is not stored, with the nearest names
 */
export function exportSource(db: MarketDatabase, request: ExportRequest): ExportSource {
  const series = findSeries(db, request);
  const hasTrades =
    series.kind !== 'funding' &&
    db.prepare('SELECT 1 FROM candles WHERE series = ? AND n IS NOT NULL LIMIT 1').get(series.id) !== undefined;
  const header = series.kind === 'funding' ? FUNDING_HEADER : hasTrades ? CANDLE_HEADER : CANDLE_HEADER.slice(0, -1);
  return { series, header, pages: pagesOf(db, series, header, request) };
}

/** @throws UsageError for what is not stored, with the nearest names */
export function findSeries(db: MarketDatabase, request: ExportRequest): SeriesSpan {
  return request.kind === 'funding' ? findFunding(db, request) : findCandles(db, request);
}

function findCandles(db: MarketDatabase, { coin, interval, kind, source }: ExportRequest): SeriesSpan {
  if (interval === undefined) {
    const stored = listSeries(db).filter((span) => span.coin === coin && span.kind === kind);
    throw new UsageError('which interval?', {
      hint: `Say it with --interval. ${didYouMean('', new Set(stored.map((span) => span.interval)))}`,
    });
  }
  return findCandleSeries(db, { coin, interval, source, kind: kind === 'mark' ? 'mark' : 'trade' });
}

function findFunding(db: MarketDatabase, { coin, source }: ExportRequest): SeriesSpan {
  const funding = listSeries(db).filter((span) => span.kind === 'funding');
  const ofCoin = funding.filter((span) => span.coin === coin && (source === undefined || span.source === source));
  const [only, second] = ofCoin;
  if (only === undefined) {
    throw new UsageError(`no funding of '${coin}' is stored${source === undefined ? '' : ` from ${source}`}`, {
      hint: didYouMean(coin, new Set(funding.map((span) => span.coin))),
    });
  }
  if (second === undefined) return only;
  throw new UsageError(`funding of ${coin} is stored from ${ofCoin.map((span) => span.source).join(' and ')}`, {
    hint: `Say which is meant: --source ${only.source}`,
  });
}

function* pagesOf(
  db: MarketDatabase,
  series: SeriesSpan,
  header: readonly string[],
  { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, asSeen }: ExportRequest,
): Generator<readonly ExportedRow[]> {
  // A settlement is at a moment; a candle must have closed by then.
  const lastMs = toMs - (series.kind === 'funding' ? 1 : intervalMs(series.interval));
  const page = db
    .prepare(
      `SELECT ${header.join(', ')} FROM ${storedRows(series.kind)}
        WHERE series = ? AND t BETWEEN ? AND ? ORDER BY t LIMIT ${PAGE_ROWS}`,
    )
    .raw();
  db.exec('BEGIN');
  try {
    for (let nextMs = fromMs; ; ) {
      const rows = page.all(series.id, nextMs, lastMs) as ExportedRow[];
      const end = rows[rows.length - 1]?.[0];
      if (end === undefined || end === null) return;
      yield asSeen === true ? asFirstSeen(db, series, rows, nextMs, end) : rows;
      if (rows.length < PAGE_ROWS) return;
      nextMs = end + 1;
    }
  } finally {
    db.exec('COMMIT');
  }
}

/** What was first seen may lack the number of trades. */
function asFirstSeen(
  db: MarketDatabase,
  series: SeriesSpan,
  rows: readonly ExportedRow[],
  fromMs: number,
  toMs: number,
): ExportedRow[] {
  const first = new Map(firstSeen(db, series, fromMs, toMs));
  return rows.map((row) => {
    const values = first.get(row[0] as number);
    return values === undefined ? row : row.map((cell, i) => (i === 0 ? cell : (values[i - 1] ?? null)));
  });
}

/** `hyperliquid BTC 1h from 2025-01-01T00:00Z`, for a message about rows that are not there. */
export function describeRequest({ coin, interval, kind, fromMs, toMs }: ExportRequest): string {
  const what = kind === 'funding' ? `funding of ${coin}` : `${interval} candles of ${coin}`;
  const from = fromMs === undefined ? '' : ` from ${formatTime(fromMs)}`;
  return `${what}${from}${toMs === undefined ? '' : ` to ${formatTime(toMs)}`}`;
}
