import { formatTime } from '../domain/time.ts';
import { DefectLog, UNREADABLE_LINES_HINT } from './defects.ts';
import { type FundingRow, fundingHour } from './funding-store.ts';

/** The exchange caps funding at 4 % an hour, and charged for eight hours at once until June 2023. */
const MOST_RATE = 8 * 0.04;

/**
 * Checks that the rows are settlements, in order, at most one for each hour.
 *
 * @param defects what was found wrong with other lines of the file
 * @throws DataError that counts the bad lines by kind and names the first of each
 */
export function checkFunding(
  file: string,
  rows: readonly FundingRow[],
  lines: readonly number[],
  defects = new DefectLog(),
): void {
  const unreadable = defects.badLines;
  let previousHour = Number.NEGATIVE_INFINITY;
  rows.forEach(({ timeMs, rate }, i) => {
    const line = lines[i] as number;
    if (!(timeMs >= 1e12 && timeMs < 1e13)) {
      defects.add('no time in milliseconds', line, () => `t is ${timeMs}`);
      return;
    }
    const hour = fundingHour(timeMs);
    if (hour === previousHour) defects.add('hour seen before', line, () => formatTime(timeMs));
    if (hour < previousHour) defects.add('time before the line above', line, () => formatTime(timeMs));
    if (Math.abs(rate) > MOST_RATE) defects.add('rate beyond what the exchange allows', line, () => `rate is ${rate}`);
    previousHour = Math.max(previousHour, hour);
  });
  defects.throwIfAny(
    file,
    rows.length + unreadable,
    defects.badLines === unreadable
      ? UNREADABLE_LINES_HINT
      : 'Rates are fractions for one settlement (0.0000125 is 0.00125 %), times UTC milliseconds, ascending.',
  );
}
