import { describe, expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { isFamilySettled } from './family-stopping.ts';
import { type FamilyMember, westfallYoung } from './westfall-young.ts';

const DRAWS = 400;
const ALPHA = 0.05;
const CHUNK = 40;

/** Strategies whose draws are correlated and skewed, as mean R is; the best of a grid is skewed to the right. */
function family(strategies: number, edge: number, rng: Prng): FamilyMember[] {
  const members = Array.from({ length: strategies }, () => ({ observed: 0, draws: new Float64Array(DRAWS) }));
  for (let b = -1; b < DRAWS; b++) {
    const common = rng.normal();
    members.forEach((one, k) => {
      const value = Math.exp(0.3 * (0.6 * common + 0.8 * rng.normal())) * (k + 1);
      if (b < 0) one.observed = value + (k === 0 ? edge : 0);
      else one.draws[b] = value;
    });
  }
  return members;
}

const upTo = (members: readonly FamilyMember[], drawn: number): FamilyMember[] =>
  members.map(({ observed, draws }) => ({ observed, draws: draws.subarray(0, drawn) }));

const isRejected = (members: readonly FamilyMember[]): boolean => Math.min(...westfallYoung(members)) < ALPHA;

/** How many draws it takes, looking once a chunk. */
function stopOf(members: readonly FamilyMember[]): number {
  for (let drawn = CHUNK; drawn < DRAWS; drawn += CHUNK) {
    if (isFamilySettled(upTo(members, drawn), DRAWS, ALPHA)) return drawn;
  }
  return DRAWS;
}

describe('drawing until a family is settled', () => {
  test.each([0, 0.5, 1])('comes to the same decisions as all draws, with an edge of %d', (edge) => {
    const rng = new Prng(7).fork(`edge ${edge}`);
    let drawn = 0;
    let rejected = 0;
    const studies = 600;
    for (let study = 0; study < studies; study++) {
      const members = family(5, edge, rng);
      const stop = stopOf(members);
      drawn += stop;
      if (isRejected(members)) rejected++;
      expect(stop < DRAWS && isRejected(members)).toBe(false);
    }
    // Four standard errors around 5 %: stopping early has not made a test that rejects more, or less.
    if (edge === 0) expect(Math.abs(rejected / studies - ALPHA)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / studies));
    if (edge === 0) expect(drawn / studies).toBeLessThan(DRAWS / 2);
    if (edge === 1) expect(rejected / studies).toBeGreaterThan(0.5);
  });

  test('is over at once where nobody traded, and never where nothing comes near', () => {
    const silent = { observed: Number.NaN, draws: new Float64Array(CHUNK) };
    expect(isFamilySettled([silent], DRAWS, ALPHA)).toBe(true);
    expect(isFamilySettled([{ observed: 9, draws: new Float64Array(CHUNK) }], DRAWS, ALPHA)).toBe(false);
  });
});
