/** Names of the metrics, in the order in which they are shown. */
export const METRICS = [
  'trades',
  'winRate',
  'expectancyR',
  'expectancyFraction',
  'netReturnFraction',
  'maxDrawdownFraction',
  'profitFactor',
  'sharpeDaily',
  'sortinoDaily',
  'exposureFraction',
  'feesUsd',
  'fundingUsd',
  'longestLosingRun',
  'maeR',
  'mfeR',
] as const;
export type MetricName = (typeof METRICS)[number];
/** NaN where the run cannot carry the metric (no trades, under two days): shown as 'not available'. */
export type Metrics = Readonly<Record<MetricName, number>>;
