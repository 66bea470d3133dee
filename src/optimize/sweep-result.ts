import type { RunResult } from '../backtest/run.ts';
import { closeTimeAt } from '../domain/candle.ts';
import type { RiskCell } from '../domain/study.ts';
import { SWEEP_METRICS, type SweepMetric } from './contract.ts';
import type { ChunkEvaluator } from './evaluate.ts';
import { hashOfColumns } from './identity.ts';
import type { SweepBlock, SweepPlan } from './plan.ts';
import type { MetricColumns } from './ranking.ts';
import type { Axis, BestCombination, ResultBlock, SilentSets, SweepResult, SweptSeries } from './result.ts';

/** What only who runs the sweep knows. */
export type SweepCircumstances = Pick<
  SweepResult,
  | 'identity'
  | 'strategies'
  | 'ranking'
  | 'warnings'
  | 'versions'
  | 'commit'
  | 'revised'
  | 'createdAtMs'
  | 'timings'
  | 'workers'
  | 'replays'
>;

/** @param best runs of the reference engine, by the place of their combination, the best first */
export function buildResult(
  evaluator: ChunkEvaluator,
  columns: MetricColumns,
  best: ReadonlyMap<number, RunResult>,
  circumstances: SweepCircumstances,
): SweepResult {
  const { plan, work } = evaluator;
  const { isSynthetic, asSeen, source, fingerprint, fromMs, toMs } = work.data;
  return {
    ...circumstances,
    sweep: work.sweep,
    costs: work.costs,
    data: {
      isSynthetic,
      ...(asSeen && { asSeen }),
      ...{ source, fingerprint, fromMs, toMs },
      series: seriesOf(evaluator),
    },
    combinations: plan.count,
    blocks: plan.blocks.map((block) => resultBlock(plan, block)),
    columns,
    best: [...best].map(([index, run]) => bestCombination(evaluator, columns, index, run)),
    silent: silentSets(plan, columns),
    resultHash: hashOfColumns(SWEEP_METRICS.map((metric) => columns[metric])),
  };
}

/** The values of one place, by metric. */
export function valuesOf(columns: MetricColumns, place: number): Readonly<Record<SweepMetric, number>> {
  return Object.fromEntries(SWEEP_METRICS.map((metric) => [metric, columns[metric][place] as number])) as Record<
    SweepMetric,
    number
  >;
}

function bestCombination(
  { plan, room }: ChunkEvaluator,
  columns: MetricColumns,
  index: number,
  { trades, equityUsd }: RunResult,
): BestCombination {
  const { block, params, cell } = plan.combinationAt(index);
  const { interval, coins, name } = block;
  const candles = room.candles(interval, coins[0] as string);
  const metrics = valuesOf(columns, index);
  const equityFirstCloseMs = closeTimeAt(candles, room.grid(interval).from);
  return {
    index,
    interval,
    coins,
    strategy: name,
    params,
    at: cell.at,
    metrics,
    trades,
    equityUsd,
    equityFirstCloseMs,
  };
}

/** Params and rules of which more than one value was tried. */
function resultBlock(plan: SweepPlan, block: SweepBlock): ResultBlock {
  const { interval, coins, name, first, sets, cells, strategy } = block;
  const params = (plan.params[strategy] ?? []).map(
    ({ name: param, values }): Axis => ({ kind: 'param', name: param, labels: values.map(String) }),
  );
  const axes = [...params, ...ruleAxes(plan.sweep.grid)].filter(({ labels }) => labels.length > 1);
  return { interval, coins, strategy: name, first, count: sets * cells, axes };
}

/** The rules of the grid; of cells that are not every combination of some values, only that they are cells. */
function ruleAxes(grid: readonly RiskCell[]): Axis[] {
  const rules = Object.keys(grid[0]?.at ?? {});
  const axes = rules.map((name): Axis => {
    const labels = [...new Set(grid.map(({ at }) => at[name] ?? ''))];
    return { kind: 'rule', name, labels };
  });
  const count = axes.reduce((product, { labels }) => product * labels.length, 1);
  if (count === grid.length) return axes;
  return [{ kind: 'rule', name: 'cell', labels: grid.map(({ at }) => Object.values(at).join(', ')) }];
}

const MOST_EXAMPLES = 3;

/** Sets of params that never gave a signal: whatever the risk rules, they could not have traded. */
export function silentSets(plan: SweepPlan, columns: MetricColumns): SilentSets[] {
  return plan.blocks.flatMap((block) => {
    const silent: number[] = [];
    for (let set = 0; set < block.sets; set++) {
      if (columns.signals[block.first + set * block.cells] === 0) silent.push(set);
    }
    if (silent.length === 0) return [];
    const { interval, coins, name } = block;
    const examples = silent.slice(0, MOST_EXAMPLES).map((set) => plan.paramsAt(block.strategy, set));
    return [{ interval, coins, strategy: name, count: silent.length, examples }];
  });
}

function seriesOf({ room, work }: ChunkEvaluator): SweptSeries[] {
  return work.data.grids.flatMap(({ interval, candles, from, to }) =>
    [...candles].map(([coin, columns]) => ({
      coin,
      interval,
      candles: to - from,
      missingCandles: columns.close.subarray(from, to).filter((close) => Number.isNaN(close)).length,
      missingFundingHours: room.funding(interval, coin).missingHours,
    })),
  );
}
