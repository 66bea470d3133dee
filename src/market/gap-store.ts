import { formatTime, HOUR_MS, intervalMs } from '../domain/time.ts';
import { countBlocks } from './blocks.ts';
import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';
import { FUNDING_MAX_AGE_MS } from './funding-rates.ts';
import {
  isCandles,
  type SeriesKey,
  type SeriesSpan,
  type StoredSeries,
  seriesId,
  spanOf,
  storedRows,
} from './series-store.ts';

/** A stretch without rows. */
export interface Gap {
  readonly fromMs: number;
  /** Exclusive: where the next stored row opens. */
  readonly toMs: number;
  /** Rows that the stretch lacks. */
  readonly missing: number;
}

/**
 * Why there is nothing: the venue stood still, the coin was not listed yet, the venue had it once and serves it no
 * more; or nobody has said why.
 */
export const GAP_REASONS = ['venue-stop', 'before-listing', 'not-served', 'unknown'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** What somebody says of a stretch without rows. */
export interface GapClaim {
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly reason: GapReason;
  /** Who says so: a file that had no rows there, the exchange's answer. */
  readonly origin: string;
}

export interface ExplainedGap extends Gap {
  readonly reason: GapReason;
  /** Who says so; null where nobody has delivered that stretch yet. */
  readonly origin: string | null;
  /** Before the first row or after the last: nothing that the series itself lacks. */
  readonly isOutside: boolean;
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
  return `${formatTime(gap.fromMs)} to ${formatTime(gap.toMs)} (${gap.missing.toLocaleString('en-US')} missing)`;
}

/**
 * Writes down why stretches of a series have no rows, before its first row included. Of a stretch only what is really
 * empty is kept. A later claim replaces an earlier one, but for 'unknown', which replaces nothing.
 *
 * @param claims on the grid of the interval
 */
export function recordGaps(db: MarketDatabase, key: SeriesKey, claims: readonly GapClaim[]): void {
  if (claims.length === 0) return;
  inTransaction(db, () => {
    const claimed = new ClaimedGaps(db, { ...key, id: seriesId(db, key) });
    for (const claim of claims) claimed.lay(claim);
  });
}

/**
 * Takes back what was claimed of times that have rows now, and notes the holes of their delivery as unknown. Call
 * inside the transaction that wrote the rows.
 *
 * @param timesMs of the rows, ascending
 */
export function noteGaps(
  db: MarketDatabase,
  series: StoredSeries,
  timesMs: readonly number[],
  holes: readonly Gap[],
  origin: string,
): void {
  const firstMs = timesMs[0];
  const lastMs = timesMs.at(-1);
  if (firstMs === undefined || lastMs === undefined) return;
  const claimed = new ClaimedGaps(db, series);
  for (const known of claimed.touching(firstMs, lastMs)) claimed.lay(known);
  for (const { fromMs, toMs } of holes) claimed.lay({ fromMs, toMs, reason: 'unknown', origin });
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is claimed of the gaps of one series. No two claims overlap, and those that could be one are. */
class ClaimedGaps {
  readonly #series: StoredSeries;
  readonly #touching;
  readonly #stored;
  readonly #remove;
  readonly #insert;

  constructor(db: MarketDatabase, series: StoredSeries) {
    this.#series = series;
    this.#touching = db.prepare(
      `SELECT from_ms AS fromMs, to_ms AS toMs, reason, origin FROM gaps
        WHERE series = ? AND from_ms <= ? AND to_ms >= ? ORDER BY from_ms`,
    );
    const rows = storedRows(series.kind);
    this.#stored = db.prepare(`SELECT t FROM ${rows} WHERE series = ? AND t >= ? AND t < ? ORDER BY t`).pluck();
    this.#remove = db.prepare('DELETE FROM gaps WHERE series = ? AND from_ms = ?');
    this.#insert = db.prepare('INSERT INTO gaps (series, from_ms, to_ms, reason, origin) VALUES (?, ?, ?, ?, ?)');
  }

  /** The claims on these times and on those beside them, with which they may become one. */
  touching(fromMs: number, toMs: number): GapClaim[] {
    return this.#touching.all(this.#series.id, toMs, fromMs) as GapClaim[];
  }

  lay(claim: GapClaim): void {
    const { fromMs, toMs } = claim;
    const before = this.touching(fromMs, toMs);
    const empty = this.emptyParts(fromMs, toMs);
    const known = clip(before, empty);
    const fresh = empty.map((part) => ({ ...claim, ...part }));
    const [over, under] = claim.reason === 'unknown' ? [known, fresh] : [fresh, known];
    const { id } = this.#series;
    for (const each of before) this.#remove.run(id, each.fromMs);
    for (const each of joined([...subtract(before, [claim]), ...over, ...subtract(under, over)])) {
      this.#insert.run(id, each.fromMs, each.toMs, each.reason, each.origin);
    }
  }

  /** The parts of a stretch for which nothing is stored. */
  emptyParts(fromMs: number, toMs: number): Stretch[] {
    const stepMs = intervalMs(this.#series.interval);
    const stored = this.#stored.all(this.#series.id, fromMs, toMs) as number[];
    const holes = holesBetween([fromMs - stepMs, ...stored, toMs], stepMs);
    return holes.map((hole) => ({ fromMs: hole.fromMs, toMs: hole.toMs }));
  }
}

/** The parts of ascending claims that lie in ascending stretches. */
function clip(claims: readonly GapClaim[], stretches: readonly Stretch[]): GapClaim[] {
  const parts: GapClaim[] = [];
  let next = 0;
  for (const claim of claims) {
    while (next < stretches.length && (stretches[next] as Stretch).toMs <= claim.fromMs) next++;
    for (let i = next; i < stretches.length && (stretches[i] as Stretch).fromMs < claim.toMs; i++) {
      const { fromMs, toMs } = stretches[i] as Stretch;
      parts.push({ ...claim, fromMs: Math.max(claim.fromMs, fromMs), toMs: Math.min(claim.toMs, toMs) });
    }
  }
  return parts;
}

/** The parts of ascending claims that lie outside ascending stretches. */
function subtract(claims: readonly GapClaim[], stretches: readonly Stretch[]): GapClaim[] {
  return clip(claims, complement(stretches));
}

function complement(stretches: readonly Stretch[]): Stretch[] {
  const starts = [Number.NEGATIVE_INFINITY, ...stretches.map(({ toMs }) => toMs)];
  const ends = [...stretches.map(({ fromMs }) => fromMs), Number.POSITIVE_INFINITY];
  return starts.map((fromMs, i) => ({ fromMs, toMs: ends[i] as number })).filter(({ fromMs, toMs }) => fromMs < toMs);
}

/** In order, and those that say the same of neighbouring times as one. */
function joined(claims: readonly GapClaim[]): GapClaim[] {
  const whole: GapClaim[] = [];
  for (const claim of claims.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = whole.at(-1);
    if (last?.toMs === claim.fromMs && last.reason === claim.reason && last.origin === claim.origin) {
      whole[whole.length - 1] = { ...last, toMs: claim.toMs };
    } else {
      whole.push(claim);
    }
  }
  return whole;
}

/** Every hole of a stored series with what is known of it, and what is known of the times before and after its rows. */
export function gapsOf(db: MarketDatabase, series: StoredSeries): ExplainedGap[] {
  return onSnapshot(db, () => {
    const claimed = new ClaimedGaps(db, series);
    const claims = claimed.touching(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const span = spanOf(db, series);
    const stepMs = intervalMs(series.interval);
    const covered = span === undefined ? [] : [{ fromMs: span.firstOpenMs, toMs: span.lastOpenMs + stepMs }];
    const holes = span === undefined ? [] : holesOf(db, span, claimed);
    const explained = clip(claims, holes);
    const nothingSaid = holes.map(({ fromMs, toMs }) => ({ fromMs, toMs, reason: 'unknown', origin: '' }) as const);
    const gapOf = (claim: GapClaim): ExplainedGap => ({
      ...claim,
      missing: (claim.toMs - claim.fromMs) / stepMs,
      isOutside: false,
    });
    return [
      ...subtract(claims, covered).map((claim) => ({ ...gapOf(claim), isOutside: true })),
      ...explained.map(gapOf),
      ...subtract(nothingSaid, explained).map((claim) => ({ ...gapOf(claim), origin: null })),
    ].sort((a, b) => a.fromMs - b.fromMs);
  });
}

function holesOf(db: MarketDatabase, series: SeriesSpan, claimed: ClaimedGaps): Stretch[] {
  return isCandles(series) ? holesInCandles(db, series, claimed) : holesInFunding(series, claimed);
}

/** The times between the first candle and the last that have none. Blocks that are full are not looked into. */
function holesInCandles(db: MarketDatabase, series: SeriesSpan, claimed: ClaimedGaps): Stretch[] {
  const holes: Stretch[] = [];
  for (const { fromMs, toMs, candles, possible } of countBlocks(db, series)) {
    if (candles === possible) continue;
    for (const hole of claimed.emptyParts(fromMs, toMs)) {
      const last = holes.at(-1);
      if (last?.toMs === hole.fromMs) holes[holes.length - 1] = { fromMs: last.fromMs, toMs: hole.toMs };
      else holes.push(hole);
    }
  }
  return holes;
}

/**
 * Hours without a settlement. The exchange settled every eight hours until June 2023: a distance of eight hours is
 * none.
 */
function holesInFunding(series: SeriesSpan, claimed: ClaimedGaps): Stretch[] {
  const holes = claimed.emptyParts(series.firstOpenMs, series.lastOpenMs);
  return holes.filter(({ fromMs, toMs }) => toMs - fromMs !== FUNDING_MAX_AGE_MS - HOUR_MS);
}
