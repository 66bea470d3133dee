import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDay,
  formatDuration,
  formatInstant,
  formatMonth,
  formatNumber,
  formatP,
  formatPercent,
  formatPrice,
  formatR,
  formatShare,
  formatSigned,
  formatSignedPercent,
  formatUsd,
} from './format.ts';

/** The narrow space as a plain one, so that a row can be read. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');

describe('numbers as people read them', () => {
  it.each([
    [formatNumber(1234.5, 1), '1,234.5'],
    [formatNumber(-0.07, 2), '−0.07'],
    [formatNumber(-0.004, 2), '0.00'],
    [formatNumber(null), 'n/a'],
    [formatNumber(Number.NaN), 'n/a'],
    [formatNumber(Number.POSITIVE_INFINITY), '∞'],
    [formatSigned(0.314, 2), '+0.31'],
    [formatSigned(0.001, 2), '0.00'],
    [formatSigned(-0.314, 2), '−0.31'],
    [formatPercent(0.0125), '1.3 %'],
    [formatPercent(-0.535), '−53.5 %'],
    [formatPercent(null), 'n/a'],
    [formatSignedPercent(0.00693, 3), '+0.693 %'],
    [formatR(0.124), '+0.12 R'],
    [formatR(null), 'n/a'],
    [formatUsd(1234.5), '$1,234.50'],
    [formatUsd(-3.2), '−$3.20'],
    [formatUsd(null), 'n/a'],
    [formatPrice(104_250), '104,250'],
    [formatPrice(0.98765), '0.98765'],
    [formatShare(963, 1000), '963 of 1,000'],
    [formatCount(1, 'trade'), '1 trade'],
    [formatCount(0, 'entry', 'entries'), '0 entries'],
  ])('%s', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('never shows a p-value as zero', () => {
    expect(formatP(1 / 1001)).toBe('0.001');
    expect(formatP(1 / 100_001)).toBe('0.00001');
    expect(formatP(0.0432)).toBe('0.043');
    expect(formatP(null)).toBe('n/a');
  });
});

describe('times, always UTC', () => {
  const timeMs = Date.UTC(2025, 6, 26, 4);

  it.each([
    [formatInstant(timeMs), '2025-07-26 04:00'],
    [formatDay(timeMs), '26 Jul 2025'],
    [formatMonth('2025-07'), 'Jul 2025'],
    [formatDuration(76 * 3_600_000), '3 d 4 h'],
    [formatDuration(30 * 60_000), '30 min'],
    [formatDuration(0), '0 min'],
  ])('%s', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });
});
