import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recogniseTimes } from './time-form.ts';

const AT_MS = Date.UTC(2025, 6, 26, 4, 30);

function read(cells: readonly unknown[], isZoneless = false): { text: string; times: number[] } {
  const form = recogniseTimes('x.csv', 'time', cells, isZoneless);
  return { text: form.text, times: cells.map(form.read) };
}

describe('times as sources write them', () => {
  test.each<[cell: unknown, text: string]>([
    ['1753504200', 'UTC seconds'],
    ['1753504200.0', 'UTC seconds'],
    [1_753_504_200, 'UTC seconds'],
    ['1753504200000', 'UTC milliseconds'],
    ['1.7535042e12', 'UTC milliseconds'],
    [1_753_504_200_000n, 'UTC milliseconds'],
    ['1753504200000000', 'UTC microseconds'],
    ['1753504200000000000', 'UTC nanoseconds'],
    [1_753_504_200_000_000_000n, 'UTC nanoseconds'],
    [new Date(AT_MS), 'UTC timestamps'],
    ['2025-07-26T04:30:00Z', 'dates with their zone'],
    ['2025-07-26T04:30Z', 'dates with their zone'],
    ['2025-07-26 04:30:00+00:00', 'dates with their zone'],
    ['2025-07-26 06:30:00+0200', 'dates with their zone'],
    ['2025-07-25T23:30:00.000-05:00', 'dates with their zone'],
    ['2025-07-26 04:30:00 UTC', 'dates with their zone'],
    ['2025-07-26 04:30:00', 'dates without a zone, read as UTC'],
    ['2025/07/26 04:30', 'dates without a zone, read as UTC'],
    ['2025-07-26T04:30:00.000000000', 'dates without a zone, read as UTC'],
  ])('%s: %s', (cell, text) => {
    expect(read([cell])).toEqual({ text, times: [AT_MS] });
  });

  test('a date is its midnight; a timestamp without a zone says so', () => {
    expect(read(['2025-07-26']).times).toEqual([Date.UTC(2025, 6, 26)]);
    expect(read([new Date(AT_MS)], true).text).toBe('timestamps without a zone, read as UTC');
  });

  test('the end of a minute in nanoseconds does not become the next minute', () => {
    expect(read(['1753504199999999999']).times).toEqual([AT_MS - 1]);
    expect(read([1_753_504_199_999_999_999n]).times).toEqual([AT_MS - 1]);
    expect(read(['1753504199999999']).times).toEqual([AT_MS - 1]);
  });

  test('a row of another form is no time: another unit, a zone that comes and goes, a day that never was', () => {
    const seconds = recogniseTimes('x', 'time', ['1753504200'], false);
    expect(['1753504200000', '2025-07-26', '', undefined, new Date(AT_MS)].map(seconds.read)).toEqual(
      Array.from({ length: 5 }, () => Number.NaN),
    );
    const dates = recogniseTimes('x', 'time', ['2025-07-26'], false);
    expect(['2025-07-26T00:00Z', '2025-02-30', '2025-07-26 24:00', '26.07.2025'].map(dates.read)).toEqual(
      Array.from({ length: 4 }, () => Number.NaN),
    );
  });

  test.each<[cell: unknown, hint: RegExp]>([
    ['26.07.2025 04:30', /day and month, or month and day/],
    ['07/26/2025', /day and month, or month and day/],
    ['45864.1875', /days of a spreadsheet/],
    ['20250726', /seconds, milliseconds/],
    ['yesterday', /seconds, milliseconds/],
  ])('%s is refused with a hint', (cell, hint) => {
    expect(() => read([cell])).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });

  test('every millisecond comes back from each way to write it', () => {
    const range = { min: Date.UTC(2001, 8, 10), max: Date.UTC(2285, 0, 1) };
    fc.assert(
      fc.property(fc.integer(range), (timeMs) => {
        const iso = new Date(timeMs).toISOString();
        const forms = [timeMs, String(timeMs), `${timeMs}000`, BigInt(timeMs) * 1_000_000n, iso, iso.replace('Z', '')];
        for (const cell of forms) expect(read([cell]).times).toEqual([timeMs]);
      }),
    );
  });
});
