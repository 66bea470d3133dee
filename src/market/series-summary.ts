import { type MarketDatabase, onSnapshot } from './database.ts';
import { gapsOf } from './gap-store.ts';
import { listSeries, type SeriesSpan, storedRows } from './series-store.ts';

/** What `data status` shows of a series. */
export interface SeriesSummary extends SeriesSpan {
  readonly rows: number;
  /** Holes, and what is known of the times before the first row. */
  readonly gapCount: number;
  /** Rows that are not there between the first and the last. */
  readonly missing: number;
  /** Changes of stored rows by later deliveries. */
  readonly revisions: number;
  /** Candles without a trade, as a fraction of all; null where nobody counts trades: mark prices, funding. */
  readonly zeroVolumeFraction: number | null;
}

/** All series with at least one row, counted. */
export function summarizeSeries(db: MarketDatabase): SeriesSummary[] {
  return onSnapshot(db, () => listSeries(db).map((span) => summarize(db, span)));
}

function summarize(db: MarketDatabase, span: SeriesSpan): SeriesSummary {
  const count = (from: string): number =>
    db.prepare(`SELECT count(*) FROM ${from} WHERE series = ?`).pluck().get(span.id) as number;
  const rows = count(storedRows(span.kind));
  const gaps = gapsOf(db, span);
  return {
    ...span,
    rows,
    gapCount: gaps.length,
    missing: gaps.reduce((sum, gap) => sum + (gap.isOutside ? 0 : gap.missing), 0),
    revisions: count('revisions'),
    zeroVolumeFraction:
      span.kind === 'trade'
        ? (db.prepare('SELECT count(*) FROM candles WHERE series = ? AND v = 0').pluck().get(span.id) as number) / rows
        : null,
  };
}
