import type { SweepMetric } from '../../optimize/contract.ts';
import { formatNumber, formatPercent, formatR, formatSignedPercent, formatUsd } from '../format.ts';

interface MetricLook {
  readonly label: string;
  readonly text: (value: number | null) => string;
}

/** How a metric of a sweep is called and written; money in dollars. */
export const SWEEP_METRIC_LOOKS: Readonly<Record<SweepMetric, MetricLook>> = {
  signals: { label: 'entry signals', text: (value) => formatNumber(value) },
  trades: { label: 'trades', text: (value) => formatNumber(value) },
  winRate: { label: 'trades that won', text: (value) => formatPercent(value, 0) },
  expectancyR: { label: 'expectancy a trade', text: (value) => formatR(value) },
  sdR: { label: 'standard deviation of R', text: (value) => formatNumber(value, 2) },
  netReturn: { label: 'net return', text: (value) => formatSignedPercent(value) },
  maxDrawdown: { label: 'deepest fall', text: (value) => formatPercent(value) },
  profitFactor: { label: 'profit factor', text: (value) => formatNumber(value, 2) },
  feesUsd: { label: 'fees paid', text: (value) => formatUsd(value, 0) },
  fundingUsd: { label: 'funding received', text: (value) => formatUsd(value, 0) },
  exposure: { label: 'time in the market', text: (value) => formatPercent(value, 0) },
  longestLosingRun: { label: 'longest run of losses', text: (value) => formatNumber(value) },
  refusals: { label: 'signals refused', text: (value) => formatNumber(value) },
  finalCashUsd: { label: 'final cash', text: (value) => formatUsd(value, 0) },
};

const MICRO_USD: ReadonlySet<SweepMetric> = new Set(['feesUsd', 'fundingUsd', 'finalCashUsd']);

/** A value of a column as a report bears it: dollars for micro-dollars, null where there is none. */
export function reportedValue(metric: SweepMetric, value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return MICRO_USD.has(metric) ? value / 1e6 : value;
}
