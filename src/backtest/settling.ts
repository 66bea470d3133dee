import type { Distance, RiskRules } from '../domain/risk-rules.ts';
import type { Study } from '../domain/study.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { settleOf as settleOfNode } from '../series/horizon.ts';
import { ownMarket } from '../series/market.ts';
import { type BuiltStrategy, scaleToInterval, settleOf } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { scaleRules } from './strategy-bench.ts';
import type { Settling } from './study-data.ts';

/** A strategy of a study with the params that it runs with. */
export interface ChosenStrategy {
  readonly loaded: LoadedStrategy;
  readonly built: BuiltStrategy;
}

/**
 * How many candles each interval of a study takes to settle: the longest of its strategies and risk rules, on finer
 * candles with the params as they are and scaled to equal clock time (rules 1, 4 and 30).
 */
export function settlingsOf(study: Study, strategies: readonly ChosenStrategy[]): Settling[] {
  const cells = [study.cell, ...study.grid.map(({ rules }) => rules)];
  return [study.interval, ...study.confirm].map((interval) => {
    const factor = intervalMs(study.interval) / intervalMs(interval);
    const scaledCells = factor === 1 ? cells : [...cells, ...cells.map((rules) => scaleRules(rules, factor))];
    const needs = [
      ...strategies.map(({ built }) => settleOf(built, interval)),
      ...strategies.map(({ loaded: { strategy }, built }) =>
        settleOf(strategy.build(scaleToInterval(strategy, built.params, factor)), interval),
      ),
      ...scaledCells.map((rules) => settleOfRules(rules, interval)),
    ];
    return { interval, candles: Math.max(0, ...needs) };
  });
}

/** Candles that the distances of a risk cell take to settle: only those in average true ranges take any. */
export function settleOfRules({ stop, trail }: RiskRules, interval: Interval): number {
  const distances: readonly Distance[] = trail === null ? [stop] : [stop, trail.distance];
  return Math.max(...distances.map((distance) => settleOfDistance(distance, interval)));
}

function settleOfDistance(distance: Distance, interval: Interval): number {
  return 'atr' in distance ? settleOfNode(ownMarket.atr(distance.period).node, interval) : 0;
}
