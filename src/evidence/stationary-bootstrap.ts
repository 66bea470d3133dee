import type { Prng } from '../domain/prng.ts';

/** Writes the rows of the next resample, each in 0 … rows.length − 1, in their order of time. */
export type IndexStream = (rows: Int32Array) => void;

/** Uniform numbers in [0, 1). */
export type UniformSource = () => number;

/**
 * The stationary bootstrap of Politis & Romano (1994, JASA 89): a resample is made of stretches of consecutive rows, of
 * geometric length with mean 1 / q, each from a row drawn at random; after the last row comes the first. Unlike blocks
 * of one length it makes a stationary series again, and what depends on a neighbour keeps it, but for a share of q.
 *
 * For each row one number is drawn, u < q, whether a new stretch begins, and another, ⌊u·n⌋, where: the golden
 * indices of statistics.md come from this order. Every resample goes on in the same stream.
 *
 * @param q chance that a stretch ends at a row, 0 < q ≤ 1: 1 / (mean length in rows)
 * @param random the project's own stream, or any source of uniform numbers
 * @throws RangeError for another q.
 */
export function stationaryIndices(q: number, random: Prng | UniformSource): IndexStream {
  if (!(q > 0 && q <= 1)) throw new RangeError(`stretches of 1 / ${q} rows cannot be drawn`);
  const uniform = typeof random === 'function' ? random : () => random.uniform();
  return (rows) => {
    const count = rows.length;
    if (count === 0) return;
    let row = Math.floor(uniform() * count);
    rows[0] = row;
    for (let i = 1; i < count; i++) {
      row = uniform() < q ? Math.floor(uniform() * count) : (row + 1) % count;
      rows[i] = row;
    }
  };
}
