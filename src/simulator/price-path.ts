/**
 * How a candle comes about, as far as one can tell afterwards: it trades at its open, at one extreme, at the other and
 * at its close. Every coin trades at the same instants, so that a simulation has few of them to visit.
 */

/** When within a candle its trades take place. The first comes some time after the boundary, as in a real market. */
export const PATH_FRACTIONS = [0.02, 0.3, 0.6, 0.97] as const;

/** How many of a candle's trades have taken place when so much of it has elapsed. */
export function sharesAt(elapsed: number): number {
  return PATH_FRACTIONS.filter((fraction) => fraction <= elapsed).length;
}

/** A rising candle is taken to have fallen first, a falling one to have risen. */
export function firstExtremeIsLow(candle: { readonly open: number; readonly close: number }): boolean {
  return candle.close >= candle.open;
}
