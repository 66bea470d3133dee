import { intervalMs, MINUTE_MS } from '../../domain/time.ts';
import type { MarketDatabase } from '../database.ts';
import { type GapClaim, type GapReason, recordGaps } from '../gap-store.ts';
import { HOME_SOURCE, listSeries, type SeriesSpan } from '../series-store.ts';
import { INGEST_ORIGIN } from './contract.ts';
import type { Stretch } from './missing.ts';

/** A candle without trades may come late, but not by more than this. */
export const SETTLING_MS = 30 * MINUTE_MS;

interface Hole extends Stretch {
  readonly series: number;
  readonly reason: GapReason;
}

/**
 * Tells stops of the venue from holes that nobody can explain. A venue that stands still stands still for all coins: a
 * time that at least two coins of an interval lack, and that none has of those with candles before and after it, was a
 * venue stop. A time that one coin lacks alone stays unknown: it may be the venue, or what we were told.
 *
 * @param fromMs holes that end before this are left as they are
 * @param settledMs likewise those that end after this: a candle without trades can come late
 */
export function explainHoles(db: MarketDatabase, fromMs: number, settledMs: number): void {
  const unexplained = db
    .prepare("SELECT 1 FROM gaps WHERE reason = 'unknown' AND to_ms > ? AND to_ms <= ? LIMIT 1")
    .get(fromMs, settledMs);
  if (unexplained === undefined) return;
  const home = listSeries(db).filter(({ source, kind }) => source === HOME_SOURCE && kind === 'trade');
  for (const [interval, series] of Map.groupBy(home, (each) => each.interval)) {
    const stops = venueStops(series, holesIn(db, series, fromMs, settledMs), intervalMs(interval));
    for (const span of series) recordGaps(db, span, stops.get(span.id) ?? []);
  }
}

/** What is known to be missing inside a series, as far as a stop of the venue may be the reason. */
function holesIn(db: MarketDatabase, series: readonly SeriesSpan[], fromMs: number, settledMs: number): Hole[] {
  const select = db.prepare(
    `SELECT series, from_ms AS fromMs, to_ms AS toMs, reason FROM gaps
      WHERE series = ? AND to_ms > ? AND to_ms <= ? AND from_ms > ? AND to_ms <= ?`,
  );
  return series.flatMap((span) => select.all(span.id, fromMs, settledMs, span.firstOpenMs, span.lastOpenMs) as Hole[]);
}

function venueStops(series: readonly SeriesSpan[], holes: readonly Hole[], stepMs: number): Map<number, GapClaim[]> {
  const stops = new Map<number, GapClaim[]>();
  const edges = [...new Set(holes.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].sort((a, b) => a - b);
  for (let i = 1; i < edges.length; i++) {
    const fromMs = edges[i - 1] as number;
    const toMs = edges[i] as number;
    const lacking = holes.filter((hole) => hole.fromMs <= fromMs && hole.toMs >= toMs);
    const askable = series.filter((span) => span.firstOpenMs < fromMs && span.lastOpenMs + stepMs > toMs);
    if (lacking.length < 2 || lacking.length < askable.length) continue;
    for (const { series: id, reason } of lacking) {
      if (reason !== 'unknown') continue;
      const claim: GapClaim = { fromMs, toMs, reason: 'venue-stop', origin: INGEST_ORIGIN };
      stops.set(id, [...(stops.get(id) ?? []), claim]);
    }
  }
  return stops;
}
