/**
 * Rounding of exact decimal values that are held in doubles. 0.29 × 100 is 28.999999999999996 in a double; a naive floor makes
 * a lot out of it that is one too small (about 1 % of all cases). So a value within a relative 1e-9 of a whole number is
 * that whole number first (rule 40).
 */
const SNAP = 1e-9;

export function floorExact(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= SNAP * Math.abs(value) ? nearest : Math.floor(value);
}

export function ceilExact(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= SNAP * Math.abs(value) ? nearest : Math.ceil(value);
}

/** To the nearest whole number, ties away from zero. */
export function roundExact(value: number): number {
  const magnitude = Math.abs(value);
  const rounded = floorExact(magnitude + 0.5);
  return value < 0 ? -rounded : rounded;
}

const POWERS = Array.from({ length: 16 }, (_, exponent) => Number(`1e${exponent}`));

/** 10^exponent without the rounding errors of Math.pow; exponent in 0 … 15. */
export function powerOfTen(exponent: number): number {
  const power = POWERS[exponent];
  if (power === undefined) throw new RangeError(`no power of ten for exponent ${exponent}`);
  return power;
}
