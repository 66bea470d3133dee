import { settleOfRules } from '../backtest/settling.ts';
import type { Settling } from '../backtest/study-data.ts';
import { type Strategy, settleOf } from '../strategy/define.ts';
import type { SweepPlan } from './plan.ts';

/** What all combinations of a sweep need before the first of them can run. */
export interface Survey {
  readonly settlings: readonly Settling[];
  /** Those of the sweep, and those that a strategy looks at beside its own. */
  readonly coins: readonly string[];
}

/**
 * Builds every set of params once: all combinations start at the same candle, that of the longest settling (rule 1),
 * and a combination that cannot be built is found before anything runs.
 *
 * @throws LookAheadError or StrategyError of the first set that cannot be built, with its params
 */
export function surveySweep(plan: SweepPlan, strategies: readonly Strategy[]): Survey {
  const { intervals, grid, coins } = plan.sweep;
  const settling = new Map(
    intervals.map((interval) => [interval, Math.max(...grid.map(({ rules }) => settleOfRules(rules, interval)))]),
  );
  const wanted = new Set(coins);
  for (const [i, strategy] of strategies.entries()) {
    for (let set = 0; set < plan.setsOf(i); set++) {
      const built = strategy.build(plan.paramsAt(i, set));
      for (const coin of built.coins) wanted.add(coin);
      for (const [interval, candles] of settling) settling.set(interval, Math.max(candles, settleOf(built, interval)));
    }
  }
  return {
    settlings: [...settling].map(([interval, candles]) => ({ interval, candles })),
    coins: [...wanted],
  };
}
