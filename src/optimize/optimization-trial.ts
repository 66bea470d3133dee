import { besidesOf } from '../evidence/trial-keys.ts';
import type { OptimizationTrial } from '../evidence/trial-lines.ts';
import { valueLists } from './candidates.ts';
import type { OptimizationReport } from './optimize.ts';
import type { PlannedOptimization } from './optimize-plan.ts';

/** The line of an optimisation in the trial ledger: what was tried, and on what (rule 32). */
export function trialOfOptimization(planned: PlannedOptimization, report: OptimizationReport): OptimizationTrial {
  const { optimization, loaded, wanted } = planned;
  const { windows, controls, confirm } = optimization;
  const { strategy, coins, interval, cell, costs, settings, data, comparison, decision } = report;
  const lists = valueLists(loaded.strategy, wanted.params);
  const { source, fingerprint, isSynthetic } = data;
  return {
    kind: 'optimization',
    optimization: optimization.name,
    strategies: [{ ...strategy, params: Object.fromEntries(lists.map(({ name, values }) => [name, [...values]])) }],
    coins: [...coins],
    ...besidesOf(coins, planned.coins),
    interval,
    confirm: [...confirm],
    ...{ fromMs: report.fromMs, toMs: report.toMs },
    cell: JSON.parse(JSON.stringify(cell)) as OptimizationTrial['cell'],
    windows: { ...windows },
    combinations: comparison.ranking.length,
    ...{ fingerprint, source, isSynthetic },
    ...{ threshold: settings.threshold, floorR: settings.floorR, gates: { ...settings.gates } },
    fees: { taker: costs.takerFee, maker: costs.makerFee },
    slippageBps: costs.slippageBps,
    seed: settings.seed,
    controls: { ...controls },
    decision: decision.word,
    resultSha256: report.resultSha256,
  };
}
