/**
 * Direction numbers of Joe & Kuo 2008 (SIAM J. Sci. Comput. 30, 2635–2654; file new-joe-kuo-6.21201), from the second
 * dimension on: degree and coefficients of a primitive polynomial, and the first numbers m.
 */
const DIRECTIONS: readonly (readonly [degree: number, coefficients: number, m: readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
  [5, 14, [1, 3, 5, 5, 31]],
  [6, 1, [1, 3, 3, 9, 7, 49]],
  [6, 13, [1, 1, 1, 15, 21, 21]],
  [6, 16, [1, 3, 1, 13, 27, 49]],
  [6, 19, [1, 1, 1, 15, 7, 5]],
  [6, 22, [1, 3, 1, 15, 13, 25]],
  [6, 25, [1, 1, 5, 5, 19, 61]],
  [7, 1, [1, 3, 7, 11, 23, 15, 103]],
  [7, 4, [1, 3, 7, 13, 13, 15, 69]],
];

export const MOST_DIMENSIONS = DIRECTIONS.length + 1;
const BITS = 32;

/**
 * The Sobol sequence in so many dimensions, without end (up to 2^32 points), in the order of Antonov & Saleev 1979: the
 * first is the origin, the second the middle. Of the first 2^k points, each dimension has exactly one in every 2^k-th
 * of its range, so that few of them are spread more evenly than as many random ones.
 *
 * @param dimensions 1 … MOST_DIMENSIONS
 * @returns points in [0, 1)^dimensions
 */
export function* sobolPoints(dimensions: number): Generator<readonly number[]> {
  if (!(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= MOST_DIMENSIONS)) {
    throw new RangeError(`a Sobol sequence of ${dimensions} dimensions is not known here`);
  }
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionsOf(dimension));
  const point = new Uint32Array(dimensions);
  for (let index = 0; index < 2 ** BITS; index++) {
    yield Array.from(point, (value) => value / 2 ** BITS);
    // Of the next point in Gray code, one bit is another one: that of the lowest zero of the index.
    const changed = 31 - Math.clz32(~index & (index + 1));
    for (let dimension = 0; dimension < dimensions; dimension++) {
      point[dimension] = (point[dimension] as number) ^ (directions[dimension]?.[changed] as number);
    }
  }
}

/** v_1 … v_32 of a dimension as 32-bit fractions: v_k = m_k / 2^k. The first dimension is van der Corput's. */
function directionsOf(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  const entry = DIRECTIONS[dimension - 1];
  if (entry === undefined) return v.map((_, bit) => 2 ** (BITS - 1 - bit));
  const [degree, coefficients, m] = entry;
  for (let bit = 0; bit < BITS; bit++) {
    if (bit < degree) {
      v[bit] = (m[bit] as number) * 2 ** (BITS - 1 - bit);
      continue;
    }
    const before = v[bit - degree] as number;
    let value = before ^ (before >>> degree);
    for (let k = 1; k < degree; k++) {
      if (((coefficients >>> (degree - 1 - k)) & 1) === 1) value ^= v[bit - k] as number;
    }
    v[bit] = value;
  }
  return v;
}
