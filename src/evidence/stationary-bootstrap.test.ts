import { describe, expect, test } from 'vitest';
import { lcg } from '../../test/golden-matrix.ts';
import { Prng } from '../domain/prng.ts';
import { stationaryIndices } from './stationary-bootstrap.ts';

function resample(next: (rows: Int32Array) => void, rows: number): number[] {
  const indices = new Int32Array(rows);
  next(indices);
  return [...indices];
}

describe('the stationary bootstrap', () => {
  test('golden: the first indices of the first resample', () => {
    const next = stationaryIndices(0.1, lcg(7));
    const expected = [57, 58, 59, 60, 205, 206, 16, 17, 18, 19, 20, 21];
    expect(resample(next, 240).slice(0, 12)).toEqual(expected);
    expect(resample(next, 240).slice(0, 12)).not.toEqual(expected);
  });

  test('stretches are 1 / q long on average, start anywhere, and go round the end', () => {
    const next = stationaryIndices(0.05, new Prng(1994));
    const rows = 200;
    let stretches = 0;
    const starts = new Set<number>();
    let wraps = 0;
    for (let i = 0; i < 500; i++) {
      const indices = resample(next, rows);
      indices.forEach((row, at) => {
        const follows = at > 0 && row === ((indices[at - 1] as number) + 1) % rows;
        if (follows && row === 0) wraps++;
        if (follows) return;
        stretches++;
        starts.add(row);
      });
    }
    // A new stretch follows by chance once in 200; the standard error is under 1 %.
    expect((rows * 500) / stretches / (1 / (1 / 200 + 0.05 * (1 - 1 / 200)))).toBeCloseTo(1, 1.3);
    expect(starts.size).toBe(rows);
    expect(wraps).toBeGreaterThan(0);
  });

  test('q of 1 is the plain bootstrap, and the same seed gives the same rows', () => {
    const rows = resample(stationaryIndices(1, new Prng(3)), 50);
    expect(rows).toEqual(resample(stationaryIndices(1, new Prng(3)), 50));
    expect(new Set(rows).size).toBeLessThan(50);
    expect(resample(stationaryIndices(0.5, new Prng(3)), 0)).toEqual([]);
  });

  test.each([0, -0.1, 1.1, Number.NaN])('q of %d is refused', (q) => {
    expect(() => stationaryIndices(q, new Prng(1))).toThrow('cannot be drawn');
  });
});
