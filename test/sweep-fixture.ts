import { runReference } from '../src/backtest/reference.ts';
import type { RunResult } from '../src/backtest/run.ts';
import { Prng } from '../src/domain/prng.ts';
import type { RiskCell } from '../src/domain/study.ts';
import type { Sweep } from '../src/domain/sweep.ts';
import { epochMs } from '../src/domain/units.ts';
import { SWEEP_METRICS } from '../src/optimize/contract.ts';
import { ChunkEvaluator } from '../src/optimize/evaluate.ts';
import { identityOf } from '../src/optimize/identity.ts';
import { SweepPlan } from '../src/optimize/plan.ts';
import { columnsOf, parseCondition, parseMetric, rank } from '../src/optimize/ranking.ts';
import type { SweepResult } from '../src/optimize/result.ts';
import { buildResult } from '../src/optimize/sweep-result.ts';
import { loadStrategy } from '../src/strategy/load.ts';
import { CELL, STRATEGIES, sweepOf, sweepWork } from './sweeps.ts';

export interface SweepFixtureOptions {
  readonly sweep?: Partial<Sweep>;
  readonly sort?: string;
  readonly where?: readonly string[];
}

const grid = ['0.5 %', '1 %', '2 %', '3 %', '4 %'].flatMap((stop): RiskCell[] =>
  [1, 1.5, 2, 3].map((target) => ({
    at: { stop, target: `${target} R` },
    rules: { ...CELL, stop: { fraction: Number.parseFloat(stop) / 100 }, target },
  })),
);

/** Two strategies, two coins, a grid of twenty cells, and params that never give a signal. */
export const FIXTURE_SWEEP: Partial<Sweep> = {
  name: 'fixture',
  intervals: ['1h'],
  span: { days: 55 },
  strategies: [
    { name: 'breakout-volume', params: { lookback: [10, 15, 20, 25, 30, 40, 50, 65], surge: [1, 1.5, 1_000] } },
    { name: 'ema-cross', params: { fast: [4, 8, 12], slow: [18, 26] } },
  ],
  grid,
};

/** A sweep on invented candles, worked out and ranked as the command does it. */
export async function fixtureSweep({
  sweep = FIXTURE_SWEEP,
  sort = 'expectancyR',
  where = ['trades>=30'],
}: SweepFixtureOptions = {}): Promise<SweepResult> {
  const { work, plan } = await sweepWork(sweepOf(sweep));
  const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
  const columns = columnsOf(evaluator.evaluate({ first: 0, count: plan.count }));
  const ranking = rank(columns, parseMetric(sort), where.map(parseCondition));
  const best = new Map(
    [...ranking.places.subarray(0, 10)].map((place): [number, RunResult] => [
      place,
      runReference(evaluator.referenceSpec(place)),
    ]),
  );
  const loaded = await Promise.all(work.strategies.map(({ name }) => loadStrategy(name, STRATEGIES)));
  return buildResult(evaluator, columns, best, {
    identity: identityOf(work),
    strategies: loaded.map(({ strategy: { name, thesis, summary }, sha256 }, i) => ({
      ...{ name, thesis, summary },
      ...{ fileSha256: sha256, sets: plan.setsOf(i) },
    })),
    ranking,
    replays: { best: best.size, sampled: 11 },
    warnings: [],
    versions: { candor: '0.1.0', node: '24.21.0' },
    commit: { sha: '0123456789abcdef0123456789abcdef01234567', isModified: false },
    revised: [],
    createdAtMs: epochMs(Date.UTC(2026, 6, 26, 4)),
    timings: { loadMs: 320, sweepMs: 1_480, replayMs: 2_210 },
    workers: 2,
  });
}

/** As many combinations as a sweep over night: nothing but their numbers is made up. */
export function largeSweep(small: SweepResult): SweepResult {
  const sweep: Sweep = {
    ...small.sweep,
    name: 'large',
    coins: Array.from({ length: 20 }, (_, i) => `COIN${i}`),
    intervals: ['1h', '2h', '4h'],
    strategies: [
      {
        name: 'breakout-volume',
        params: { lookback: Array.from({ length: 60 }, (_, i) => i + 5), surge: [1, 1.2, 1.5, 2] },
      },
    ],
  };
  const plan = new SweepPlan(sweep);
  const rng = new Prng(5);
  const numbers = (value: () => number): Float64Array => Float64Array.from({ length: plan.count }, value);
  const columns: SweepResult['columns'] = {
    ...(Object.fromEntries(SWEEP_METRICS.map((metric) => [metric, numbers(() => 1)])) as SweepResult['columns']),
    trades: numbers(() => 20 + Math.floor(200 * rng.uniform())),
    expectancyR: numbers(() => 0.2 * rng.normal()),
    sdR: numbers(() => 1 + rng.uniform()),
  };
  return {
    ...small,
    sweep,
    strategies: small.strategies.slice(0, 1),
    combinations: plan.count,
    blocks: plan.blocks.map(({ interval, coins, name, first, sets, cells }) => ({
      ...{ interval, coins, first, strategy: name, count: sets * cells },
      axes: [
        { kind: 'param', name: 'lookback', labels: sweep.strategies[0]?.params['lookback']?.map(String) ?? [] },
        { kind: 'param', name: 'surge', labels: ['1', '1.2', '1.5', '2'] },
        { kind: 'rule', name: 'stop', labels: ['0.5 %', '1 %', '2 %', '3 %', '4 %'] },
        { kind: 'rule', name: 'target', labels: ['1 R', '1.5 R', '2 R', '3 R'] },
      ],
    })),
    columns,
    ranking: rank(columns, 'expectancyR', [parseCondition('trades>=30')]),
  };
}
