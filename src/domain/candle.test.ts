import { describe, expect, test } from 'vitest';
import {
  type ClosedCandle,
  closeTimeAt,
  columnsOf,
  emptyColumns,
  impossibilityOf,
  openTimeAt,
  rowAt,
  sliceColumns,
} from './candle.ts';
import { DataError } from './errors.ts';
import { HOUR_MS } from './time.ts';
import { epochMs } from './units.ts';

function candle(hour: number, parts: Partial<ClosedCandle> = {}): ClosedCandle {
  return { openTimeMs: epochMs(hour * HOUR_MS), open: 100, high: 110, low: 90, close: 105, volume: 1, ...parts };
}

describe('what no market can have done', () => {
  test.each<readonly [string, Partial<ClosedCandle>, ReturnType<typeof impossibilityOf>]>([
    ['a candle', {}, undefined],
    ['a flat one without volume', { open: 100, high: 100, low: 100, close: 100, volume: 0 }, undefined],
    ['a price of zero', { low: 0 }, 'price not above zero'],
    ['a negative price', { close: -1 }, 'price not above zero'],
    ['a high below the open', { high: 99, close: 95 }, 'high below open or close'],
    ['a high below the close', { high: 104 }, 'high below open or close'],
    ['a low above the open', { low: 101 }, 'low above open or close'],
    ['a low above the close', { close: 89, low: 90 }, 'low above open or close'],
    ['a negative volume', { volume: -1 }, 'negative volume'],
  ])('%s', (_, parts, impossibility) => {
    expect(impossibilityOf(candle(0, parts))).toBe(impossibility);
  });
});

describe('columns', () => {
  const columns = columnsOf('BTC', '1h', [candle(10), candle(11, { close: 106 }), candle(14, { open: 107 })]);

  test('are a dense grid; a candle that does not exist is a row of NaN', () => {
    expect(columns).toMatchObject({ coin: 'BTC', interval: '1h', firstOpenMs: 10 * HOUR_MS, length: 5 });
    expect([...columns.close]).toEqual([105, 106, Number.NaN, Number.NaN, 105]);
    expect([...columns.volume]).toEqual([1, 1, Number.NaN, Number.NaN, 1]);
  });

  test('rows and times are two names of one thing', () => {
    expect(openTimeAt(columns, 4)).toBe(14 * HOUR_MS);
    expect(closeTimeAt(columns, 4)).toBe(15 * HOUR_MS);
    expect(rowAt(columns, 14 * HOUR_MS)).toBe(4);
    expect(rowAt(columns, 9.5 * HOUR_MS)).toBe(-0.5);
  });

  test('a part shares the memory, and knows its own time', () => {
    const part = sliceColumns(columns, 1, 3);
    expect(part).toMatchObject({ firstOpenMs: 11 * HOUR_MS, length: 2 });
    expect([...part.close]).toEqual([106, Number.NaN]);
    expect(part.close.buffer).toBe(columns.close.buffer);
  });

  test('workers read the same bytes', () => {
    expect(emptyColumns('BTC', '1h', epochMs(0), 3).open.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('no candles, or one off the grid, are errors', () => {
    expect(() => columnsOf('BTC', '1h', [])).toThrow(new DataError('no 1h candles of BTC'));
    expect(() => columnsOf('BTC', '1h', [candle(10), candle(10.5), candle(12)])).toThrow(
      '1970-01-01T10:30Z is not on the 1h grid of BTC',
    );
  });
});
