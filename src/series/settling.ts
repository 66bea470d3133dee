/** A recursive kernel has settled when less than this of its seed is left in its value (rule 4). */
const SEED_LEFT = 1e-9;

/** Candles until a seed weighs nothing, if each candle keeps so much of what was there. */
function candlesToForget(kept: number): number {
  return kept === 0 ? 0 : Math.ceil(Math.log(SEED_LEFT) / Math.log(kept));
}

/** Candles before the first value of an ema of n, which is seeded by its first input: about 10.4 n. */
export function emaSettle(n: number): number {
  return candlesToForget(1 - 2 / (n + 1));
}

/** Candles after its seed until Wilder's smoothing of n has forgotten it: about 20.7 n. */
export function wilderForget(n: number): number {
  return candlesToForget(1 - 1 / n);
}

/** Candles before the first value of Wilder's smoothing of n, which is seeded by the mean of n inputs. */
export function wilderSettle(n: number): number {
  return n - 1 + wilderForget(n);
}
