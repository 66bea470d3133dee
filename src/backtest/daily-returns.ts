import { DAY_MS } from '../domain/time.ts';
import { type MicroUsd, toUsd } from '../domain/units.ts';

/** What a run does not say about its account. */
export interface AccountContext {
  readonly depositUsd: MicroUsd;
  /** When the first row of the run opens; `equityUsd[i]` stands at firstOpenMs + (i + 1) × intervalMs. */
  readonly firstOpenMs: number;
  readonly intervalMs: number;
}

/** Returns of whole UTC days, one after the other, as fractions. */
export interface DailyReturns {
  /** Days since 1970-01-01 of the first. */
  readonly firstDay: number;
  readonly values: Float64Array;
}

/**
 * The returns that `sharpeDaily` is made of: from one UTC midnight to the next, marked to market; what lies before the
 * first and after the last is no whole day and is left out.
 *
 * @param equityUsd account value at the closes of the candles of the run
 */
export function dailyReturns(
  equityUsd: Float64Array,
  { firstOpenMs, intervalMs, depositUsd }: AccountContext,
): DailyReturns {
  const sinceMidnightMs = firstOpenMs % DAY_MS;
  const firstDay = Math.ceil(firstOpenMs / DAY_MS);
  const rowsPerDay = DAY_MS / intervalMs;
  const rowOfMidnight = sinceMidnightMs === 0 ? -1 : (DAY_MS - sinceMidnightMs) / intervalMs - 1;
  const days = Math.max(0, Math.floor((equityUsd.length - 1 - rowOfMidnight) / rowsPerDay));
  const at = (midnight: number): number => {
    const row = rowOfMidnight + midnight * rowsPerDay;
    return row < 0 ? toUsd(depositUsd) : (equityUsd[row] as number);
  };
  return { firstDay, values: Float64Array.from({ length: days }, (_, day) => at(day + 1) / at(day) - 1) };
}
