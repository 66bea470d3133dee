import { describe, expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { shareOf } from './wilson.ts';

describe("a share with Wilson's interval", () => {
  // As R 4.3 prints them: prop.test(x, n, correct = FALSE)$conf.int.
  test.each([
    [10, 100, 0.05522914, 0.17436566],
    [0, 20, 0, 0.16112516],
    [20, 20, 0.83887484, 1],
    [5, 100, 0.02154368, 0.11175047],
  ])('%d of %d', (count, of, low, high) => {
    const share = shareOf(count, of);
    expect(share?.rate).toBe(count / of);
    expect(share?.low).toBeCloseTo(low, 8);
    expect(share?.high).toBeCloseTo(high, 8);
  });

  test('of nothing is not there', () => {
    expect(shareOf(0, 0)).toBeUndefined();
  });

  test('holds the truth about nineteen times in twenty, rare as it may be', () => {
    const rng = new Prng(3);
    for (const truth of [0.02, 0.05, 0.5]) {
      let held = 0;
      for (let i = 0; i < 2000; i++) {
        let count = 0;
        for (let k = 0; k < 200; k++) if (rng.uniform() < truth) count++;
        const share = shareOf(count, 200);
        if (share !== undefined && share.low <= truth && truth <= share.high) held++;
      }
      expect(held / 2000).toBeGreaterThan(0.92);
      expect(held / 2000).toBeLessThan(0.985);
    }
  });
});
