/**
 * The share of control draws that did at least as well, one-sided, ties against us: p = (b + 1) / (m + 1). The
 * observation counts among its own controls, so that p is never zero (Phipson & Smyth 2010, Stat. Appl. Genet. Mol.
 * Biol. 9(1)). A draw without a value (no trades) counts as a tie.
 *
 * @returns NaN where nothing was observed, or nothing was drawn.
 */
export function permutationPValue(observed: number, draws: Float64Array): number {
  if (Number.isNaN(observed) || draws.length === 0) return Number.NaN;
  let atLeast = 0;
  for (const draw of draws) if (!(draw < observed)) atLeast++;
  return (atLeast + 1) / (draws.length + 1);
}

/** The smallest p-value that so many draws can give. */
export function smallestPValue(draws: number): number {
  return 1 / (draws + 1);
}
