import { type CandleColumns, openTimeAt } from '../domain/candle.ts';
import { HOUR_MS, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { loadCandles } from './candle-store.ts';
import { integrityProblems, type MarketDatabase, onSnapshot } from './database.ts';
import { FUNDING_MAX_AGE_MS } from './funding-rates.ts';
import { type ExplainedGap, gapsOf, holesBetween } from './gap-store.ts';
import { resample } from './resample.ts';
import { type SeriesSpan, type SeriesSummary, summarizeSeries } from './series-store.ts';

export interface SeriesAudit extends SeriesSummary {
  /** Ascending. */
  readonly gaps: readonly ExplainedGap[];
  /** Rows that all gaps together lack. */
  readonly missing: number;
  /** Candles without a trade, as a fraction of all; 0 for funding. */
  readonly zeroVolumeFraction: number;
  /** Opens of candles that no market can have made. */
  readonly impossible: readonly EpochMs[];
  /** Rows that were later delivered with other values. */
  readonly revisions: number;
}

/** A candle that is not what its own parts say. */
export interface Disagreement {
  readonly source: string;
  readonly coin: string;
  readonly interval: Interval;
  /** The interval of the parts. */
  readonly partInterval: Interval;
  readonly openTimeMs: EpochMs;
  readonly fields: readonly FieldDisagreement[];
}

export interface FieldDisagreement {
  readonly field: 'open' | 'high' | 'low' | 'close' | 'volume';
  readonly stored: number;
  readonly fromParts: number;
}

export interface DataAudit {
  /** What SQLite finds wrong with the file itself. */
  readonly integrity: readonly string[];
  readonly series: readonly SeriesAudit[];
  readonly disagreements: readonly Disagreement[];
}

/** Looks at everything that is stored: gaps, silent and impossible candles, and whether intervals of one coin agree. */
export function auditDatabase(db: MarketDatabase): DataAudit {
  return onSnapshot(db, () => {
    const series = summarizeSeries(db);
    return {
      integrity: integrityProblems(db),
      series: series.map((each) => auditSeries(db, each)),
      disagreements: crossCheck(db, series),
    };
  });
}

function auditSeries(db: MarketDatabase, series: SeriesSummary): SeriesAudit {
  const gaps = series.kind === 'trade' ? gapsOf(db, series) : fundingGaps(db, series);
  const revisions = db.prepare('SELECT count(*) FROM revisions WHERE series = ?').pluck().get(series.id) as number;
  const silent = series.kind === 'trade' ? countSilent(db, series) : 0;
  return {
    ...series,
    gaps,
    missing: gaps.reduce((sum, gap) => sum + gap.missing, 0),
    zeroVolumeFraction: silent / series.rows,
    impossible: series.kind === 'trade' ? impossibleOpens(db, series) : [],
    revisions,
  };
}

function countSilent(db: MarketDatabase, { id }: SeriesSpan): number {
  return db.prepare('SELECT count(*) FROM candles WHERE series = ? AND v = 0').pluck().get(id) as number;
}

/** An import refuses such rows; one that is stored all the same was written by something else. */
function impossibleOpens(db: MarketDatabase, { id }: SeriesSpan): EpochMs[] {
  return db
    .prepare('SELECT t FROM candles WHERE series = ? AND NOT (l > 0 AND h >= max(o, c) AND l <= min(o, c) AND v >= 0)')
    .pluck()
    .all(id) as EpochMs[];
}

/**
 * Hours without a settlement. The exchange settled every eight hours until June 2023: a distance of eight hours is
 * none.
 */
function fundingGaps(db: MarketDatabase, { id }: SeriesSpan): ExplainedGap[] {
  const times = db.prepare('SELECT t FROM funding WHERE series = ? ORDER BY t').pluck().all(id) as number[];
  return holesBetween(times, HOUR_MS)
    .filter((hole) => hole.toMs - hole.fromMs !== FUNDING_MAX_AGE_MS - HOUR_MS)
    .map((hole) => ({ ...hole, reason: null }));
}

/** Compares each stored interval with the next shorter one that divides it, wherever all parts are stored. */
function crossCheck(db: MarketDatabase, series: readonly SeriesSpan[]): Disagreement[] {
  const candles = series.filter((span) => span.kind === 'trade');
  return candles.flatMap((whole) => {
    const part = candles
      .filter(
        (other) =>
          other.source === whole.source &&
          other.coin === whole.coin &&
          intervalMs(other.interval) < intervalMs(whole.interval) &&
          intervalMs(whole.interval) % intervalMs(other.interval) === 0,
      )
      .at(-1);
    if (part === undefined || part.lastOpenMs < whole.firstOpenMs) return [];
    const joined = resample(loadCandles(db, part), whole.interval);
    return compare(loadCandles(db, whole), joined).map((found) => ({
      source: whole.source,
      coin: whole.coin,
      interval: whole.interval,
      partInterval: part.interval,
      ...found,
    }));
  });
}

const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

/** Where both have a row and any value differs. Prices are compared as they are: both come from the same trades. */
export function compare(
  stored: CandleColumns,
  fromParts: CandleColumns,
): { readonly openTimeMs: EpochMs; readonly fields: readonly FieldDisagreement[] }[] {
  const found = [];
  const offset = (fromParts.firstOpenMs - stored.firstOpenMs) / intervalMs(stored.interval);
  for (let row = Math.max(0, -offset); row < fromParts.length && row + offset < stored.length; row++) {
    const fields = FIELDS.map((field) => ({
      field,
      stored: stored[field][row + offset] as number,
      fromParts: fromParts[field][row] as number,
    })).filter((value) => Math.abs(value.stored - value.fromParts) > 0);
    if (fields.length > 0) found.push({ openTimeMs: epochMs(openTimeAt(fromParts, row)), fields });
  }
  return found;
}
