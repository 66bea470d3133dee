import type { Prng } from '../domain/prng.ts';
import { superiorAbility } from '../evidence/superior-ability.ts';
import type { Differences, Luck } from './comparison.ts';

const RESAMPLES = 1_000;
/** Days that depend on each other, at least. */
const SHORTEST_BLOCK_DAYS = 3;

/**
 * How often luck among all candidates does as well as the best of them did: Hansen's test for superior predictive
 * ability against the benchmark (rule 34), its consistent p-value.
 *
 * @param blockDays days that a position can span, and so depend on each other
 */
export function luckOf(differences: Differences, blockDays: number, rng: Prng): Omit<Luck, 'candidates'> {
  const q = 1 / Math.max(SHORTEST_BLOCK_DAYS, blockDays);
  const answer = superiorAbility(differences, { q, resamples: RESAMPLES, indices: rng });
  return answer.isAvailable
    ? { pValue: answer.value.consistent.pValue, reason: null }
    : { pValue: null, reason: answer.reason };
}
