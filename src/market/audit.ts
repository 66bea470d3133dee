import { type CandleColumns, openTimeAt } from '../domain/candle.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { loadCandles } from './candle-store.ts';
import { integrityProblems, type MarketDatabase, onSnapshot } from './database.ts';
import { type ExplainedGap, gapsOf } from './gap-store.ts';
import { resample } from './resample.ts';
import { type CandleKind, isCandles, type SeriesSpan } from './series-store.ts';
import { type SeriesSummary, summarizeSeries } from './series-summary.ts';

export interface SeriesAudit extends SeriesSummary {
  /** Ascending. */
  readonly gaps: readonly ExplainedGap[];
  /** Opens of candles that no market can have made. */
  readonly impossible: readonly EpochMs[];
}

/** A candle that is not what its own parts say. */
export interface Disagreement {
  readonly source: string;
  readonly coin: string;
  readonly kind: CandleKind;
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
  return {
    ...series,
    gaps: gapsOf(db, series),
    impossible: isCandles(series) ? impossibleOpens(db, series) : [],
  };
}

/** An import refuses such rows; one that is stored all the same was written by something else. */
function impossibleOpens(db: MarketDatabase, { id }: SeriesSpan): EpochMs[] {
  return db
    .prepare('SELECT t FROM candles WHERE series = ? AND NOT (l > 0 AND h >= max(o, c) AND l <= min(o, c) AND v >= 0)')
    .pluck()
    .all(id) as EpochMs[];
}

/** Compares each stored interval with the next shorter one that divides it, wherever all parts are stored. */
function crossCheck(db: MarketDatabase, series: readonly SeriesSpan[]): Disagreement[] {
  const candles = series.filter(isCandles);
  return candles.flatMap((whole) => {
    const part = candles
      .filter(
        (other) =>
          other.source === whole.source &&
          other.coin === whole.coin &&
          other.kind === whole.kind &&
          intervalMs(other.interval) < intervalMs(whole.interval) &&
          intervalMs(whole.interval) % intervalMs(other.interval) === 0,
      )
      .at(-1);
    if (part === undefined || part.lastOpenMs < whole.firstOpenMs) return [];
    const joined = resample(loadCandles(db, part), whole.interval);
    return compare(loadCandles(db, whole), joined).map((found) => ({
      source: whole.source,
      coin: whole.coin,
      kind: whole.kind,
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
