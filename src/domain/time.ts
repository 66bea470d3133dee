import { didYouMean, UsageError } from './errors.ts';
import { type EpochMs, epochMs } from './units.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

/** Candle intervals of Hyperliquid that lie on the UTC-epoch grid and divide a day. */
export const INTERVALS_MS = {
  '1m': MINUTE_MS,
  '3m': 3 * MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '2h': 2 * HOUR_MS,
  '4h': 4 * HOUR_MS,
  '8h': 8 * HOUR_MS,
  '12h': 12 * HOUR_MS,
  '1d': DAY_MS,
} as const;

export type Interval = keyof typeof INTERVALS_MS;
export const INTERVALS = Object.keys(INTERVALS_MS) as readonly Interval[];

export function isInterval(text: string): text is Interval {
  return Object.hasOwn(INTERVALS_MS, text);
}

/** @throws UsageError naming the nearest intervals. */
export function parseInterval(text: string): Interval {
  if (isInterval(text)) return text;
  throw new UsageError(`unknown interval '${text}'`, { hint: didYouMean(text, INTERVALS) });
}

export function intervalMs(interval: Interval): number {
  return INTERVALS_MS[interval];
}

/** The interval of that length, if it is one. */
export function intervalOfMs(lengthMs: number): Interval | undefined {
  return INTERVALS.find((interval) => INTERVALS_MS[interval] === lengthMs);
}

/** `2025-07-26T04:00Z`; seconds and milliseconds only where they are not zero. */
export function formatTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return timeMs % MINUTE_MS === 0 ? `${iso.slice(0, 16)}Z` : iso.replace('.000Z', 'Z');
}

/** `2025-07-26` */
export function formatDate(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z?)?$/;

/**
 * A date or an instant, always UTC: `2025-07-26`, `2025-07-26T04:00`, `2025-07-26T04:00Z`.
 *
 * @throws UsageError for anything else, an impossible day included.
 */
export function parseTime(text: string): EpochMs {
  const withZone = text.length > 10 && !text.endsWith('Z') ? `${text}Z` : text;
  const timeMs = DATE.test(text) ? Date.parse(withZone) : Number.NaN;
  // Date.parse turns 31 February into March; a day that does not come back was never there.
  if (Number.isNaN(timeMs) || formatDate(timeMs) !== text.slice(0, 10)) {
    throw new UsageError(`'${text}' is not a date`, { hint: 'Write it as 2025-07-26 or 2025-07-26T04:00 (UTC).' });
  }
  return epochMs(timeMs);
}

/** `90d`, `36h`, `45m` in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+)(m|h|d|w)$/.exec(text);
  if (match === null) throw new UsageError(`'${text}' is not a duration`, { hint: 'Write it as 90d, 36h or 45m.' });
  const unitMs = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: WEEK_MS }[match[2] as 'm' | 'h' | 'd' | 'w'];
  return Number(match[1]) * unitMs;
}
