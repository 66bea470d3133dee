import { intervalMs } from '../../domain/time.ts';
import type { MarketDatabase } from '../database.ts';
import { FUNDING_MAX_AGE_MS } from '../funding-rates.ts';
import { type SeriesKey, storedRows } from '../series-store.ts';
import { INGEST_ORIGIN } from './contract.ts';

/** Times from … to (exclusive), on the grid of their series. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface MissingStretch extends Stretch {
  /** There is a row before it, so that it is a hole or what came after the last row; else nothing older is stored. */
  readonly isAfterRow: boolean;
  /** There is a row after it. */
  readonly isBeforeRow: boolean;
}

/**
 * The parts of a stretch for which a series has no rows, and of which nobody has said why: what is left to ask for.
 * That a file lacks them says nothing about the exchange. The newest first.
 */
export function missingStretches(db: MarketDatabase, key: SeriesKey, { fromMs, toMs }: Stretch): MissingStretch[] {
  const stepMs = intervalMs(key.interval);
  const startMs = Math.ceil(fromMs / stepMs) * stepMs;
  const endMs = Math.floor(toMs / stepMs) * stepMs;
  if (startMs >= endMs) return [];
  const series = idOf(db, key);
  if (series === undefined) return [{ fromMs: startMs, toMs: endMs, isAfterRow: false, isBeforeRow: false }];
  const rows = storedRows(key.kind);
  const holes = db
    .prepare(
      `SELECT previous + $step AS fromMs, t AS toMs FROM (
         SELECT t, lag(t, 1, $start - $step) OVER (ORDER BY t) AS previous FROM (
           SELECT t FROM ${rows} WHERE series = $series AND t >= $start AND t < $end UNION ALL SELECT $end
         )
       ) WHERE t - previous > $step`,
    )
    .all({ series, start: startMs, end: endMs, step: stepMs }) as Stretch[];
  const claims = db
    .prepare(
      `SELECT from_ms AS fromMs, to_ms AS toMs FROM gaps
        WHERE series = ? AND (reason <> 'unknown' OR origin = ?) ORDER BY from_ms`,
    )
    .all(series, INGEST_ORIGIN) as Stretch[];
  return holes
    .filter((hole) => !isEightHourly(key, hole))
    .flatMap((hole) => without(hole, claims))
    .map(placedIn(db, key, series))
    .reverse();
}

/** A stretch on the grid of its series, whatever is stored of it or said about it; none where it is empty. */
export function wholeStretch(db: MarketDatabase, key: SeriesKey, { fromMs, toMs }: Stretch): MissingStretch[] {
  const stepMs = intervalMs(key.interval);
  const whole = { fromMs: Math.ceil(fromMs / stepMs) * stepMs, toMs: Math.floor(toMs / stepMs) * stepMs };
  return whole.fromMs < whole.toMs ? [placedIn(db, key, idOf(db, key))(whole)] : [];
}

function placedIn(
  db: MarketDatabase,
  { kind }: SeriesKey,
  id: number | undefined,
): (stretch: Stretch) => MissingStretch {
  const rows = `FROM ${storedRows(kind)} WHERE series = ?`;
  const first = db
    .prepare(`SELECT min(t) ${rows}`)
    .pluck()
    .get(id ?? null) as number | null;
  const last = db
    .prepare(`SELECT max(t) ${rows}`)
    .pluck()
    .get(id ?? null) as number | null;
  return ({ fromMs, toMs }) => ({
    fromMs,
    toMs,
    isAfterRow: first !== null && first < fromMs,
    isBeforeRow: last !== null && last >= toMs,
  });
}

/** So many rows a stretch of that series can have. */
export function rowsOf({ interval }: SeriesKey, { fromMs, toMs }: Stretch): number {
  return (toMs - fromMs) / intervalMs(interval);
}

/** Until June 2023 the exchange settled every eight hours: between those there is nothing to ask for. */
export function isEightHourly({ kind, interval }: SeriesKey, { fromMs, toMs }: Stretch): boolean {
  return kind === 'funding' && toMs - fromMs === FUNDING_MAX_AGE_MS - intervalMs(interval);
}

function idOf(db: MarketDatabase, { source, coin, interval, kind }: SeriesKey): number | undefined {
  return db
    .prepare('SELECT id FROM series WHERE source = ? AND coin = ? AND interval = ? AND kind = ?')
    .pluck()
    .get(source, coin, interval, kind) as number | undefined;
}

/** The parts of a stretch that lie in none of the others, which ascend. */
function without({ fromMs, toMs }: Stretch, others: readonly Stretch[]): Stretch[] {
  const parts: Stretch[] = [];
  let startMs = fromMs;
  for (const other of others) {
    if (other.toMs <= startMs) continue;
    if (other.fromMs >= toMs) break;
    if (other.fromMs > startMs) parts.push({ fromMs: startMs, toMs: other.fromMs });
    startMs = other.toMs;
  }
  return startMs < toMs ? [...parts, { fromMs: startMs, toMs }] : parts;
}
