import type { Costs } from '../domain/risk-rules.ts';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { loadCheckedStrategy } from '../strategy/load.ts';
import { combinationAt } from '../strategy/params.ts';
import type { FastRun } from './fast/spec.ts';
import type { MarketRoom } from './market-room.ts';
import type { Metrics } from './metrics.ts';
import { StrategyBench } from './strategy-bench.ts';

/** A combination with fewer trades is chosen only where none has as many: the floor of any verdict (rule 28). */
export const CHOICE_FLOOR_TRADES = 30;

/** What a choice looks at. */
export type Contender = Pick<Metrics, 'trades' | 'expectancyR'>;

/** Every set of params that a strategy is tried with, the last list moving fastest; one set where none is chosen. */
export function combinationsOf({ params, choose = {} }: StudyStrategy): StudyStrategy['params'][] {
  const lists = Object.entries(choose).map(([name, values]) => ({ name, values }));
  const count = lists.reduce((product, { values }) => product * values.length, 1);
  return Array.from({ length: count }, (_, index) => ({ ...params, ...combinationAt(lists, index) }));
}

/**
 * Which one is chosen: the highest mean R among those with at least `CHOICE_FLOOR_TRADES`; where none has as many, the
 * one with the most trades; of equals the first. Strategy and controls are chosen by this one rule.
 */
export function chosenOf(contenders: readonly Contender[]): number {
  let best = 0;
  for (let i = 1; i < contenders.length; i++) {
    if (isBetter(contenders[i] as Contender, contenders[best] as Contender)) best = i;
  }
  return best;
}

function isBetter(one: Contender, other: Contender): boolean {
  const isEnough = one.trades >= CHOICE_FLOOR_TRADES;
  if (isEnough !== other.trades >= CHOICE_FLOOR_TRADES) return isEnough;
  return isEnough ? one.expectancyR > other.expectancyR : one.trades > other.trades;
}

/** What a choice looks at of a run on the fast engine: the bits of its metrics, without making them all. */
export function contenderOf({ trades }: FastRun): Contender {
  let sumR = 0;
  for (let trade = 0; trade < trades.count; trade++) sumR += trades.netUsd(trade) / trades.riskUsd(trade);
  return { trades: trades.count, expectancyR: sumR / trades.count };
}

/** What is said of a study beside its candles. */
export interface StudyTerms {
  readonly study: Study;
  readonly costs: Costs;
  readonly strategiesDirectory: string;
  /** Only what decides a verdict: no walk forward. */
  readonly isBrief?: boolean;
}

/**
 * A strategy of a study, loaded and evaluated with every set of params that it is tried with.
 *
 * @throws StrategyError where its file is not the one that was checked; UsageError for an impossible param
 */
export async function openBenches(
  room: MarketRoom,
  { study, costs, strategiesDirectory }: StudyTerms,
  strategy: StudyStrategy,
  fileSha256: string,
): Promise<StrategyBench[]> {
  const loaded = await loadCheckedStrategy(strategy.name, strategiesDirectory, fileSha256);
  return combinationsOf(strategy).map((params) => new StrategyBench(room, study, costs, loaded, params));
}
