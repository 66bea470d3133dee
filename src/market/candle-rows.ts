import { type ClosedCandle, impossibilityOf } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import { formatTime, HOUR_MS, type Interval, intervalMs, intervalOfMs, MINUTE_MS } from '../domain/time.ts';
import { DefectLog, UNREADABLE_LINES_HINT } from './defects.ts';
import { type Gap, holesBetween } from './gap-store.ts';

/** Candles of one file with where each stands in it. */
export interface PlacedCandles {
  readonly file: string;
  readonly candles: readonly ClosedCandle[];
  readonly lines: readonly number[];
  /** What was found wrong with other lines of it. */
  readonly defects?: DefectLog;
}

const OFF_GRID = 'time off the grid';
const DUPLICATE = 'time seen before';
const BACKWARDS = 'time before the line above';

/**
 * Checks that the rows are candles of that interval, in order and each only once. Holes are no defect: they are data.
 *
 * @throws DataError that counts the bad lines by kind, names the first of each and says what the likely cause is
 */
export function checkCandles(placed: PlacedCandles, interval: Interval): void {
  const { file, candles, lines, defects = new DefectLog() } = placed;
  const unreadable = defects.badLines;
  checkTimeUnit(file, candles, lines);
  checkSpacing(file, candles, interval);
  const stepMs = intervalMs(interval);
  let newestMs = Number.NEGATIVE_INFINITY;
  let seen: Set<number> | undefined;
  for (let i = 0; i < candles.length; i++) {
    const candle = candles[i] as ClosedCandle;
    const timeMs = candle.openTimeMs;
    const line = lines[i] as number;
    if (timeMs % stepMs !== 0) defects.add(OFF_GRID, line, () => `${formatTime(timeMs)} is no ${interval} open`);
    if (timeMs <= newestMs) {
      // Only a file out of order needs to remember its times.
      seen ??= new Set(candles.slice(0, i).map((above) => above.openTimeMs));
      if (seen.has(timeMs)) defects.add(DUPLICATE, line, () => formatTime(timeMs));
      else defects.add(BACKWARDS, line, () => `${formatTime(timeMs)} after ${formatTime(newestMs)}`);
    }
    seen?.add(timeMs);
    newestMs = Math.max(newestMs, timeMs);
    const impossible = impossibilityOf(candle);
    if (impossible !== undefined) defects.add(impossible, line, () => describe(candle));
  }
  if (defects.badLines === 0) return;
  const hint = defects.badLines === unreadable ? UNREADABLE_LINES_HINT : likelyCause(defects, candles, interval);
  defects.throwIfAny(file, candles.length + unreadable, hint);
}

function describe({ openTimeMs, open, high, low, close, volume }: ClosedCandle): string {
  return `${formatTime(openTimeMs)} o ${open} h ${high} l ${low} c ${close} v ${volume}`;
}

/** Milliseconds of the years 2001 to 2286 have 13 digits. */
const EARLIEST_MS = 1e12;
const LATEST_MS = 1e13;

function checkTimeUnit(file: string, candles: readonly ClosedCandle[], lines: readonly number[]): void {
  const bad = candles.findIndex(({ openTimeMs }) => !(openTimeMs >= EARLIEST_MS && openTimeMs < LATEST_MS));
  if (bad === -1) return;
  const time = candles[bad]?.openTimeMs as number;
  const unit = time >= 1e9 && time < 1e10 ? 'seconds' : time >= 1e15 && time < 1e16 ? 'microseconds' : undefined;
  throw new DataError(`${file}: line ${lines[bad]}: t is ${time}, which is no time in milliseconds`, {
    hint:
      unit === undefined
        ? 'Times are UTC milliseconds since 1970.'
        : `It looks like ${unit}; convert t to milliseconds.`,
  });
}

/** The most common distance between two rows, where more than half of all distances are that. */
export function usualSpacingMs(timesMs: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (let i = 1; i < timesMs.length; i++) {
    const distance = (timesMs[i] as number) - (timesMs[i - 1] as number);
    counts.set(distance, (counts.get(distance) ?? 0) + 1);
  }
  for (const [distance, count] of counts) if (count * 2 > timesMs.length - 1) return distance;
  return undefined;
}

function checkSpacing(file: string, candles: readonly ClosedCandle[], interval: Interval): void {
  const spacingMs = usualSpacingMs(candles.map((candle) => candle.openTimeMs));
  // One distance alone may be a hole.
  if (candles.length < 3 || spacingMs === undefined || spacingMs <= 0 || spacingMs === intervalMs(interval)) return;
  const likely = intervalOfMs(spacingMs);
  const spacing = likely ?? `${spacingMs / MINUTE_MS} minutes`;
  throw new DataError(`${file}: the rows are ${spacing} apart, not ${interval}`, {
    hint:
      likely === undefined
        ? 'That is no interval of the exchange.'
        : `If they are right, rename the file; or, if its name says no interval, import it with --interval ${likely}.`,
  });
}

function likelyCause(defects: DefectLog, candles: readonly ClosedCandle[], interval: Interval): string {
  const times = candles.map((candle) => candle.openTimeMs);
  const repeated = defects.count(DUPLICATE) + defects.count(BACKWARDS);
  const lostHour = lostHours(times, interval)[0];
  if (defects.count(OFF_GRID) > 0) return offGridCause(times, interval);
  if (repeated > 0 && (repeated * intervalMs(interval)) % HOUR_MS === 0 && lostHour !== undefined) {
    return (
      'The likely cause: local time with daylight saving, read as UTC: an hour repeats in autumn, and another is ' +
      `missing in spring (${formatTime(lostHour.fromMs)}). Convert the times to UTC and import the file again.`
    );
  }
  if (defects.count(BACKWARDS) > 0)
    return 'The likely cause: files joined out of order. Sort the rows by t and import again.';
  if (repeated > 0) return 'The likely cause: files joined that overlap. Keep one row for each time and import again.';
  return 'No market can have made these candles. Fetch them again from where they come from.';
}

/** Holes of exactly one hour. */
function lostHours(timesMs: readonly number[], interval: Interval): Gap[] {
  return holesBetween(timesMs, intervalMs(interval)).filter((hole) => hole.toMs - hole.fromMs === HOUR_MS);
}

/** A recorder restarts a few times; more different offsets than this have another cause. */
const MOST_RECORDER_OFFSETS = 10;

function offGridCause(timesMs: readonly number[], interval: Interval): string {
  const offsets = [...new Set(timesMs.map((time) => time % intervalMs(interval)).filter((offset) => offset !== 0))];
  if (offsets.every((offset) => offset % (HOUR_MS / 2) === 0)) {
    return (
      `The likely cause: local time read as UTC: the ${interval} grid of the exchange begins at midnight UTC. ` +
      'Convert the times to UTC and import the file again.'
    );
  }
  if (offsets.length > MOST_RECORDER_OFFSETS) return 'The likely cause: times of trades, not the opens of candles.';
  const seconds = offsets.map((offset) => `${offset / 1000} s`).join(' or ');
  return (
    `The likely cause: a source that counted its candles from a restart (they open ${seconds} after the grid). ` +
    'They cannot be moved without inventing prices: leave those lines out, and their time becomes a known gap.'
  );
}
