import { expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { realityCheck, superiorAbility } from '../evidence/superior-ability.ts';
import type { Differences } from './comparison.ts';
import { luckOf } from './luck.ts';

const PERIODS = 120;

/** Days of candidates that are no better than the incumbent, but for the last one, which makes `edge` more a day. */
function noise(trials: number, edge: number, seed: number): Differences {
  const rng = new Prng(seed);
  const values = new Float64Array(PERIODS * trials);
  for (let i = 0; i < values.length; i++) {
    const sum = Array.from({ length: 12 }, () => rng.uniform()).reduce((all, one) => all + one, -6);
    values[i] = 0.01 * sum + (i % trials === trials - 1 ? edge : 0);
  }
  return { periods: PERIODS, trials, values };
}

test('it takes both tests: p is the greater of the two', () => {
  const options = { q: 1 / 3, resamples: 1_000 };
  for (let seed = 0; seed < 5; seed++) {
    const differences = noise(30, 0, seed);
    const spa = superiorAbility(differences, { ...options, indices: new Prng(seed).fork('superior-ability') });
    const white = realityCheck(differences, { ...options, indices: new Prng(seed).fork('reality-check') });
    if (!spa.isAvailable || !white.isAvailable) throw new Error('both are available here');
    const greater = Math.max(spa.value.consistent.pValue, white.value.pValue);
    expect(luckOf(differences, 2, new Prng(seed))).toEqual({ pValue: greater, reason: null });
  }
});

test('of many candidates without an edge the best seldom passes, and one with an edge does', () => {
  const passes = (edge: number): number => {
    let passed = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { pValue } = luckOf(noise(60, edge, seed), 2, new Prng(seed));
      if (pValue !== null && pValue < 0.05) passed++;
    }
    return passed;
  };
  // Of 40 fair studies 2 are expected; with 6 or fewer of them a level of 5 % is not refuted (p = 0.014 for 6).
  expect(passes(0)).toBeLessThanOrEqual(6);
  expect(passes(0.006)).toBeGreaterThan(30);
});

test('too few days to tell are said to be too few', () => {
  const short = noise(3, 0, 1);
  const { pValue, reason } = luckOf({ ...short, periods: 30, values: short.values.slice(0, 90) }, 2, new Prng(1));
  expect(pValue).toBeNull();
  expect(reason).toMatch(/stretches/);
});
