import type { ReturnMatrix } from '../src/evidence/return-matrix.ts';

/** The generator of statistics.md: s ← (1664525·s + 1013904223) mod 2³², u = s / 2³². */
export function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The matrix of statistics.md, section 3: 240 periods of ten trials without any edge. */
export function goldenMatrix(): ReturnMatrix {
  const uniform = lcg(42);
  const values = Float64Array.from({ length: 2_400 }, () => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += uniform();
    return 0.01 * (sum - 6);
  });
  return { periods: 240, trials: 10, values };
}

/** The same, and 0.004 a period more for the last trial. */
export function goldenMatrixWithEdge(): ReturnMatrix {
  const { periods, trials, values } = goldenMatrix();
  return { periods, trials, values: values.map((value, i) => (i % trials === 9 ? value + 0.004 : value)) };
}
