import { describe, expect, test } from 'vitest';
import { fixedClock, systemClock } from './clock.ts';
import { UsageError } from './errors.ts';
import {
  DAY_MS,
  formatDate,
  formatTime,
  HOUR_MS,
  INTERVALS,
  intervalMs,
  intervalOfMs,
  MINUTE_MS,
  parseDuration,
  parseInterval,
  parseTime,
  WEEK_MS,
} from './time.ts';

describe('instants', () => {
  test.each([
    ['2025-07-26', Date.UTC(2025, 6, 26)],
    ['2025-07-26T04:00', Date.UTC(2025, 6, 26, 4)],
    ['2025-07-26T04:00Z', Date.UTC(2025, 6, 26, 4)],
    ['2025-07-26T04:00:30', Date.UTC(2025, 6, 26, 4, 0, 30)],
    ['2025-07-26T04:00:30.250Z', Date.UTC(2025, 6, 26, 4, 0, 30, 250)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
  ])('%s is UTC, wherever the machine is', (text, timeMs) => {
    expect(parseTime(text)).toBe(timeMs);
  });

  test.each(['2025-02-30', '2025-13-01', '2023-02-29', '26.07.2025', '2025-7-26', '2025-07-26T25:00', 'today', ''])(
    '%j is refused, with how to write it',
    (text) => {
      expect(() => parseTime(text)).toThrow(UsageError);
      expect(() => parseTime(text)).toThrow(`'${text}' is not a date`);
    },
  );

  test('they are shown as short as they are exact, and read back', () => {
    const times = [0, 30_000, 250, Date.UTC(2025, 6, 26, 4)];
    expect(times.map(formatTime)).toEqual([
      '1970-01-01T00:00Z',
      '1970-01-01T00:00:30Z',
      '1970-01-01T00:00:00.250Z',
      '2025-07-26T04:00Z',
    ]);
    expect(times.map((timeMs) => parseTime(formatTime(timeMs)))).toEqual(times);
    expect(formatDate(Date.UTC(2025, 6, 26, 23, 59))).toBe('2025-07-26');
  });
});

describe('intervals and durations', () => {
  test('every interval divides a day, so all lie on one grid of UTC', () => {
    expect(INTERVALS.filter((interval) => DAY_MS % intervalMs(interval) !== 0)).toEqual([]);
    expect(INTERVALS.map((interval) => intervalOfMs(intervalMs(interval)))).toEqual(INTERVALS);
    expect(intervalOfMs(7 * MINUTE_MS)).toBeUndefined();
  });

  test('an unknown interval is refused with the nearest', () => {
    expect(parseInterval('4h')).toBe('4h');
    try {
      parseInterval('60m');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).hint).toContain('30m');
    }
    expect(() => parseInterval('toString')).toThrow("unknown interval 'toString'");
  });

  test('durations', () => {
    expect(['45m', '36h', '90d', '2w'].map(parseDuration)).toEqual([
      45 * MINUTE_MS,
      36 * HOUR_MS,
      90 * DAY_MS,
      2 * WEEK_MS,
    ]);
    for (const text of ['90', 'd', '1.5d', '-1d', '90 d']) expect(() => parseDuration(text)).toThrow(UsageError);
  });
});

test('a fixed clock stands still, the other one does not run backwards', () => {
  const clock = fixedClock(42);
  expect([clock.nowMs(), clock.nowMs()]).toEqual([42, 42]);
  const before = systemClock.nowMs();
  expect(systemClock.nowMs()).toBeGreaterThanOrEqual(before);
});
