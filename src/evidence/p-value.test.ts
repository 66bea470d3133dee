import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { permutationPValue, smallestPValue } from './p-value.ts';

describe('p-value of an observation among control draws', () => {
  test.each([
    ['better than all of four', 5, [1, 2, 3, 4], 1 / 5],
    ['worse than all of four', 0, [1, 2, 3, 4], 1],
    ['in the middle', 2.5, [1, 2, 3, 4], 3 / 5],
    ['a tie counts against us', 4, [1, 2, 3, 4], 2 / 5],
    ['a tie but for the order of summing', 0.1 + 0.2 + 0.3, [0.1, 0.2, 0.3 + 0.2 + 0.1, 0.9], 3 / 5],
    ['a draw without trades is a tie', 5, [1, 2, Number.NaN, 4], 2 / 5],
    ['nothing observed', Number.NaN, [1, 2, 3, 4], Number.NaN],
    ['nothing drawn', 5, [], Number.NaN],
  ])('%s', (_, observed, draws, p) => {
    expect(permutationPValue(observed, Float64Array.from(draws))).toBe(p);
  });

  test('property: never zero, never above one, and no better with a worse result', () => {
    const meanR = fc.double({ noNaN: true, noDefaultInfinity: true });
    const draws = fc.array(fc.oneof(meanR, fc.constant(Number.NaN)), { minLength: 1 });
    fc.assert(
      fc.property(draws, meanR, meanR, (values, a, b) => {
        const column = Float64Array.from(values);
        const better = permutationPValue(Math.max(a, b), column);
        const worse = permutationPValue(Math.min(a, b), column);
        expect(better).toBeGreaterThanOrEqual(smallestPValue(values.length));
        expect(worse).toBeLessThanOrEqual(1);
        expect(better).toBeLessThanOrEqual(worse);
      }),
    );
  });
});
