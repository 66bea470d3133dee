import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { holm } from './multiple-testing.ts';
import { permutationPValue } from './p-value.ts';
import { type FamilyMember, westfallYoung } from './westfall-young.ts';

function member(observed: number, ...draws: number[]): FamilyMember {
  return { observed, draws: Float64Array.from(draws) };
}

const rawPValues = (members: readonly FamilyMember[]): number[] =>
  members.map(({ observed, draws }) => permutationPValue(observed, draws));

describe('step-down maximum', () => {
  test('a family of one has the p-value of its mean R', () => {
    expect(westfallYoung([member(3, 1, 2, 3, 4)])).toEqual([3 / 5]);
  });

  test('a twin costs nothing: the same strategy under two names', () => {
    const one = member(3.5, 1, 2, 3, 4);
    expect(westfallYoung([one, one, one])).toEqual([2 / 5, 2 / 5, 2 / 5]);
  });

  test('a strategy whose luck comes at other times costs: the best meets the best of each draw', () => {
    // On the scales of their controls A stands at 1.8 and B at 0. Draw 2 beats A alone, draws 2 and 3 beat B alone.
    const a = member(10, 0, 10, 0, 0, 0, 0, 0, 0, 0);
    const b = member(0, -1, 3, 1, -1, -1, -1, 0.5, -0.5, -1);
    const [pa, pb] = westfallYoung([a, b]) as [number, number];
    expect(rawPValues([a, b])).toEqual([2 / 10, 4 / 10]);
    expect(pa).toBe(2 / 10);
    expect(pb).toBe(4 / 10);
    // The same B, but with its best draw where A has none: now two draws reach A.
    const elsewhere = member(0, 3, -1, 1, -1, -1, -1, 0.5, -0.5, -1);
    expect(westfallYoung([a, elsewhere])).toEqual([3 / 10, 4 / 10]);
  });

  test('adjusted values never fall on the way to a worse strategy', () => {
    const good = member(2, 3, 0, 0, 0, 1);
    const bad = member(1, -9, 0, 0, 0, -9);
    const adjusted = westfallYoung([bad, good]);
    expect(rawPValues([bad, good])).toEqual([1 / 6, 2 / 6]);
    expect(adjusted[0]).toBeGreaterThanOrEqual(1 / 6);
  });

  test('a control that never varies proves nothing', () => {
    expect(westfallYoung([member(1, 1, 1, 1)])).toEqual([1]);
    expect(westfallYoung([member(1, Number.NaN, Number.NaN)])).toEqual([1]);
  });

  test('noise in the last digits breaks no tie for the strategy', () => {
    // The sums of one set of trades in two orders.
    const [forth, back] = [0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1];
    expect(forth).toBeGreaterThan(back);
    expect(westfallYoung([member(forth, back, -1, -2, 5)])).toEqual([3 / 5]);
    expect(westfallYoung([member(forth, back, back, forth)])).toEqual([1]);
    // On their own scales both stand at the same height, but for rounding; the draws of each beat the other.
    const a = member(3, 1, 2, 4, 3, 1, 0);
    const b = member(0.3, 0.4, 0.1, 0.2, 0.1, 0.3, 0);
    expect(westfallYoung([a, b])).toEqual([5 / 7, 5 / 7]);
  });

  test('a strategy without trades takes no part', () => {
    const silent = member(Number.NaN, 9, 9, 9, 9);
    const [p, none] = westfallYoung([member(5, 1, 2, 3, 4), silent]);
    expect(p).toBe(1 / 5);
    expect(none).toBeNaN();
    expect(westfallYoung([])).toEqual([]);
    expect(westfallYoung([member(5)])).toEqual([Number.NaN]);
  });

  test('draws that are not joint are refused', () => {
    expect(() => westfallYoung([member(1, 1, 2), member(1, 1)])).toThrow('the same draws');
  });

  const families = fc
    .record({ members: fc.integer({ min: 1, max: 6 }), draws: fc.integer({ min: 1, max: 30 }) })
    .chain(({ members, draws }) => {
      const value = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -5, max: 5 }) }, fc.constant(Number.NaN));
      const one = fc.record({
        observed: fc.integer({ min: -5, max: 5 }),
        draws: fc.array(value, { minLength: draws, maxLength: draws }).map((values) => Float64Array.from(values)),
      });
      return fc.array(one, { minLength: members, maxLength: members });
    });

  test('property: never below the single p-value, never above one, and equal to a naive computation', () => {
    fc.assert(
      fc.property(families, (members) => {
        const adjusted = westfallYoung(members);
        const raw = rawPValues(members);
        adjusted.forEach((p, k) => {
          expect(p).toBeGreaterThanOrEqual(raw[k] as number);
          expect(p).toBeLessThanOrEqual(1);
        });
        expect(adjusted).toEqual(naive(members));
      }),
    );
  });
});

/** As the books write it: for each strategy, the maximum over it and all that are worse, draw by draw. */
function naive(members: readonly FamilyMember[]): number[] {
  // Means that are summed in another order differ in the last digits: what is that close is a tie.
  const atLeast = (a: number, b: number): boolean => a >= b - 1e-9 * Math.max(1, Math.abs(b));
  const scaled = members.map(({ observed, draws }) => {
    const values = [...draws, observed].filter((value) => !Number.isNaN(value));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const z = (value: number): number => (sd > 1e-6 ? (value - mean) / sd : 0);
    return { observed: z(observed), draws: [...draws].map((draw) => (Number.isNaN(draw) ? z(observed) : z(draw))) };
  });
  const own = scaled.map((one) => {
    const worse = scaled.filter((other) => atLeast(one.observed, other.observed));
    const beaten = one.draws.filter((_, b) =>
      atLeast(Math.max(...worse.map((w) => w.draws[b] as number)), one.observed),
    );
    return (beaten.length + 1) / (one.draws.length + 1);
  });
  return scaled.map(({ observed }) =>
    Math.max(...own.filter((_, k) => atLeast(scaled[k]?.observed as number, observed))),
  );
}

/**
 * A family without edge: each draw, the observed one included, is a row of normal values with this correlation between
 * strategies.
 */
function nullFamily(strategies: number, draws: number, correlation: number, rng: Prng): FamilyMember[] {
  const members = Array.from({ length: strategies }, () => ({ observed: 0, draws: new Float64Array(draws) }));
  for (let b = -1; b < draws; b++) {
    const common = rng.normal();
    for (const one of members) {
      const value = Math.sqrt(correlation) * common + Math.sqrt(1 - correlation) * rng.normal();
      if (b < 0) one.observed = value;
      else one.draws[b] = value;
    }
  }
  return members;
}

describe('family-wise error on studies without edge', () => {
  const studies = 1500;
  const alpha = 0.05;

  test.each([0, 0.5, 0.95])('with correlation %d one study in twenty finds something', (correlation) => {
    const rng = new Prng(2025).fork(`correlation ${correlation}`);
    let falseStudies = 0;
    let holmFalseStudies = 0;
    for (let study = 0; study < studies; study++) {
      const members = nullFamily(8, 199, correlation, rng);
      if (Math.min(...westfallYoung(members)) <= alpha) falseStudies++;
      if (Math.min(...holm(rawPValues(members))) <= alpha) holmFalseStudies++;
    }
    // Four standard errors of a binomial share: a right procedure fails this once in 16,000 seeds.
    const tolerance = 4 * Math.sqrt((alpha * (1 - alpha)) / studies);
    expect(Math.abs(falseStudies / studies - alpha)).toBeLessThan(tolerance);
    expect(holmFalseStudies / studies).toBeLessThan(alpha + tolerance);
    // Holm does not see that near-duplicates are one strategy, and gives the power away.
    if (correlation === 0.95) expect(holmFalseStudies).toBeLessThan(falseStudies / 2);
  });
});
