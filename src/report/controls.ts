import { tickStep } from 'd3-array';
import { quantiles } from '../backtest/draws.ts';
import { METRICS, type MetricName, type Metrics } from '../backtest/metrics.ts';
import type { DrawTable } from '../backtest/outcome.ts';
import { countAsGood } from '../evidence/p-value.ts';
import type { Absent } from './absent.ts';
import { histogramOf } from './curves.ts';
import type { ReportedControl } from './schema.ts';

const SHARES = [0.05, 0.5, 0.95];
/** Bins between the lowest and the highest draw of a control, about. */
const CONTROL_BINS = 40;

/** One control as the report keeps it: its distribution beside every metric, not its thousand draws. */
export function controlReport(table: DrawTable, strategy: Metrics, absent: Absent): ReportedControl {
  const path = `controls.${table.kind}`;
  const { expectancyR } = table.metrics;
  const low = Math.min(...finiteOf(expectancyR));
  const high = Math.max(...finiteOf(expectancyR));
  return {
    kind: table.kind,
    draws: table.draws,
    asGood: countAsGood(strategy.expectancyR, expectancyR),
    quantiles: Object.fromEntries(
      METRICS.map((name) => [name, metricQuantiles(`${path}.quantiles.${name}`, table, name, strategy, absent)]),
    ) as ReportedControl['quantiles'],
    meanR: histogramOf(expectancyR, high > low ? tickStep(low, high, CONTROL_BINS) : 0.01),
    fanUsd: {
      p05: [...table.fan.p05],
      p50: [...table.fan.p50],
      p95: [...table.fan.p95],
    },
  };
}

function metricQuantiles(path: string, table: DrawTable, name: MetricName, strategy: Metrics, absent: Absent) {
  const values = table.metrics[name];
  const finite = finiteOf(values);
  const [p05, p50, p95] = quantiles(values, SHARES) as [number, number, number];
  const reason = 'no draw has this metric';
  return {
    p05: absent.number(`${path}.p05`, p05, reason),
    p50: absent.number(`${path}.p50`, p50, reason),
    p95: absent.number(`${path}.p95`, p95, reason),
    below: finite.filter((value) => value < strategy[name]).length,
    draws: finite.length,
  };
}

function finiteOf(values: Float64Array): number[] {
  return [...values].filter(Number.isFinite);
}
