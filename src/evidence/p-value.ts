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

/** With more distinct controls than this, the exact p-value and the estimate differ by 5e-6 at most. */
const MOST_DISTINCT = 100_000;

/**
 * The exact p-value of control draws that were taken *with replacement* from few distinct ones, such as the rotations
 * of a short span (Phipson & Smyth 2010, section 4). Without any effect the observation is equally likely to be the
 * first, second … of all D, so that k = 1 … D of them do at least as well, itself included, and
 *
 *     p = 1/D · Σ_{k=1}^{D} F(b; m, p_k)
 *
 * with F the binomial distribution. Where the observation can be drawn among its controls, as in the paper, p_k = k/D,
 * and p is never above (b + 1)/(m + 1). Where it never is, p_k = (k − 1)/(D − 1), and p is never below 1/D: to take
 * such draws for the former would promise what they cannot show. For endlessly many controls both are
 * (b + 1)/(m + 1), which stands in for them beyond 100,000.
 *
 * @param asGood b: draws that did at least as well (`countAsGood`)
 * @param draws m, above 0
 * @param distinct D: different arrangements that there are, the observation among them; 2 or more
 * @throws RangeError where these are no such counts.
 */
export function exactPermutationPValue(
  asGood: number,
  draws: number,
  distinct: number,
  observation: 'can be drawn' | 'is never drawn',
): number {
  const areCounts = [asGood, draws, distinct].every(Number.isInteger);
  if (!(areCounts && asGood >= 0 && draws > 0 && asGood <= draws && distinct >= 2)) {
    throw new RangeError(`${asGood} of ${draws} draws from ${distinct} distinct controls cannot be`);
  }
  if (distinct > MOST_DISTINCT) return (asGood + 1) / (draws + 1);
  let logChoices = 0;
  for (let i = 1; i <= asGood; i++) logChoices += Math.log((draws - asGood + i) / i);
  const others = observation === 'can be drawn' ? distinct : distinct - 1;
  // All do as well: F(b; m, 1). None does, which takes an observation that is never drawn: F(b; m, 0).
  let sum = (asGood === draws ? 1 : 0) + (others < distinct ? 1 : 0);
  for (let k = 1; k < others; k++) sum += binomialAtMost(asGood, draws, k / others, logChoices);
  return Math.min(1, sum / distinct);
}

/**
 * F(b; m, p) for 0 < p < 1: terms from b towards the nearer tail, where they only fall, so that nothing is lost. Of the
 * binomial distribution this sum is all that is needed here.
 *
 * @param logChoices ln C(m, b)
 */
function binomialAtMost(b: number, m: number, p: number, logChoices: number): number {
  const odds = p / (1 - p);
  let term = Math.exp(logChoices + b * Math.log(p) + (m - b) * Math.log1p(-p));
  let sum = 0;
  if (b < m * p) {
    for (let i = b; i >= 0 && term > sum * Number.EPSILON; i--) {
      sum += term;
      term *= i / ((m - i + 1) * odds);
    }
    return sum;
  }
  for (let i = b + 1; i <= m; i++) {
    term *= ((m - i + 1) * odds) / i;
    if (term <= sum * Number.EPSILON) break;
    sum += term;
  }
  return 1 - sum;
}
