import { toUsd } from '../../domain/units.ts';
import type { SweepResult } from '../../optimize/result.ts';
import { SWEEP_LIMITS } from '../limits.ts';
import { looksOf, marketsOf, topOf } from './best.ts';
import { Combinations, middleOf, refusedOf } from './combinations.ts';
import { distributionOf } from './distribution.ts';
import { effectsOf } from './effects.ts';
import { mapsOf } from './maps.ts';
import { reportedValue } from './metric-text.ts';
import { SWEEP_SCHEMA_NAME, SWEEP_SCHEMA_VERSION, type SweepReport, type SweptGrid } from './schema.ts';

/** The report of a sweep: plain data that JSON carries without a loss, and that stays small however many were tried. */
export function buildSweepReport(result: SweepResult): SweepReport {
  const { identity, resultHash, createdAtMs, workers, timings, ranking, columns } = result;
  const { versions, commit, costs, strategies, data, replays, silent, warnings } = result;
  const { metric, order, where, places } = ranking;
  const combinations = new Combinations(result);
  const middle = middleOf(columns, metric, combinations.counted);
  return {
    schema: { name: SWEEP_SCHEMA_NAME, version: SWEEP_SCHEMA_VERSION },
    ...{ identity, resultHash },
    made: {
      createdAtMs,
      workers,
      durationsMs: { candles: timings.loadMs, sweep: timings.sweepMs, replays: timings.replayMs },
      ...(result.revised.length > 0 && { revised: result.revised }),
    },
    ...{ versions, commit },
    sweep: gridOf(result.sweep),
    ...{ costs, strategies, data },
    combinations: result.combinations,
    ranking: {
      ...{ metric, order, where },
      matching: places.length,
      median: middle === null ? null : reportedValue(metric, middle),
    },
    counted: { where: combinations.counted.where, combinations: combinations.counted.combinations },
    replays,
    distribution: distributionOf(combinations),
    top: topOf(combinations),
    best: looksOf(combinations),
    markets: marketsOf(combinations),
    effects: effectsOf(combinations),
    ...mapsOf(combinations),
    silent,
    refused: refusedOf(columns),
    limits: SWEEP_LIMITS,
    warnings,
  };
}

function gridOf({ name, coins, intervals, account, depositUsd, seed, cell, grid, strategies }: SweepResult['sweep']) {
  const rules = Object.keys(grid[0]?.at ?? {});
  const values = rules.map((rule) => [rule, [...new Set(grid.map(({ at }) => at[rule] ?? ''))]]);
  const swept: SweptGrid = {
    ...{ name, coins, intervals, account, seed, cell, strategies },
    depositUsd: toUsd(depositUsd),
    grid: Object.fromEntries(values) as SweptGrid['grid'],
  };
  return swept;
}
