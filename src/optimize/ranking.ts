import { didYouMean, UsageError } from '../domain/errors.ts';
import { SWEEP_METRICS, type SweepMetric } from './contract.ts';
import type { Ranking } from './result.ts';

export type MetricColumns = Readonly<Record<SweepMetric, Float64Array>>;

/** Metrics of which less is better; of all others it is more. */
const LESS_IS_BETTER: ReadonlySet<SweepMetric> = new Set([
  'sdR',
  'maxDrawdown',
  'feesUsd',
  'longestLosingRun',
  'refusals',
]);

const MICRO_USD: ReadonlySet<SweepMetric> = new Set(['feesUsd', 'fundingUsd', 'finalCashUsd']);

/** A condition that a combination must meet to be in the table. A metric without a value meets none. */
export interface Condition {
  /** As it was written: `trades>=30`. */
  readonly text: string;
  readonly metric: SweepMetric;
  readonly holds: (value: number) => boolean;
}

/** @throws UsageError with the nearest names */
export function parseMetric(text: string): SweepMetric {
  const metric = SWEEP_METRICS.find((name) => name === text);
  if (metric !== undefined) return metric;
  throw new UsageError(`there is no metric '${text}'`, { hint: didYouMean(text, SWEEP_METRICS) });
}

const CONDITION = /^\s*(\w+)\s*(>=|<=|>|<|=)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)\s*$/i;

/**
 * `trades>=30`, `maxDrawdown<20%`, `finalCashUsd>11000`: shares as fractions or in per cent, money in dollars.
 *
 * @throws UsageError for anything else
 */
export function parseCondition(text: string): Condition {
  const [, name = '', operator = '', digits = '', percent = ''] = CONDITION.exec(text) ?? [];
  if (name === '') {
    throw new UsageError(`'${text}' is no condition`, { hint: "Write it like 'trades>=30' or 'maxDrawdown<20%'." });
  }
  const metric = parseMetric(name);
  const written = percent === '%' ? Number(`${digits}e-2`) : Number(digits);
  const bound = MICRO_USD.has(metric) ? written * 1e6 : written;
  const holds = (value: number): boolean => {
    switch (operator) {
      case '>=':
        return value >= bound;
      case '<=':
        return value <= bound;
      case '>':
        return value > bound;
      case '<':
        return value < bound;
      default:
        return value === bound;
    }
  };
  return { text: text.replaceAll(/\s+/g, ''), metric, holds };
}

/** Whether the first value is better; one that is not there is worse than any. */
export function isBetter(metric: SweepMetric, one: number, other: number): boolean {
  if (Number.isNaN(other)) return !Number.isNaN(one);
  return LESS_IS_BETTER.has(metric) ? one < other : one > other;
}

/** All combinations that meet the conditions, the best first; of equals the one that was tried first. */
export function rank(columns: MetricColumns, metric: SweepMetric, conditions: readonly Condition[]): Ranking {
  const column = columns[metric];
  const places: number[] = [];
  for (let place = 0; place < column.length; place++) {
    if (conditions.every(({ metric: of, holds }) => holds(columns[of][place] as number))) places.push(place);
  }
  places.sort((a, b) => {
    const [one, other] = [column[a] as number, column[b] as number];
    if (isBetter(metric, one, other)) return -1;
    return isBetter(metric, other, one) ? 1 : a - b;
  });
  return {
    metric,
    order: LESS_IS_BETTER.has(metric) ? 'lowest' : 'highest',
    where: conditions.map(({ text }) => text),
    places: Uint32Array.from(places),
  };
}

/** Rows of results as columns. */
export function columnsOf(rows: Float64Array): MetricColumns {
  const width = SWEEP_METRICS.length;
  const count = rows.length / width;
  return Object.fromEntries(
    SWEEP_METRICS.map((metric, i) => {
      const column = new Float64Array(count);
      for (let place = 0; place < count; place++) column[place] = rows[place * width + i] as number;
      return [metric, column];
    }),
  ) as MetricColumns;
}
