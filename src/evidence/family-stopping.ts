import { type FamilyMember, westfallYoung } from './westfall-young.ts';

/**
 * More draws than can be needed are counted before the end is called, because each strategy's scale in the step-down
 * maximum (mean and deviation of its draws) still moves a little with every draw.
 */
const SLACK = 10;

/**
 * Whether it is clear that no strategy of a family will come below a level, so that nobody needs to draw on. Besag &
 * Clifford's rule (1991, *Sequential Monte Carlo p-values*, Biometrika 78(2)), carried over to a family: a strategy
 * with h = ⌈α (m + 1)⌉ draws whose maxima did as well cannot come below α in m draws, however the others fall out.
 * Step-down p-values never fall on the way to a worse strategy, so what is settled for the best one is settled for all.
 *
 * Nothing ends early the other way: what passes has seen all m draws, and its p-value is the one that it would have had
 * without stopping. So stopping makes no rejection, and, but for the slack, loses none: the level is that of m draws. A
 * single strategy without a scale needs no slack (`SequentialPValue`).
 *
 * @param members with the draws so far: draw b is the same for all of them
 * @param draws m, the most that are drawn
 */
export function isFamilySettled(members: readonly FamilyMember[], draws: number, alpha: number): boolean {
  const drawn = members[0]?.draws.length ?? 0;
  const known = westfallYoung(members).filter((p) => !Number.isNaN(p));
  if (known.length === 0) return true;
  const asGood = Math.round(Math.min(...known) * (drawn + 1)) - 1;
  return asGood >= Math.ceil(alpha * (draws + 1)) + SLACK;
}
