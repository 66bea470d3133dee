/**
 * Rounding of exact decimal values that are held in doubles. 0.29 × 100 is 28.999999999999996 in a double; a naive
 * floor makes a lot out of it that is one too small (about 1 % of all cases). So a value within a relative 1e-9 of a
 * whole number is that whole number first (rule 40).
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

/** What a product of a few decimals can be off by in doubles, relative to it, with room to spare. */
export const PRODUCT_ERROR = 1e-15;

/**
 * To the nearest whole number, ties away from zero: exact for products of decimals up to 1e10 that have at most four
 * decimals. A tie is a tie of the exact product, so the margin here is that of the doubles and not SNAP, which would
 * make ties of half of all large values.
 */
export function roundExact(value: number): number {
  const magnitude = Math.abs(value);
  const whole = Math.floor(magnitude);
  const rounded = magnitude - whole >= 0.5 - PRODUCT_ERROR * magnitude ? whole + 1 : whole;
  return value < 0 ? -rounded : rounded;
}

/**
 * Is `value` at least `threshold`, both of exact decimals? Triggers are inclusive, and 100.01 + 2.01 is not 102.02 in
 * doubles.
 */
export function reaches(value: number, threshold: number): boolean {
  return value >= threshold - SNAP * Math.abs(threshold);
}

/** Is `value` more than `threshold`, both of exact decimals? */
export function exceeds(value: number, threshold: number): boolean {
  return value > threshold + SNAP * Math.abs(threshold);
}

const POWERS = Array.from({ length: 16 }, (_, exponent) => Number(`1e${exponent}`));

/** 10^exponent without the rounding errors of Math.pow; exponent in 0 … 15. */
export function powerOfTen(exponent: number): number {
  const power = POWERS[exponent];
  if (power === undefined) throw new RangeError(`no power of ten for exponent ${exponent}`);
  return power;
}
