import { isTie, permutationPValue } from './p-value.ts';

/**
 * One strategy of a family: its statistic, and the same statistic in every control draw (NaN: the draw made no trades).
 */
export interface FamilyMember {
  readonly observed: number;
  readonly draws: Float64Array;
}

/**
 * p-values corrected for the number of strategies tried: the step-down maximum of Westfall & Young (1993,
 * *Resampling-Based Multiple Testing*, ch. 2; Romano & Wolf 2005, JASA 100, algorithm 4.1). The best strategy is
 * compared with the best of every draw, the second best with the best of the others, and so on; a p-value is never
 * below that of a better strategy. Draw b has to be the same rotation for all members: so the family keeps its
 * dependence, and near-duplicates cost next to nothing.
 *
 * Strategies are made comparable by their own control: z = (mean R − mean of the control) / sd of the control, both
 * over the draws and the observation, which is one more draw under the null. This map is monotone for each strategy, so
 * a family of one has exactly the p-value of mean R. A t-statistic per draw would compare other things: its denominator
 * falls when a draw's few trades happen to be alike.
 *
 * @returns one p per member, in their order; NaN for a member without an observation, which takes no part.
 * @throws RangeError where the members have different numbers of draws (`holm`, in multiple-testing.ts, needs no joint
 * ones).
 */
export function westfallYoung(members: readonly FamilyMember[]): number[] {
  const draws = members[0]?.draws.length ?? 0;
  if (members.some((member) => member.draws.length !== draws)) {
    throw new RangeError('a step-down maximum needs the same draws for all strategies');
  }
  const adjusted = members.map(() => Number.NaN);
  if (draws === 0) return adjusted;
  const inOrder = members
    .map((member, index) => ({ index, ...standardised(member) }))
    .filter(({ observed }) => !Number.isNaN(observed))
    .sort((a, b) => b.observed - a.observed);

  // From the worst up, `best` holds the best of each draw among the members seen so far.
  const best = new Float64Array(draws).fill(Number.NEGATIVE_INFINITY);
  for (const { index, observed, z } of inOrder.toReversed()) {
    for (let b = 0; b < draws; b++) best[b] = Math.max(best[b] as number, z[b] as number);
    adjusted[index] = permutationPValue(observed, best);
  }
  let floor = 0;
  for (const { index } of inOrder) {
    floor = Math.max(floor, adjusted[index] as number);
    adjusted[index] = floor;
  }
  return adjusted;
}

/**
 * A member on the scale of its own control. A draw without a value ties with the observation; a control that never
 * varies, but for noise in the last digits, cannot tell anything from chance, so everything ties.
 */
function standardised({ observed, draws }: FamilyMember): { observed: number; z: Float64Array } {
  let count = 1;
  let mean = observed;
  let squares = 0;
  for (const draw of draws) {
    if (Number.isNaN(draw)) continue;
    count++;
    const delta = draw - mean;
    mean += delta / count;
    squares += delta * (draw - mean);
  }
  const sd = Math.sqrt(squares / count);
  const varies = !isTie(mean, mean + sd);
  const scale = (value: number): number => (varies ? (value - mean) / sd : 0);
  const z = scale(observed);
  return { observed: Number.isNaN(observed) ? Number.NaN : z, z: draws.map((d) => (Number.isNaN(d) ? z : scale(d))) };
}
