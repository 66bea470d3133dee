/**
 * How numbers are shown to people: the one place where a fraction becomes per cent. Text, so that tables and charts
 * agree. A true minus sign and a thin space before the unit; a missing value is a word, never an empty cell.
 */

export const NOT_AVAILABLE = 'n/a';

const MINUS = '−';
/** Narrow and unbreakable, so that a number never parts from its unit. */
const SPACE = '\u202f';

const formatters = new Map<number, Intl.NumberFormat>();

function formatter(decimals: number): Intl.NumberFormat {
  const known = formatters.get(decimals);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  formatters.set(decimals, made);
  return made;
}

/** `1,234.50`, `−0.07`; zero has no sign. */
export function formatNumber(value: number | null, decimals = 0): string {
  if (value === null || Number.isNaN(value)) return NOT_AVAILABLE;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const text = formatter(decimals).format(Math.abs(value));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** The same with a sign in front of what is above zero: `+0.31`. */
export function formatSigned(value: number | null, decimals = 0): string {
  const text = formatNumber(value, decimals);
  return value !== null && value > 0 && /[1-9∞]/.test(text) ? `+${text}` : text;
}

/** A fraction as per cent: 0.0125 is `1.3 %`. */
export function formatPercent(fraction: number | null, decimals = 1): string {
  return withUnit(formatNumber(fraction === null ? null : fraction * 100, decimals), '%');
}

/** A change: `+1.3 %`. */
export function formatSignedPercent(fraction: number | null, decimals = 1): string {
  return withUnit(formatSigned(fraction === null ? null : fraction * 100, decimals), '%');
}

/** Multiples of the initial risk: `+0.12 R`. */
export function formatR(value: number | null, decimals = 2): string {
  return withUnit(formatSigned(value, decimals), 'R');
}

/** Dollars: `$1,234.50`, `−$3.20`. */
export function formatUsd(value: number | null, decimals = 2): string {
  const text = formatNumber(value, decimals);
  if (text === NOT_AVAILABLE) return text;
  return text.startsWith(MINUS) ? `${MINUS}$${text.slice(1)}` : `$${text}`;
}

/** A probability from counts: three decimals, and more where three would say 0. */
export function formatP(value: number | null): string {
  if (value === null || Number.isNaN(value)) return NOT_AVAILABLE;
  return value > 0 && value < 0.0005 ? value.toPrecision(1) : value.toFixed(3);
}

/** A price with as many digits as it was given: `104,250`, `0.98765`. */
export function formatPrice(value: number): string {
  const decimals = Math.min(8, `${value}`.split('.')[1]?.length ?? 0);
  return formatNumber(value, decimals);
}

/** A share as people count it: `963 of 1,000`. */
export function formatShare(count: number, total: number): string {
  return `${formatNumber(count)} of ${formatNumber(total)}`;
}

/** `1 trade`, `12 trades`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}

const MINUTES_OF = { d: 1440, h: 60, min: 1 } as const;

/** A length of time in its two largest units: `3 d 4 h`. */
export function formatDuration(lengthMs: number): string {
  let minutes = Math.round(lengthMs / 60_000);
  const parts: string[] = [];
  for (const [unit, length] of Object.entries(MINUTES_OF)) {
    const count = Math.floor(minutes / length);
    minutes -= count * length;
    if (count > 0) parts.push(`${count}${SPACE}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || `0${SPACE}min`;
}

/** What a run took: `0.8 s`, `12.4 s`, and in minutes from two of them on. */
export function formatSeconds(lengthMs: number): string {
  return lengthMs < 120_000 ? withUnit(formatNumber(lengthMs / 1000, 1), 's') : formatDuration(lengthMs);
}

/** `2025-07-26 04:00`, UTC. */
export function formatInstant(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ');
}

/** `26 Jul 2025`, UTC. */
export function formatDay(timeMs: number): string {
  const [year, month, day] = new Date(timeMs).toISOString().slice(0, 10).split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}`;
}

/** `2025-07` as `Jul 2025`. */
export function formatMonth(month: string): string {
  return `${MONTHS[Number(month.slice(5, 7)) - 1]} ${month.slice(0, 4)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function withUnit(text: string, unit: string): string {
  return text === NOT_AVAILABLE ? text : `${text}${SPACE}${unit}`;
}
