import { describe, expect, it } from 'vitest';
import { UsageError } from '../domain/errors.ts';
import { SWEEP_METRICS } from './contract.ts';
import { columnsOf, parseCondition, parseMetric, rank } from './ranking.ts';

/** Combinations with these trades, expectancies and drawdowns; nothing else is of interest. */
function columns(...rows: readonly (readonly [trades: number, expectancyR: number, maxDrawdown: number])[]) {
  const values = new Float64Array(rows.length * SWEEP_METRICS.length);
  for (const [i, [trades, expectancyR, maxDrawdown]] of rows.entries()) {
    for (const [metric, value] of Object.entries({ trades, expectancyR, maxDrawdown, finalCashUsd: trades * 1e6 })) {
      values[i * SWEEP_METRICS.length + SWEEP_METRICS.indexOf(metric as 'trades')] = value;
    }
  }
  return columnsOf(values);
}

const FOUND = columns([10, 0.5, 0.3], [40, 0.2, 0.1], [0, Number.NaN, 0], [40, 0.2, 0.2], [90, -0.1, 0.05]);
const placesOf = (metric: 'expectancyR' | 'maxDrawdown', ...where: string[]): number[] => [
  ...rank(FOUND, metric, where.map(parseCondition)).places,
];

describe('the ranking of a sweep', () => {
  it('has the best first, of equals the one tried first, and those without a value last', () => {
    expect(placesOf('expectancyR')).toEqual([0, 1, 3, 4, 2]);
    expect(placesOf('maxDrawdown')).toEqual([2, 4, 1, 3, 0]);
  });

  it('leaves out what does not meet every condition', () => {
    expect(placesOf('expectancyR', 'trades>=30')).toEqual([1, 3, 4]);
    expect(placesOf('expectancyR', 'trades >= 30', 'maxDrawdown<20%')).toEqual([1, 4]);
    expect(placesOf('expectancyR', 'expectancyR<=1')).toEqual([0, 1, 3, 4]);
    expect(placesOf('expectancyR', 'finalCashUsd=90')).toEqual([4]);
    expect(placesOf('expectancyR', 'expectancyR>-1e-1', 'trades>10')).toEqual([1, 3]);
    expect(placesOf('expectancyR', 'trades>1000')).toEqual([]);
  });

  it.each(['trades', 'trades>', '>30', 'trades=>30', 'trades>=many', 'trades>=30 or so'])('refuses %s', (text) => {
    expect(() => parseCondition(text)).toThrow(UsageError);
  });

  it('names the nearest metric', () => {
    expect(() => parseMetric('expectancy')).toThrow(expect.objectContaining({ hint: 'Did you mean expectancyR?' }));
    expect(() => parseCondition('trade>=30')).toThrow(expect.objectContaining({ hint: 'Did you mean trades?' }));
  });
});
