import { countBlocks } from './blocks.ts';
import { type MarketDatabase, onSnapshot } from './database.ts';
import { gapsOf } from './gap-store.ts';
import { isCandles, listSeries, type SeriesSpan } from './series-store.ts';

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
  const blocks = isCandles(span) ? countBlocks(db, span) : [];
  const rows = isCandles(span) ? sum(blocks, ({ candles }) => candles) : countRows(db, 'funding', span);
  const gaps = gapsOf(db, span);
  return {
    ...span,
    rows,
    gapCount: gaps.length,
    missing: sum(gaps, ({ isOutside, missing }) => (isOutside ? 0 : missing)),
    revisions: countRows(db, 'revisions', span),
    zeroVolumeFraction: span.kind === 'trade' ? sum(blocks, ({ silent }) => silent) / rows : null,
  };
}

function countRows(db: MarketDatabase, table: 'funding' | 'revisions', { id }: SeriesSpan): number {
  return db.prepare(`SELECT count(*) FROM ${table} WHERE series = ?`).pluck().get(id) as number;
}

function sum<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0);
}
