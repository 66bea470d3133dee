import { didYouMean, UsageError } from '../../domain/errors.ts';

/** A value of a frame for research: NaN where a number does not exist. */
export type Cell = string | number;

/** What danfojs calls text and numbers; its numbers are doubles all the same. */
export const TEXT = 'string' as const;
export const NUMBER = 'float32' as const;
export type CellKind = typeof TEXT | typeof NUMBER;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** Month (`2025-07`), weekday (`Mon`) and hour in UTC: what one groups by. */
export function calendarOf(timeMs: number): [month: string, weekday: string, hour: number] {
  const at = new Date(timeMs);
  return [at.toISOString().slice(0, 7), WEEKDAYS[(at.getUTCDay() + 6) % 7] as string, at.getUTCHours()];
}

/**
 * Which of two cells of one column comes first: numbers by size and weekdays from Monday; text by the number that it
 * begins with (`2 %` before `10 %`), and then by letters.
 *
 * @returns below zero for the first, 0 for equals; NaN equals everything
 */
export function compareCells(one: Cell, other: Cell): number {
  if (typeof one === 'number' || typeof other === 'number') return Number(one) - Number(other) || 0;
  const days = [WEEKDAYS.indexOf(one), WEEKDAYS.indexOf(other)] as const;
  if (Math.min(...days) >= 0) return days[0] - days[1];
  return Number.parseFloat(one) - Number.parseFloat(other) || (one < other ? -1 : one > other ? 1 : 0);
}

/** One line of CSV; text with a comma, a quote or a line break is quoted. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map((cell) => quoted(`${cell}`)).join(',')}\n`;
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @throws UsageError for a column that is not there, with the nearest names */
export function placeOf(columns: readonly string[], column: string): number {
  const place = columns.indexOf(column);
  if (place >= 0) return place;
  throw new UsageError(`there is no column '${column}'`, { hint: didYouMean(column, columns) });
}
