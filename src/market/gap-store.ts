import { formatTime, intervalMs } from '../domain/time.ts';
import type { MarketDatabase } from './database.ts';
import type { StoredSeries } from './series-store.ts';

/** A stretch without rows. */
export interface Gap {
  readonly fromMs: number;
  /** Exclusive: where the next stored row opens. */
  readonly toMs: number;
  /** Rows that the stretch lacks. */
  readonly missing: number;
}

export interface ExplainedGap extends Gap {
  /** What is known about it; null where nobody has delivered that stretch yet. */
  readonly reason: string | null;
}

/** The holes in a list of ascending times. */
export function holesBetween(timesMs: ArrayLike<number>, stepMs: number): Gap[] {
  const holes: Gap[] = [];
  for (let i = 1; i < timesMs.length; i++) {
    const fromMs = (timesMs[i - 1] as number) + stepMs;
    const toMs = timesMs[i] as number;
    if (toMs > fromMs) holes.push({ fromMs, toMs, missing: (toMs - fromMs) / stepMs });
  }
  return holes;
}

export function describeGap(gap: Gap): string {
  return `${formatTime(gap.fromMs)} to ${formatTime(gap.toMs)} (${gap.missing} missing)`;
}

/**
 * Writes down the holes of a delivery of candles as known gaps, and takes back those that it fills. Call inside the
 * transaction that wrote the rows.
 */
export function recordGaps(
  db: MarketDatabase,
  series: StoredSeries,
  holes: readonly Gap[],
  rows: readonly { readonly openTimeMs: number }[],
  origin: string,
): void {
  const firstMs = rows[0]?.openTimeMs;
  const lastMs = rows[rows.length - 1]?.openTimeMs;
  if (firstMs === undefined || lastMs === undefined) return;
  const known = db
    .prepare(
      `SELECT from_ms AS fromMs, to_ms AS toMs, reason FROM gaps
        WHERE series = ? AND from_ms <= ? AND to_ms > ? ORDER BY from_ms`,
    )
    .all(series.id, lastMs, firstMs) as Omit<ExplainedGap, 'missing'>[];
  const remove = db.prepare('DELETE FROM gaps WHERE series = ? AND from_ms = ?');
  // The edges of a known gap are stored rows, so the parts of a new hole coincide with it or lie outside. What was
  // known first keeps its reason; so it is written last.
  const insert = db.prepare('INSERT OR REPLACE INTO gaps (series, from_ms, to_ms, reason) VALUES (?, ?, ?, ?)');
  for (const gap of known) remove.run(series.id, gap.fromMs);
  for (const gap of [...holes.map((hole) => ({ ...hole, reason: `absent in ${origin}` })), ...known]) {
    for (const part of emptyParts(db, series, gap.fromMs, gap.toMs)) {
      insert.run(series.id, part.fromMs, part.toMs, gap.reason);
    }
  }
}

/** The parts of a stretch for which nothing is stored. */
function emptyParts(db: MarketDatabase, series: StoredSeries, fromMs: number, toMs: number): Gap[] {
  const stepMs = intervalMs(series.interval);
  const stored = db
    .prepare('SELECT t FROM candles WHERE series = ? AND t >= ? AND t < ? ORDER BY t')
    .pluck()
    .all(series.id, fromMs, toMs) as number[];
  return holesBetween([fromMs - stepMs, ...stored, toMs], stepMs);
}

/** Every hole of a stored candle series, with its reason where a delivery has shown that there is nothing. */
export function gapsOf(db: MarketDatabase, series: StoredSeries): ExplainedGap[] {
  const stepMs = intervalMs(series.interval);
  const holes = db
    .prepare(
      `SELECT previous + ? AS fromMs, t AS toMs FROM (
         SELECT t, lag(t) OVER (ORDER BY t) AS previous FROM candles WHERE series = ?
       ) WHERE t - previous > ?`,
    )
    .all(stepMs, series.id, stepMs) as { fromMs: number; toMs: number }[];
  const reason = db.prepare('SELECT reason FROM gaps WHERE series = ? AND from_ms <= ? AND to_ms >= ?').pluck();
  return holes.map(({ fromMs, toMs }) => ({
    fromMs,
    toMs,
    missing: (toMs - fromMs) / stepMs,
    reason: (reason.get(series.id, fromMs, toMs) as string | undefined) ?? null,
  }));
}
