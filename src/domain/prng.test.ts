import { describe, expect, test } from 'vitest';
import { Prng } from './prng.ts';

const MASK = 0xffff_ffffn;
const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & MASK;

/** xoshiro128** as its authors publish it, in whole numbers that cannot overflow. */
function* xoshiro(seed: readonly bigint[]): Generator<number> {
  let [a, b, c, d] = seed as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotl((b * 5n) & MASK, 7n) * 9n) & MASK);
    const t = (b << 9n) & MASK;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11n);
  }
}

/** Four words of splitmix32. */
function splitmix(seed: bigint): bigint[] {
  return Array.from({ length: 4 }, (_, index) => {
    const s = (seed + BigInt(index + 1) * 0x9e3779b9n) & MASK;
    const first = ((s ^ (s >> 16n)) * 0x85ebca6bn) & MASK;
    const second = ((first ^ (first >> 13n)) * 0xc2b2ae35n) & MASK;
    return second ^ (second >> 16n);
  });
}

describe('the numbers', () => {
  test('the oracle gives the published numbers of the reference code for the state 1, 2, 3, 4', () => {
    expect(xoshiro([1n, 2n, 3n, 4n]).take(6).toArray()).toEqual([
      11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492,
    ]);
  });

  test.each([0, 1, 42, 0xffff_ffff])('seed %d: they are those of the oracle', (seed) => {
    const random = new Prng(seed);
    const expected = xoshiro(splitmix(BigInt(seed)))
      .take(1_000)
      .toArray();
    expect(Array.from({ length: 1_000 }, () => random.uint32())).toEqual(expected);
  });

  test('uniform numbers lie in [0, 1), and are spread', () => {
    const random = new Prng(7);
    const values = Array.from({ length: 20_000 }, () => random.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    // The standard error of the mean is 0.002.
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1.5);
  });

  test('below(n) gives each of n numbers about equally often', () => {
    const random = new Prng(7);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) {
      const face = random.below(6);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    // Standard deviation 91: six of them.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(550);
  });

  test('normal numbers have mean 0 and variance 1', () => {
    const random = new Prng(7);
    const values = Array.from({ length: 50_000 }, () => random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });
});

describe('streams', () => {
  const draws = (random: Prng): number[] => Array.from({ length: 5 }, () => random.uint32());

  test('a fork depends on seed and name, not on what was drawn before', () => {
    const random = new Prng(3);
    const early = draws(random.fork('breakout'));
    draws(random);
    expect(draws(random.fork('breakout'))).toEqual(early);
    expect(draws(random.fork('breakouts'))).not.toEqual(early);
    expect(draws(new Prng(4).fork('breakout'))).not.toEqual(early);
  });

  test('a shuffle keeps all, and reaches every order about equally often', () => {
    const random = new Prng(9);
    const counts = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle(['a', 'b', 'c']).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    // Standard deviation 41.
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(250);
  });
});
