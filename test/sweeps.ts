import { fileURLToPath } from 'node:url';
import { assembleStudyData } from '../src/backtest/candle-source.ts';
import { planSpan, type SpanPlan } from '../src/backtest/study-data.ts';
import { syntheticCandles } from '../src/backtest/synthetic-source.ts';
import type { RiskRules } from '../src/domain/risk-rules.ts';
import type { RiskCell } from '../src/domain/study.ts';
import type { Sweep } from '../src/domain/sweep.ts';
import { fromUsd } from '../src/domain/units.ts';
import type { SweepWork } from '../src/optimize/contract.ts';
import { SweepPlan, withEveryParam } from '../src/optimize/plan.ts';
import { surveySweep } from '../src/optimize/survey.ts';
import { loadStrategy } from '../src/strategy/load.ts';
import { PLAIN_RULES } from './plain-rules.ts';

export const STRATEGIES = fileURLToPath(new URL('../strategies/', import.meta.url));

export const CELL: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 24, leverage: 5 };

/** Two intervals, two coins, two strategies, three cells of which one asks for an average true range. */
export function sweepOf(parts: Partial<Sweep> = {}): Sweep {
  const cell = (name: string, rules: Partial<RiskRules>): RiskCell => ({
    at: { stop: name },
    rules: { ...CELL, ...rules },
  });
  return {
    name: 'small',
    coins: ['BTC', 'ETH'],
    intervals: ['1h', '2h'],
    span: { days: 20 },
    strategies: [
      { name: 'breakout-volume', params: { lookback: [10, 20], surge: [1, 1.5] } },
      { name: 'ema-cross', params: { fast: [4, 8], slow: [18] } },
    ],
    cell: CELL,
    grid: [
      cell('1 %', { stop: { fraction: 0.01 } }),
      cell('2 %', {}),
      cell('2 ATR(14)', { stop: { atr: 2, period: 14 }, breakEven: { at: 1 } }),
    ],
    account: 'each-coin',
    depositUsd: fromUsd(10_000),
    seed: 1,
    ...parts,
  };
}

/** A sweep on the synthetic market, ready to run. */
export async function sweepWork(asked: Sweep, directory = STRATEGIES): Promise<{ work: SweepWork; plan: SweepPlan }> {
  const loaded = await Promise.all(asked.strategies.map(({ name }) => loadStrategy(name, directory)));
  const strategies = loaded.map(({ strategy }) => strategy);
  const sweep = withEveryParam(asked, strategies);
  const plan = new SweepPlan(sweep);
  const { settlings, coins } = surveySweep(plan, strategies);
  const { intervals } = sweep;
  const source = syntheticCandles({ coins, intervals, days: 60, seed: 1 });
  const spans = coins.flatMap((coin) => intervals.map((interval) => source.span(coin, interval)));
  const span: SpanPlan = planSpan({ kind: 'sweep', name: sweep.name, span: sweep.span, intervals }, settlings, spans);
  const work: SweepWork = {
    sweep,
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
    strategies: loaded.map(({ strategy, sha256 }) => ({ name: strategy.name, fileSha256: sha256 })),
    data: assembleStudyData({ coins, intervals }, span, source),
  };
  return { work, plan };
}
