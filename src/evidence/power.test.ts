import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { describe, expect, test } from 'vitest';
import { DrawRecorder, drawTable } from '../backtest/draws.ts';
import { METRICS, type Metrics } from '../backtest/metrics.ts';
import { minimumTrades, pooledSdR, smallestEdgeR } from './power.ts';

describe('the normal distribution of the library is accurate to 1e-12', () => {
  // Abramowitz & Stegun, table 26.1; beyond its digits computed to 50 places.
  test.each([
    [0, 0.5],
    [1, 0.8413447460685429],
    [-1, 0.15865525393145705],
    [1.6448536269514726, 0.95],
    [3, 0.9986501019683699],
    [-6, 9.865876450376981e-10],
  ])('Z(%d) = %d', (z, p) => {
    expect(Math.abs(normalCdf(z, 0, 1) / p - 1)).toBeLessThan(1e-12);
    if (p > 1e-6) expect(Math.abs(normalQuantile(p, 0, 1) - z)).toBeLessThan(1e-12);
  });
});

describe('power', () => {
  test('an edge is found if it measures 2.486 standard errors', () => {
    expect(smallestEdgeR(1, 0.05)).toBeCloseTo(1.6448536269514722 + 0.8416212335729143, 12);
    expect(smallestEdgeR(1.3 / Math.sqrt(99), 0.05)).toBeCloseTo(0.32, 2);
  });

  test('0.1 R takes about a thousand trades, and never fewer than the floor are enough', () => {
    expect(minimumTrades(1.3, 0.1, 0.05, 30)).toBe(1045);
    expect(minimumTrades(1.3, 0.3, 0.05, 30)).toBe(117);
    expect(minimumTrades(1.3, 2, 0.05, 30)).toBe(30);
    expect(minimumTrades(Number.NaN, 0.3, 0.05, 30)).toBe(30);
  });

  test('with that many trades the smallest edge found is the target', () => {
    const trades = minimumTrades(1.3, 0.25, 0.05, 30);
    expect(smallestEdgeR(1.3 / Math.sqrt(trades), 0.05)).toBeLessThanOrEqual(0.25);
    expect(smallestEdgeR(1.3 / Math.sqrt(trades - 1), 0.05)).toBeGreaterThan(0.25);
  });

  test('the standard deviation is pooled over the draws, weighted by their trades', () => {
    const recorder = new DrawRecorder(0, 4, []);
    const draws: [number, number][] = [
      [3, 1],
      [11, 2],
      [1, Number.NaN],
      [0, Number.NaN],
    ];
    for (const [trades, sdR] of draws) {
      const none = Object.fromEntries(METRICS.map((name) => [name, 0])) as Metrics;
      recorder.record({ ...none, trades, sdR }, new Float64Array());
    }
    expect(pooledSdR(drawTable('coin-flip', [recorder.chunk()]))).toBeCloseTo(Math.sqrt((2 * 1 + 10 * 4) / 12), 12);
    expect(pooledSdR(drawTable('coin-flip', []))).toBeNaN();
  });
});
