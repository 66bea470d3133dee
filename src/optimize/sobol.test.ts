import { describe, expect, it } from 'vitest';
import { MOST_DIMENSIONS, sobolPoints } from './sobol.ts';

function first(points: number, dimensions: number): readonly (readonly number[])[] {
  return sobolPoints(dimensions).take(points).toArray();
}

describe('the Sobol sequence', () => {
  it('has the known first points (Joe & Kuo, notes on generating Sobol sequences, 2008)', () => {
    expect(first(10, 3)).toEqual([
      [0, 0, 0],
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
      [0.875, 0.875, 0.125],
      [0.625, 0.125, 0.875],
      [0.125, 0.625, 0.375],
      [0.1875, 0.3125, 0.9375],
      [0.6875, 0.8125, 0.4375],
    ]);
  });

  it('has one point in every 1024th of every dimension among its first 1024', () => {
    const points = first(1024, MOST_DIMENSIONS);
    for (let dimension = 0; dimension < MOST_DIMENSIONS; dimension++) {
      const cells = new Set(points.map((point) => Math.floor((point[dimension] as number) * 1024)));
      expect(cells.size, `dimension ${dimension + 1}`).toBe(1024);
    }
  });

  it.each([
    [1, 512],
    [2, 256],
    [16, 32],
    [256, 2],
  ])('has two points in every box of %i × %i among its first 1024, in its first two dimensions', (wide, high) => {
    const boxes = new Map<string, number>();
    for (const [x, y] of first(1024, 2) as readonly (readonly [number, number])[]) {
      const box = `${Math.floor(x * wide)} ${Math.floor(y * high)}`;
      boxes.set(box, (boxes.get(box) ?? 0) + 1);
    }
    expect(new Set(boxes.values())).toEqual(new Set([2]));
    expect(boxes.size).toBe(wide * high);
  });

  it('is nearer to the integral of a smooth function than its number of points would let chance be', () => {
    // ∏ (1 + (x − ½)) has the integral 1; 1,024 random points miss it by about 0.03 in 10 dimensions.
    const values = first(1024, 10).map((point) => point.reduce((product, x) => product * (0.5 + x), 1));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
  });

  it.each([0, 1.5, MOST_DIMENSIONS + 1])('does not exist in %d dimensions', (dimensions) => {
    expect(() => first(1, dimensions)).toThrow(RangeError);
  });
});
