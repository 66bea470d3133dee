import { join } from 'node:path';
import { assembleStudyData, type RevisedSeries, revisedIn } from '../backtest/candle-source.ts';
import { planSpan, type SpanRequest } from '../backtest/study-data.ts';
import { costsOf } from '../config/config.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { EpochMs } from '../domain/units.ts';
import type { SweepWork } from '../optimize/contract.ts';
import { SweepPlan, withEveryParam } from '../optimize/plan.ts';
import { surveySweep } from '../optimize/survey.ts';
import { type LoadedStrategy, loadStrategy } from '../strategy/load.ts';
import type { Context } from './context.ts';
import { openCandles } from './study-candles.ts';
import { requireSpan } from './sweep-span.ts';

/** A sweep whose strategies are known, so that its combinations can be counted; no candle has been read. */
export interface CountedSweep {
  readonly plan: SweepPlan;
  readonly strategies: readonly LoadedStrategy[];
}

/** A sweep with the candles that it runs on. */
export interface PlannedSweep extends CountedSweep {
  readonly work: SweepWork;
  /** Of its candles: those that have been revised since they were first seen. */
  readonly revised: readonly RevisedSeries[];
  readonly warnings: readonly string[];
}

export interface SweepCandles {
  readonly isSyntheticWanted: boolean;
  readonly asSeen: boolean;
  /** The span that an earlier run of a 'newest' sweep came to: it goes on there. */
  readonly span?: { readonly fromMs: EpochMs; readonly toMs: EpochMs };
}

/**
 * @throws UsageError for strategies and params that are not there, with the nearest names; StrategyError or
 *   LookAheadError for a strategy that cannot be loaded
 */
export async function countSweep(sweep: Sweep, context: Context): Promise<CountedSweep> {
  const directory = strategiesOf(context);
  const strategies = await Promise.all(sweep.strategies.map(({ name }) => loadStrategy(name, directory)));
  const defined = strategies.map(({ strategy }) => strategy);
  return { plan: new SweepPlan(withEveryParam(sweep, defined)), strategies };
}

/**
 * Builds every set of params, plans the span and loads the candles.
 *
 * @throws CandorError where there are too few candles, or too few are left once everything has settled
 */
export async function planSweep(
  { plan, strategies }: CountedSweep,
  { isSyntheticWanted, asSeen, span }: SweepCandles,
  context: Context,
): Promise<PlannedSweep> {
  const { sweep } = plan;
  const { config } = context;
  const { settlings, coins } = surveySweep(
    plan,
    strategies.map(({ strategy }) => strategy),
  );
  const { name, intervals } = sweep;
  const wanted: SpanRequest = { kind: 'sweep', name, span: sweep.span, intervals };
  const market = { isSyntheticWanted, asSeen, preferredSource: config.source, seed: config.seed };
  const candles = await openCandles({ wanted, coins, settlings, ...market }, context);
  try {
    const { source } = candles;
    const spans = coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
    const here = span === undefined || source.isSynthetic ? wanted : { ...wanted, span };
    requireSpan({ plan, strategies }, here, settlings, spans);
    const planned = planSpan(here, settlings, spans);
    const work: SweepWork = {
      sweep,
      costs: costsOf(config),
      strategies: strategies.map(({ strategy, sha256 }) => ({ name: strategy.name, fileSha256: sha256 })),
      data: assembleStudyData({ coins, intervals }, planned, source),
    };
    return { plan, strategies, work, revised: revisedIn(work.data, source), warnings: planned.warnings };
  } finally {
    candles.close();
  }
}

/** Sets of params of each strategy in a sample, roughly, and risk cells: some full chunks. */
const SAMPLE_SETS = 4096;
const SAMPLE_CELLS = 64;

/**
 * The same sweep with fewer values of everything, evenly spread and with both ends: what it costs to run tells what the
 * whole will cost, without building millions of strategies to find out.
 */
export function thinnedOf({ plan, strategies }: CountedSweep): CountedSweep {
  const { sweep } = plan;
  return {
    strategies,
    plan: new SweepPlan({
      ...sweep,
      grid: thinned(sweep.grid, SAMPLE_CELLS),
      strategies: sweep.strategies.map(({ name, params }) => {
        const varied = Object.values(params).filter((values) => values.length > 1).length;
        const most = Math.max(2, Math.floor(SAMPLE_SETS ** (1 / Math.max(1, varied))));
        const fewer = Object.entries(params).map(([param, values]) => [param, thinned(values, most)]);
        return { name, params: Object.fromEntries(fewer) };
      }),
    }),
  };
}

function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))] as Item);
}

export function strategiesOf({ root }: Pick<Context, 'root'>): string {
  return join(root, 'strategies');
}
