import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { clustersOfSweep } from './sweep-clusters.ts';

const { work, plan } = await sweepWork(sweepOf());
const evaluator = await ChunkEvaluator.open(work, STRATEGIES);

describe('clusters of a sweep', () => {
  it('compare all combinations of a small one, and keep one of each cluster, the best first', () => {
    const best = [plan.count - 1];
    const { clusters, returns } = clustersOfSweep(evaluator, best);
    expect(clusters.compared).toBe(plan.count);
    expect(clusters.count).toBe(returns.length);
    expect(returns.length).toBeGreaterThan(0);
    expect(returns.length).toBeLessThanOrEqual(plan.count);
    expect(returns.map(({ trial }) => trial)).toEqual(returns.map((_, i) => i));
  });

  it('are the same whenever they are looked for', () => {
    expect(clustersOfSweep(evaluator, [0, 1])).toEqual(clustersOfSweep(evaluator, [0, 1]));
  });
});

it('of a sample are never fewer than were found, nor more than there are combinations', async () => {
  const targets = Array.from({ length: 40 }, (_, i) => 1 + i / 10);
  const [first] = sweepOf().grid;
  if (first === undefined) throw new Error('no cell');
  const grid = targets.map((target) => ({ at: { target: `${target} R` }, rules: { ...first.rules, target } }));
  const large = await sweepWork(sweepOf({ grid }));
  expect(large.plan.count).toBeGreaterThan(300);
  const found = clustersOfSweep(await ChunkEvaluator.open(large.work, STRATEGIES), [5]);
  expect(found.clusters.compared).toBe(300);
  expect(found.clusters.count).toBeGreaterThanOrEqual(found.returns.length);
  expect(found.clusters.count).toBeLessThanOrEqual(large.plan.count);
});
