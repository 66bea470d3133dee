import { DAY_MS, WEEK_MS } from '../domain/time.ts';

/** The study's time. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Monday 00:00 UTC of the ISO week: the epoch was a Thursday. */
export function weekOf(timeMs: number): number {
  return Math.floor((timeMs + 3 * DAY_MS) / WEEK_MS) * WEEK_MS - 3 * DAY_MS;
}
