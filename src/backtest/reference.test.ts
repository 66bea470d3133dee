import { describe, expect, test } from 'vitest';
import { story } from '../../test/story.ts';
import { sliceColumns } from '../domain/candle.ts';
import { HOUR_MS } from '../domain/time.ts';
import { runReference } from './reference.ts';
import type { Leg, RunSpec } from './run.ts';

// One coin at $500, entered at 11:00, sold at the open of 13:00.
const CANDLES = `
  time   open  high  low  close  signal
  10:00  500   500   500  500    long
  11:00  500   505   495  503
  12:00  504   506   499  502    exit-long
  13:00  501   505   495  500`;

describe('the account at each close', () => {
  test('cash, and what is open at the close; entry fee and funding are in it, exit costs are not', () => {
    // Entry fee 500 × 0.045 % = 0.225; the hour of 12:00 costs 504 × 0.01 % = 0.0504; exit fee 501 × 0.045 % = 0.22545.
    const { result } = story(CANDLES, { costs: { takerFee: 0.00045 }, rates: { '12:00': 0.0001 } }).run();
    const expected = [1_000, 1_002.775, 1_001.7246, 1_000.49915];
    expect([...result.equityUsd].map((usd) => Number(usd.toFixed(9)))).toEqual(expected);
  });

  test('a short gains as the price falls', () => {
    const { result } = story(CANDLES.replaceAll('long', 'short')).run();
    expect([...result.equityUsd]).toEqual([1_000, 997, 998, 999]);
  });

  test('a missing candle is marked at the last stored close', () => {
    const { result } = story(`
      time   open  high  low  close  signal
      10:00  500   500   500  500    long
      11:00  500   505   495  503
      14:00  504   506   499  502`).run();
    expect([...result.equityUsd]).toEqual([1_000, 1_003, 1_003, 1_003, 1_002]);
  });

  test('the last one is after settlement, with its costs', () => {
    const { result } = story(CANDLES, { costs: { takerFee: 0.00045 }, to: '12:00' }).run();
    // 1,000 + 3 − 0.225 − 503 × 0.045 %
    expect(result.equityUsd.at(-1)).toBeCloseTo(1_002.54865, 9);
  });

  test('legs add up', () => {
    const { result } = story({ BTC: CANDLES, ETH: CANDLES }, { rules: { leverage: 2 } }).run();
    // One coin of BTC; 7.50 / 10 of ETH, from what its margin leaves.
    expect([...result.equityUsd]).toEqual([1_000, 1_005.25, 1_003.5, 1_001.75]);
  });
});

describe('rows with a position', () => {
  test('are counted over all legs, the candles of entry and exit inside included', () => {
    expect(story(CANDLES).run().result.heldRows).toBe(2);
    expect(story({ BTC: CANDLES, ETH: CANDLES }, { rules: { leverage: 2 } }).run().result.heldRows).toBe(4);
    const stopped = CANDLES.replace('504   506   499  502', '504   506   480  502');
    expect(story(stopped).run().result.heldRows).toBe(2);
  });
});

describe('a run that makes no sense is an error', () => {
  const { spec } = story({ BTC: CANDLES, ETH: CANDLES }).run();
  const [btc, eth] = spec.legs as [Leg, Leg];
  test.each<readonly [string, Partial<RunSpec>, string]>([
    ['no legs', { legs: [] }, 'a run needs a leg'],
    ['grids that differ', { legs: [btc, { ...eth, candles: sliceColumns(eth.candles, 1, 4) }] }, 'the grid of BTC'],
    ['too few signals', { legs: [{ ...btc, signals: new Uint8Array(3) }] }, 'signals of BTC are not on the grid'],
    ['rows before the first', { from: -1 }, 'do not lie within 4 candles'],
    ['rows after the last', { to: 5 }, 'do not lie within 4 candles'],
    ['an end before the beginning', { from: 3, to: 2 }, 'do not lie within 4 candles'],
    [
      'decisions between candles',
      { legs: [{ ...btc, decisionIntervalMs: 1.5 * HOUR_MS }] },
      'do not fall on 1h candles',
    ],
    ['decisions at no time', { legs: [btc, { ...eth, decisionIntervalMs: 0 }] }, 'decisions on ETH every 0 ms'],
  ])('%s', (_, parts, message) => {
    expect(() => runReference({ ...spec, ...parts })).toThrow(message);
  });

  test('no rows at all are a run without trades', () => {
    expect(runReference({ ...spec, from: 2, to: 2 })).toMatchObject({ trades: [], heldRows: 0, lapses: 0 });
  });
});
