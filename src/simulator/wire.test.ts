import { describe, expect, test } from 'vitest';
import { instrumentOf } from '../../test/simulated-exchange.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { epochMs } from '../domain/units.ts';
import { parseCandles, parseFunding, parseInstruments } from '../exchange/wire.ts';
import { candleRow, contextOf, decimal, fundingRow, metaOf } from './wire.ts';

test.each([
  [2677, '2677.0'],
  [2686.1, '2686.1'],
  [-0.0000125, '-0.0000125'],
  [1e-7, '0.0000001'],
  [1.25e-8, '0.0000000125'],
  [-1e-9, '-0.000000001'],
  [0, '0.0'],
])('%d is written %s', (value, text) => {
  expect(decimal(value)).toBe(text);
  expect(Number(decimal(value))).toBe(value);
});

test('a candle in the exchange’s words', () => {
  const candle = { openTimeMs: epochMs(1_790_431_200_000), open: 2686.1, high: 2689.6, low: 2685, close: 2688.6 };
  const row = candleRow('ETH', '1h', { ...candle, volume: 2490.1516, trades: 2438 });
  expect(row).toEqual({
    t: 1_790_431_200_000,
    T: 1_790_434_799_999,
    s: 'ETH',
    i: '1h',
    o: '2686.1',
    c: '2688.6',
    h: '2689.6',
    l: '2685.0',
    v: '2490.1516',
    n: 2438,
  });
  expect(parseCandles([row], 'it', Number.POSITIVE_INFINITY)?.candles).toEqual([
    { ...candle, volume: 2490.1516, trades: 2438 },
  ]);
});

describe('funding', () => {
  test.each([
    ['any premium within the clamp', 0.0000125, '0.0'],
    ['a premium above it', 0.0000625, '0.001'],
    ['a discount', -0.0006133368, '-0.0054066944'],
  ])('%s gives that rate', (_, rate, premium) => {
    const row = fundingRow('BTC', { timeMs: epochMs(1_683_849_600_048), rate });
    expect(row).toEqual({ coin: 'BTC', fundingRate: decimal(rate), premium, time: 1_683_849_600_048 });
    const clamped = Number(premium) + Math.min(0.0005, Math.max(-0.0005, 0.0001 - Number(premium)));
    expect(clamped / 8).toBeCloseTo(rate, 12);
    expect(parseFunding([row], 'it')?.settlements).toEqual([{ timeMs: row.time, rate }]);
  });
});

test('instruments come back as they went', () => {
  const gone = { ...instrumentOf('MATIC'), isDelisted: true };
  const instruments = [...BUILT_IN_INSTRUMENTS, instrumentOf('ATOM'), gone];
  const meta = metaOf(instruments);
  expect(parseInstruments(meta, 'meta')).toEqual(instruments);
  expect(meta.universe.map(({ name, marginTableId }) => [name, marginTableId])).toEqual([
    ['BTC', 50],
    ['ETH', 51],
    ['SOL', 52],
    ['ATOM', 10],
    ['MATIC', 10],
  ]);
});

test('a coin without a market has no book and no premium', () => {
  expect(contextOf(undefined)).toMatchObject({ midPx: null, impactPxs: null, premium: null, dayNtlVlm: '0.0' });
});
