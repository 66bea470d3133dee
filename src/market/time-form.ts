import { DataError } from '../domain/errors.ts';
import { type Cell, numberOf, shown } from './table.ts';

/** How a column writes times. */
export interface TimeForm {
  /** As a person says it: 'UTC milliseconds'. */
  readonly text: string;
  /** UTC milliseconds; NaN for a cell of another form. */
  readonly read: (cell: Cell) => number;
}

interface Unit {
  readonly name: string;
  /** A time of the years 2001 to 2286 lies from this to ten times this. */
  readonly least: number;
  /** Digits of it beyond whole milliseconds; negative where it has fewer. */
  readonly extraDigits: number;
}

const UNITS: readonly Unit[] = [
  { name: 'seconds', least: 1e9, extraDigits: -3 },
  { name: 'milliseconds', least: 1e12, extraDigits: 0 },
  { name: 'microseconds', least: 1e15, extraDigits: 3 },
  { name: 'nanoseconds', least: 1e18, extraDigits: 6 },
];

const LEAST_MS = 1e12;
const MOST_MS = 1e13;

const DATE = String.raw`(\d{4})([-/])(\d{2})\2(\d{2})`;
const TIME_OF_DAY = String.raw`(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const ZONE = String.raw`Z|UTC|GMT|[+-]\d{2}:?\d{2}`;
const WRITTEN = new RegExp(`^${DATE}(?:[T ]${TIME_OF_DAY})?\\s*(${ZONE})?$`, 'i');

/**
 * Recognises how the times of a file are written, by its first rows.
 *
 * @param cells of the column, at least one
 * @param isZoneless the format itself says that they have no zone
 * @throws DataError for times that cannot be understood, or not in one way alone
 */
export function recogniseTimes(file: string, column: string, cells: readonly Cell[], isZoneless: boolean): TimeForm {
  const [first] = cells;
  if (first instanceof Date) {
    return {
      text: isZoneless ? 'timestamps without a zone, read as UTC' : 'UTC timestamps',
      read: (cell) => (cell instanceof Date ? cell.getTime() : Number.NaN),
    };
  }
  const number = numberOf(first);
  const unit = UNITS.find(({ least }) => number >= least && number < least * 10);
  if (unit !== undefined) return { text: `UTC ${unit.name}`, read: (cell) => readNumber(cell, unit) };
  const hasZone = cells.some((cell) => zoneOf(cell) !== undefined);
  if (typeof first === 'string' && !Number.isNaN(readWritten(first, hasZone))) {
    return {
      text: hasZone ? 'dates with their zone' : 'dates without a zone, read as UTC',
      read: (cell) => (typeof cell === 'string' ? readWritten(cell, hasZone) : Number.NaN),
    };
  }
  throw new DataError(`${file}: the times in column '${column}' are not understood: '${shown(first)}'`, {
    hint: hintFor(first, number),
  });
}

/** Text is cut, not divided: 19 digits do not fit into a double, and rounding up could make it the next minute. */
function readNumber(cell: Cell, { least, extraDigits }: Unit): number {
  const value = numberOf(cell);
  if (!(value >= least && value < least * 10)) return Number.NaN;
  if (extraDigits < 0) return Math.round(value * 10 ** -extraDigits);
  if (extraDigits === 0) return value;
  const digits = String(cell);
  return /^\d+$/.test(digits) ? Number(digits.slice(0, -extraDigits)) : Math.floor(value / 10 ** extraDigits);
}

function zoneOf(cell: Cell): string | undefined {
  return typeof cell === 'string' ? WRITTEN.exec(cell.trim())?.[9] : undefined;
}

/** @returns NaN where the zone is there in one row and absent in another */
function readWritten(text: string, hasZone: boolean): number {
  const match = WRITTEN.exec(text.trim());
  if (match === null) return Number.NaN;
  const [, year, , month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  if ((zone !== undefined) !== hasZone) return Number.NaN;
  const parts = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const timeMs = Date.UTC(parts[0], parts[1] - 1, parts[2], parts[3], parts[4], parts[5]);
  // Date.UTC makes March of 31 February; a time that does not come back was never there.
  const back = new Date(timeMs);
  if (back.getUTCDate() !== parts[2] || back.getUTCHours() !== parts[3] || back.getUTCMinutes() !== parts[4]) {
    return Number.NaN;
  }
  return timeMs + Number(fraction.slice(0, 3).padEnd(3, '0')) - offsetMs(zone);
}

function offsetMs(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}

function hintFor(cell: Cell, number: number): string {
  if (typeof cell === 'string' && /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}/.test(cell.trim())) {
    return 'It may be day and month, or month and day. Write dates as 2025-07-26 04:00 (UTC).';
  }
  if (number > 20_000 && number < 80_000) {
    return 'It looks like days of a spreadsheet. Write times as 2025-07-26 04:00 (UTC), or as milliseconds since 1970.';
  }
  return 'What is: seconds, milliseconds, microseconds or nanoseconds since 1970, and dates like 2025-07-26T04:00Z.';
}

/** Whether it is a time of the years 2001 to 2286. */
export function isTimeMs(value: number): boolean {
  return value >= LEAST_MS && value < MOST_MS;
}
