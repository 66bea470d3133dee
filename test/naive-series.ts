/**
 * Every kernel again, as its textbook has it and as slowly as that is: whole arrays, one window at a time. The oracles
 * of the tests in src/series.
 */

type Values = ArrayLike<number>;

function map(length: number, value: (i: number) => number): number[] {
  return Array.from({ length }, (_, i) => value(i));
}

/** f of each whole window of n values; NaN where a value is missing. */
function rolling(x: Values, n: number, f: (window: number[]) => number): number[] {
  const values = Array.from(x);
  return map(x.length, (i) => {
    if (i < n - 1) return Number.NaN;
    const window = values.slice(i - n + 1, i + 1);
    return window.some(Number.isNaN) ? Number.NaN : f(window);
  });
}

const sumOf = (window: readonly number[]): number => window.reduce((a, b) => a + b, 0);
const meanOf = (window: readonly number[]): number => sumOf(window) / window.length;

export const ago = (x: Values, k: number): number[] =>
  map(x.length, (i) => (i < k ? Number.NaN : (x[i - k] as number)));
export const highest = (x: Values, n: number): number[] => rolling(x, n, (window) => Math.max(...window));
export const lowest = (x: Values, n: number): number[] => rolling(x, n, (window) => Math.min(...window));
export const sum = (x: Values, n: number): number[] => rolling(x, n, sumOf);
export const mean = (x: Values, n: number): number[] => rolling(x, n, meanOf);

export function deviation(x: Values, n: number): number[] {
  return rolling(x, n, (window) => {
    const middle = meanOf(window);
    return Math.sqrt(meanOf(window.map((value) => (value - middle) ** 2)));
  });
}

export function rank(x: Values, n: number): number[] {
  return rolling(x, n, (window) => {
    const others = window.slice(0, -1);
    const current = window.at(-1) as number;
    const below = others.filter((value) => value < current).length;
    const ties = others.filter((value) => value === current).length;
    return (below + ties / 2) / (n - 1);
  });
}

/** Recursive averages, anew after each NaN; silent until (1 − α)^age of the seed is under 1e-9. */
function recursive(x: Values, alpha: number, seedLength: number): number[] {
  let seed: number[] = [];
  let value = Number.NaN;
  let left = 1;
  return map(x.length, (i) => {
    const now = x[i] as number;
    if (Number.isNaN(now)) {
      seed = [];
      value = Number.NaN;
      return value;
    }
    if (Number.isNaN(value)) {
      seed.push(now);
      if (seed.length === seedLength) value = meanOf(seed);
      left = 1;
    } else {
      value = alpha * now + (1 - alpha) * value;
      left *= 1 - alpha;
    }
    return left < 1e-9 || alpha === 1 ? value : Number.NaN;
  });
}

export const ema = (x: Values, n: number): number[] => recursive(x, 2 / (n + 1), 1);
export const wilder = (x: Values, n: number): number[] => recursive(x, 1 / n, n);

export function rsi(x: Values, n: number): number[] {
  const change = map(x.length, (i) => (i === 0 ? Number.NaN : (x[i] as number) - (x[i - 1] as number)));
  const gains = wilder(
    change.map((c) => Math.max(c, 0)),
    n,
  );
  const losses = wilder(
    change.map((c) => Math.max(-c, 0)),
    n,
  );
  return gains.map((gain, i) => {
    const loss = losses[i] as number;
    return gain + loss === 0 ? 50 : 100 - 100 / (1 + gain / loss);
  });
}

export function trueRange(high: Values, low: Values, close: Values): number[] {
  return map(close.length, (i) => {
    if (i === 0) return Number.NaN;
    const before = close[i - 1] as number;
    const [top, bottom] = [high[i] as number, low[i] as number];
    return Math.max(top - bottom, Math.abs(top - before), Math.abs(bottom - before));
  });
}

/** Wilder's ADX with the true range in it, as he writes it. */
export function adx(high: Values, low: Values, close: Values, n: number): number[] {
  const upward: number[] = [];
  const downward: number[] = [];
  for (let i = 0; i < close.length; i++) {
    const up = i === 0 ? Number.NaN : (high[i] as number) - (high[i - 1] as number);
    const down = i === 0 ? Number.NaN : (low[i - 1] as number) - (low[i] as number);
    const missing = Number.isNaN(up) || Number.isNaN(down);
    upward.push(missing ? Number.NaN : up > down && up > 0 ? up : 0);
    downward.push(missing ? Number.NaN : down > up && down > 0 ? down : 0);
  }
  const range = wilder(trueRange(high, low, close), n);
  const plus = wilder(upward, n).map((value, i) => (100 * value) / (range[i] as number));
  const minus = wilder(downward, n).map((value, i) => (100 * value) / (range[i] as number));
  const dx = plus.map((value, i) => (100 * Math.abs(value - (minus[i] as number))) / (value + (minus[i] as number)));
  return wilder(dx, n);
}
