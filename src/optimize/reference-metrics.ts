import { type MetricsContext, metricsOf } from '../backtest/metrics.ts';
import type { RunResult } from '../backtest/run.ts';
import type { Trade } from '../domain/trade.ts';
import { SWEEP_METRICS, type SweepMetric } from './contract.ts';

/** Values of one combination, by name. */
export type SweepValues = Readonly<Record<SweepMetric, number>>;

/** The metrics of a sweep from a run of the reference engine: what the fast engine's must equal, bit for bit. */
export function referenceMetrics(run: RunResult, signals: number, context: MetricsContext): SweepValues {
  const { ledger, refusals, trades } = run;
  const metrics = metricsOf(run, context);
  return {
    signals,
    trades: trades.length,
    winRate: metrics.winRate,
    expectancyR: metrics.expectancyR,
    sdR: metrics.sdR,
    netReturn: metrics.netReturnFraction,
    maxDrawdown: realisedDrawdown(trades, context.depositUsd),
    profitFactor: metrics.profitFactor,
    feesUsd: ledger.feesUsd,
    fundingUsd: ledger.fundingUsd,
    exposure: metrics.exposureFraction,
    longestLosingRun: metrics.longestLosingRun,
    refusals: Object.values(refusals).reduce((sum, times) => sum + times, 0),
    finalCashUsd: ledger.depositsUsd + ledger.realisedUsd - ledger.feesUsd + ledger.fundingUsd,
  };
}

/** One row of a chunk's result. */
export function valuesAt(columns: Float64Array, row: number): SweepValues {
  const at = row * SWEEP_METRICS.length;
  return Object.fromEntries(SWEEP_METRICS.map((metric, i) => [metric, columns[at + i] as number])) as SweepValues;
}

function realisedDrawdown(trades: readonly Trade[], depositUsd: number): number {
  let cash = depositUsd;
  let peak = depositUsd;
  let deepest = 0;
  for (const { netPnlUsd } of trades) {
    cash += netPnlUsd;
    if (cash > peak) peak = cash;
    else if (peak - cash > deepest * peak) deepest = (peak - cash) / peak;
  }
  return Math.min(1, deepest);
}
