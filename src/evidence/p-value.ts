/**
 * Results closer than this are the same result: the same trades summed in another order differ in the last digits, and
 * that noise must not decide for a strategy. Of results around one (R, standard deviations); relative beyond.
 */
const TIE = 1e-9;

/** Whether two results differ by nothing but noise. */
export function isTie(a: number, b: number): boolean {
  return Math.abs(a - b) <= TIE * Math.max(1, Math.abs(a));
}

/** How many draws did as well or better. Ties count against us, and a draw without a value (no trades) is a tie. */
export function countAsGood(observed: number, draws: Float64Array): number {
  const worse = observed - TIE * Math.max(1, Math.abs(observed));
  let asGood = 0;
  for (const draw of draws) if (!(draw < worse)) asGood++;
  return asGood;
}

/**
 * The share of control draws that did at least as well, one-sided: p = (b + 1) / (m + 1). The observation counts among
 * its own controls, so that p is never zero (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9(1)).
 *
 * @returns NaN where nothing was observed, or nothing was drawn.
 */
export function permutationPValue(observed: number, draws: Float64Array): number {
  if (Number.isNaN(observed) || draws.length === 0) return Number.NaN;
  return (countAsGood(observed, draws) + 1) / (draws.length + 1);
}

/** The smallest p-value that so many draws can give. */
export function smallestPValue(draws: number): number {
  return 1 / (draws + 1);
}
