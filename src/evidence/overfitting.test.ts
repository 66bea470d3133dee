import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reasonIn, valueIn } from '../../test/estimates.ts';
import { goldenMatrix, goldenMatrixWithEdge } from '../../test/golden-matrix.ts';
import { Prng } from '../domain/prng.ts';
import { backtestOverfitting, type Overfitting, type ReturnMatrix } from './overfitting.ts';

function matrixOf(rows: readonly (readonly number[])[]): ReturnMatrix {
  return { periods: rows.length, trials: rows[0]?.length ?? 0, values: Float64Array.from(rows.flat()) };
}

function rowsOf({ periods, trials, values }: ReturnMatrix): number[][] {
  return Array.from({ length: periods }, (_, i) => [...values.subarray(i * trials, (i + 1) * trials)]);
}

describe('golden matrix', () => {
  test('is the one that is meant', () => {
    const { values } = goldenMatrix();
    expect([...values.subarray(0, 3)]).toEqual([-0.006713014910928905, 0.006350767356343568, 0.005736509715206921]);
    expect(values.at(-1)).toBe(0.017638084408827127);
  });

  test.each([
    [4, 6, 0.6666666667, -0.3439488641, 0.6666666667],
    [6, 20, 0.85, -0.9713385808, 0.65],
    [16, 12_870, 0.8281274281, -0.7717483063, 0.5955710956],
  ])('in %d blocks: %d splits', (blocks, splits, probability, meanLogit, lossProbability) => {
    const result = valueIn(backtestOverfitting(goldenMatrix(), blocks));
    expect(result.splits).toBe(splits);
    expect(result.probability).toBeCloseTo(probability, 9);
    expect(result.meanLogit).toBeCloseTo(meanLogit, 9);
    expect(result.lossProbability).toBeCloseTo(lossProbability, 9);
  });

  test('with an edge in one trial', () => {
    const result = valueIn(backtestOverfitting(goldenMatrixWithEdge(), 6));
    expect(result).toMatchObject({ probability: 0, lossProbability: 0 });
    expect(result.meanLogit).toBeCloseTo(2.302585092994045, 9);
    // Nobody who is equally good as all others comes so low.
    expect(result.luckBand.low).toBeGreaterThan(0);
  });
});

/** As the paper writes it: rows of the chosen blocks, joined and measured anew for every split. */
function naive({ periods, trials, values }: ReturnMatrix, blocks: number): Omit<Overfitting, 'luckBand' | 'slope'> {
  const size = Math.floor(periods / blocks);
  const dropped = periods - size * blocks;
  const sharpe = (trial: number, mask: number): number => {
    const returns = Array.from({ length: size * blocks }, (_, i) => i)
      .filter((i) => ((mask >> Math.floor(i / size)) & 1) === 1)
      .map((i) => values[(dropped + i) * trials + trial] as number);
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    const squares = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return mean / Math.sqrt(squares / (returns.length - 1));
  };
  const all = 2 ** blocks - 1;
  const masks = Array.from({ length: all }, (_, mask) => mask).filter(
    (mask) => mask.toString(2).replaceAll('0', '').length === blocks / 2,
  );
  const outcomes = masks.map((mask) => {
    const train = Array.from({ length: trials }, (_, trial) => sharpe(trial, mask));
    const tested = Array.from({ length: trials }, (_, trial) => sharpe(trial, all - mask));
    const chosen = tested[train.indexOf(Math.max(...train))] as number;
    const omega = tested.filter((value) => value <= chosen).length / (trials + 1);
    return { logit: Math.log(omega / (1 - omega)), chosen };
  });
  const share = (isOne: (outcome: { logit: number; chosen: number }) => boolean): number =>
    outcomes.filter(isOne).length / outcomes.length;
  return {
    probability: share(({ logit }) => logit <= 1e-12),
    meanLogit: outcomes.reduce((sum, { logit }) => sum + logit, 0) / outcomes.length,
    lossProbability: share(({ chosen }) => chosen < 0),
    splits: masks.length,
    blocks,
    periodsPerBlock: size,
  };
}

const matrices = fc
  .record({ periods: fc.integer({ min: 16, max: 40 }), trials: fc.integer({ min: 2, max: 6 }), seed: fc.nat() })
  .map(({ periods, trials, seed }): ReturnMatrix => {
    const rng = new Prng(seed);
    return { periods, trials, values: Float64Array.from({ length: periods * trials }, () => 0.01 * rng.normal()) };
  });
const evenBlocks = fc.constantFrom(2, 4, 6, 8);

describe('properties', () => {
  test('equals the computation by the book', () => {
    fc.assert(
      fc.property(matrices, evenBlocks, (matrix, blocks) => {
        const result = valueIn(backtestOverfitting(matrix, blocks));
        const expected = naive(matrix, blocks);
        expect(result).toMatchObject({ ...expected, meanLogit: expect.closeTo(expected.meanLogit, 9) });
      }),
      { numRuns: 30 },
    );
  });

  test('neither the order of trials nor that of the periods of a block matters', () => {
    fc.assert(
      fc.property(matrices, evenBlocks, (matrix, blocks) => {
        const size = Math.floor(matrix.periods / blocks);
        const rows = rowsOf(matrix).slice(matrix.periods - size * blocks);
        const reversed = rows.map((_, i) => {
          const start = i - (i % size);
          return (rows[start + size - 1 - (i % size)] as number[]).toReversed();
        });
        const { luckBand, meanLogit, slope, ...rest } = valueIn(backtestOverfitting(matrix, blocks));
        const other = valueIn(backtestOverfitting(matrixOf(reversed), blocks));
        expect(other).toMatchObject(rest);
        expect(other.meanLogit).toBeCloseTo(meanLogit, 9);
        expect(luckBand.low).toBeLessThanOrEqual(luckBand.high);
        if (slope.isAvailable) expect(valueIn(other.slope)).toBeCloseTo(slope.value, 6);
      }),
      { numRuns: 30 },
    );
  });
});

test('the slope is that of least squares over the splits', () => {
  // Two splits, one the reverse of the other: the line through two points.
  const result = valueIn(backtestOverfitting(goldenMatrix(), 2));
  const half = (from: number): number[] =>
    Array.from({ length: 10 }, (_, trial) => {
      const column = rowsOf(goldenMatrix())
        .slice(from, from + 120)
        .map((row) => row[trial] as number);
      const mean = column.reduce((sum, value) => sum + value, 0) / 120;
      return mean / Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 119);
    });
  const [first, second] = [half(0), half(120)];
  const a = first.indexOf(Math.max(...first));
  const b = second.indexOf(Math.max(...second));
  const rise = (second[a] as number) - (first[b] as number);
  expect(valueIn(result.slope)).toBeCloseTo(rise / ((first[a] as number) - (second[b] as number)), 9);
});

describe('the band', () => {
  test('holds nine of ten matrices without edge, at few trials and at more', () => {
    const rng = new Prng(77);
    const matrices = 150;
    for (const trials of [4, 20]) {
      let inside = 0;
      for (let i = 0; i < matrices; i++) {
        const values = Float64Array.from({ length: 120 * trials }, () => rng.normal() * 0.01);
        const { probability, luckBand } = valueIn(backtestOverfitting({ periods: 120, trials, values }, 8));
        if (probability >= luckBand.low && probability <= luckBand.high) inside++;
      }
      // Four standard errors of a binomial share; ties at the ends make the band a little wide.
      expect(inside / matrices).toBeGreaterThan(0.9 - 0.1);
      expect(inside / matrices).toBeLessThan(0.98);
    }
  });

  test('is the same for the same matrix, and narrower with more trials', () => {
    const band = (trials: number): number => {
      const rng = new Prng(5);
      const values = Float64Array.from({ length: 160 * trials }, () => rng.normal());
      const { low, high } = valueIn(backtestOverfitting({ periods: 160, trials, values }, 8)).luckBand;
      return high - low;
    };
    expect(band(3)).toBe(band(3));
    expect(band(60)).toBeLessThan(band(3));
  });
});

describe('edges', () => {
  const noise = (trial: number, period: number): number => Math.sin(1 + 3 * period + 11 * trial);
  const rows = Array.from({ length: 16 }, (_, period) => [0, 1, 2].map((trial) => noise(trial, period)));

  test.each([
    ['one trial', rows.map(([first]) => [first as number]), 'two trials'],
    ['no trials', [], 'two trials'],
    ['fewer periods than blocks', rows.slice(0, 3), 'cannot be cut into 4 blocks'],
    ['nothing traded', rows.map((row) => row.map(() => 0)), 'other than 0'],
    ['NaN', rows.with(2, [0, Number.NaN, 0]), 'the return of trial 2 in period 3 is NaN'],
    ['no return at all', rows.with(2, [0, 0, -1e200]), 'the return of trial 3 in period 3 is -1e+200'],
  ])('not available: %s', (_, values, reason) => {
    expect(reasonIn(backtestOverfitting(matrixOf(values), 4))).toContain(reason);
  });

  test.each([0, 3, -2, 22, 2.5, Number.NaN])('%d blocks are refused', (blocks) => {
    expect(() => backtestOverfitting(matrixOf(rows), blocks)).toThrow(`${blocks} blocks cannot be halved`);
  });

  test('values that are no matrix are refused', () => {
    expect(() => backtestOverfitting({ periods: 3, trials: 2, values: new Float64Array(5) }, 2)).toThrow('no matrix');
  });

  test('twins of one trial stand at the median: nothing was chosen', () => {
    const twins = matrixOf(rows.map(([first]) => [first as number, first as number, first as number]));
    expect(valueIn(backtestOverfitting(twins, 4))).toMatchObject({ probability: 1, meanLogit: 0 });
  });

  test('of trials that did nothing in training, the one that tests worst is chosen, wherever it stands', () => {
    // In the first half nobody earns; in the second, one idle trial gains and one loses.
    const early = Array.from({ length: 8 }, (_, i) => [-1 - (i % 2), 0, 0]);
    const late = Array.from({ length: 8 }, (_, i) => [-1 - (i % 2), 1 + (i % 2), -2 - (i % 2)]);
    const one = valueIn(backtestOverfitting(matrixOf([...early, ...late]), 2));
    const other = valueIn(
      backtestOverfitting(matrixOf([...early, ...late].map(([a, b, c]) => [a, c, b]) as number[][]), 2),
    );
    expect(one).toEqual({ ...other, luckBand: one.luckBand });
    expect(one.lossProbability).toBe(0.5);
  });

  test('a trial with one return over and over has a large Sharpe ratio, not an infinite one', () => {
    const constant = matrixOf(rows.map(([a, b]) => [a as number, b as number, 0.001]));
    const result = valueIn(backtestOverfitting(constant, 4));
    expect(result.probability).toBe(0);
    expect(Number.isFinite(result.slope.isAvailable ? result.slope.value : 0)).toBe(true);
  });
});
