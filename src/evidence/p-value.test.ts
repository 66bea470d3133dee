import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { exactPermutationPValue, permutationPValue, smallestPValue } from './p-value.ts';

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

/** Σ F(b; m, k/n) for k = from … n, in whole numbers: F · n^m = Σ C(m, i)·k^i·(n − k)^(m − i). */
function exactly(b: number, m: number, n: number, from: number): number {
  let sum = 0n;
  for (let k = BigInt(from); k <= BigInt(n); k++) {
    let choices = 1n;
    for (let i = 0n; i <= BigInt(b); i++) {
      sum += choices * k ** i * (BigInt(n) - k) ** (BigInt(m) - i);
      choices = (choices * (BigInt(m) - i)) / (i + 1n);
    }
  }
  const scale = 10n ** 18n;
  return Number((sum * scale) / BigInt(n) ** BigInt(m)) / 1e18;
}

describe('exact p-value of draws with replacement', () => {
  test.each([
    // The other one is worse in half of all cases; then both draws are that one in a quarter of them.
    ['both of two draws from two are worse', 0, 2, 2, 'can be drawn', 1 / 8],
    ['the observation is never drawn, and the other one is worse', 0, 2, 2, 'is never drawn', 1 / 2],
    ['all draws are as good', 2, 2, 2, 'can be drawn', 1],
    ['all draws are as good as what is never drawn', 2, 2, 2, 'is never drawn', 1],
  ] as const)('%s', (_, asGood, draws, distinct, observation, p) => {
    expect(exactPermutationPValue(asGood, draws, distinct, observation)).toBe(p);
  });

  test('property: equals the sum in whole numbers, within its bounds', () => {
    const counts = fc
      .record({ draws: fc.integer({ min: 1, max: 120 }), distinct: fc.integer({ min: 2, max: 60 }) })
      .chain((of) => fc.record({ of: fc.constant(of), asGood: fc.integer({ min: 0, max: of.draws }) }));
    fc.assert(
      fc.property(counts, ({ of: { draws, distinct }, asGood }) => {
        const among = exactPermutationPValue(asGood, draws, distinct, 'can be drawn');
        expect(Math.abs(among - exactly(asGood, draws, distinct, 1) / distinct)).toBeLessThan(1e-12);
        expect(among).toBeLessThanOrEqual(((asGood + 1) / (draws + 1)) * (1 + 1e-12));
        const apart = exactPermutationPValue(asGood, draws, distinct, 'is never drawn');
        expect(Math.abs(apart - exactly(asGood, draws, distinct - 1, 0) / distinct)).toBeLessThan(1e-12);
        expect(apart).toBeGreaterThanOrEqual((1 / distinct) * (1 - 1e-12));
        expect(apart).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('ten thousand draws from a hundred controls tell no more than a hundred controls can', () => {
    expect(exactPermutationPValue(0, 10_000, 100, 'is never drawn')).toBeCloseTo(1 / 100, 12);
    expect(permutationPValue(1, new Float64Array(10_000))).toBeLessThan(1 / 10_000);
  });

  test('with many controls it is the estimate', () => {
    for (const observation of ['can be drawn', 'is never drawn'] as const) {
      const p = exactPermutationPValue(3, 999, 100_000, observation);
      expect(Math.abs(p - 4 / 1_000)).toBeLessThan(5.1e-6);
      expect(exactPermutationPValue(3, 999, 100_001, observation)).toBe(4 / 1_000);
    }
  });

  test.each(['can be drawn', 'is never drawn'] as const)('without effect, P(p ≤ α) is at most α: %s', (observation) => {
    const rng = new Prng(2010);
    const [distinct, draws, studies] = [12, 40, 20_000];
    const pValues = Array.from({ length: studies }, () => {
      const rank = rng.below(distinct);
      const share = observation === 'can be drawn' ? (rank + 1) / distinct : rank / (distinct - 1);
      let asGood = 0;
      for (let draw = 0; draw < draws; draw++) if (rng.uniform() < share) asGood++;
      return exactPermutationPValue(asGood, draws, distinct, observation);
    });
    for (const alpha of [0.02, 0.05, 0.1, 0.3]) {
      const share = pValues.filter((p) => p <= alpha).length / studies;
      expect(share).toBeLessThan(alpha + 4 * Math.sqrt((alpha * (1 - alpha)) / studies));
    }
  });

  test.each([
    [-1, 5, 5],
    [6, 5, 5],
    [0, 0, 5],
    [0, 5, 1],
    [0.5, 5, 5],
  ])('%d of %d draws from %d controls are refused', (asGood, draws, distinct) => {
    expect(() => exactPermutationPValue(asGood, draws, distinct, 'can be drawn')).toThrow('cannot be');
  });
});
