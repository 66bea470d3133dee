/** A recursive kernel has settled when less than this of its seed is left in its value. */
const SEED_LEFT = 1e-9;

/** Candles after the seed until it weighs nothing, if each candle leaves `kept` of what was there. */
function candlesToForget(kept: number): number {
  return kept === 0 ? 0 : Math.ceil(Math.log(SEED_LEFT) / Math.log(kept));
}

/** Candles before the first value of an ema of n: it is seeded by its first input (about 10.4 n). */
export function emaSettle(n: number): number {
  return candlesToForget(1 - 2 / (n + 1));
}

/** Candles before the first value of Wilder's smoothing of n: it is seeded by the mean of n inputs (about 20.7 n). */
export function wilderSettle(n: number): number {
  return n - 1 + candlesToForget(1 - 1 / n);
}
