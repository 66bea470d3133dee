import type { RiskCell } from '../domain/study.ts';
import type { Sweep } from '../domain/sweep.ts';
import { formatTime } from '../domain/time.ts';
import { SWEEP_METRICS, type SweepMetric } from '../optimize/contract.ts';
import type { Combination, SweepPlan } from '../optimize/plan.ts';
import type { MetricColumns } from '../optimize/ranking.ts';
import type { Ranking, SilentSets, SweepResult } from '../optimize/result.ts';
import { valuesOf } from '../optimize/sweep-result.ts';
import { activityInWords, countedOf, middleOf, refusedInWords, refusedOf } from '../report/sweep/combinations.ts';
import { reportedValue, SWEEP_METRIC_LOOKS } from '../report/sweep/metric-text.ts';
import { count, counted } from './database.ts';
import type { Column, Output } from './output.ts';

/** What a table of combinations is made of, whether they were just worked out or read from the database. */
export interface SweepView {
  readonly plan: SweepPlan;
  readonly columns: MetricColumns;
  readonly ranking: Ranking;
  readonly data: Pick<SweepResult['data'], 'isSynthetic' | 'asSeen' | 'source' | 'fromMs' | 'toMs'>;
  readonly silent: readonly SilentSets[];
}

/** What stands above a column of each metric: short, for a table of 80 columns. */
const TITLES: Readonly<Record<SweepMetric, string>> = {
  signals: 'signals',
  trades: 'trades',
  winRate: 'won',
  expectancyR: 'a trade',
  sdR: 'sd of R',
  netReturn: 'net',
  maxDrawdown: 'fall',
  profitFactor: 'factor',
  feesUsd: 'fees',
  fundingUsd: 'funding',
  exposure: 'in market',
  longestLosingRun: 'losses',
  refusals: 'refused',
  finalCashUsd: 'cash',
};

/** What every table shows; a metric that it is sorted by takes the last place, if it is none of them. */
const SHOWN: readonly SweepMetric[] = ['expectancyR', 'trades', 'netReturn', 'maxDrawdown'];

export function metricText(metric: SweepMetric, value: number): string {
  return SWEEP_METRIC_LOOKS[metric].text(reportedValue(metric, value));
}

/**
 * On which market, how many, the best, and what to think of them: for 80 columns.
 *
 * @returns how many combinations the table is about
 */
export function showSweep({ plan, columns, ranking, data, silent }: SweepView, top: number, out: Output): number {
  const { sweep } = plan;
  const synthetic = data.isSynthetic ? out.paint('yellow', 'SYNTHETIC MARKET, made up: ') : '';
  out.line();
  out.line(`${synthetic}${out.paint('bold', sweep.name)}: ${sweep.coins.join(', ')} on ${sweep.intervals.join(', ')}`);
  const values = data.asSeen ? ' as first seen' : '';
  out.line(`${formatTime(data.fromMs)} to ${formatTime(data.toMs)}, candles from ${data.source}${values}`);
  const { metric, order, where, places } = ranking;
  const met = where.length === 0 ? '' : `, ${count(places.length)} of them with ${where.join(', ')}`;
  out.line(`${counted(plan.count, 'combination')}${met}`);
  showSilent(silent, out);
  showRefused(columns, out);
  out.line();
  if (places.length === 0) {
    out.line('No combination meets the conditions.');
    return 0;
  }
  const rows = rowsOf({ plan, columns, ranking }, top);
  out.table(columnsFor(sweep, columns, metric), rows);
  out.line();
  if (rows.some(({ alike }) => alike > 1)) out.line('×2: so many came out the same, and the first of them is shown.');
  out.line(`Sorted by ${metric}, the ${order} first.`);
  showMiddle(columns, ranking, out);
  return rows.reduce((sum, { alike }) => sum + alike, 0);
}

/** The better guide: what half of all that did enough did not reach. */
function showMiddle(columns: MetricColumns, ranking: Ranking, out: Output): void {
  const { metric } = ranking;
  const active = countedOf(columns, ranking);
  const middle = middleOf(columns, metric, active);
  if (middle === null) {
    out.line(`No combination that traded has a value for ${metric}.`);
    return;
  }
  const all = count(active.combinations);
  out.line(`Of the ${all} ${activityInWords(active.where)}, the middle one has ${metricText(metric, middle)}.`);
  out.line(`The best of ${all} is lucky: expect less of it on other candles.`);
}

/** Combinations that came out the same: rules that never mattered, say. */
interface Row {
  /** The first of them. */
  readonly combination: Combination;
  readonly alike: number;
}

/** The first rows of the table; those that follow each other on one market with all metrics alike are one. */
function rowsOf({ plan, columns, ranking }: Pick<SweepView, 'plan' | 'columns' | 'ranking'>, top: number): Row[] {
  const rows: Row[] = [];
  for (const place of ranking.places) {
    const last = rows.at(-1);
    const combination = plan.combinationAt(place);
    if (last !== undefined && areAlike(columns, last.combination, combination)) {
      rows[rows.length - 1] = { ...last, alike: last.alike + 1 };
    } else if (rows.length < top) rows.push({ combination, alike: 1 });
    else break;
  }
  return rows;
}

function areAlike(columns: MetricColumns, one: Combination, other: Combination): boolean {
  if (one.block !== other.block) return false;
  return SWEEP_METRICS.every((metric) => Object.is(columns[metric][one.index], columns[metric][other.index]));
}

function columnsFor(sweep: Sweep, columns: MetricColumns, sortedBy: SweepMetric): Column<Row>[] {
  const metrics = SHOWN.includes(sortedBy) ? SHOWN : [...SHOWN.slice(0, -1), sortedBy];
  return [
    { title: 'candles', cell: ({ combination: { block } }) => candlesOf(sweep, block), wrapAt: 12 },
    {
      title: 'params',
      cell: ({ combination }) => paramsOf(sweep, combination),
      wrapAt: sweep.intervals.length > 1 ? 16 : 22,
    },
    {
      title: 'rules',
      cell: ({ combination: { cell }, alike }) => `${rulesOf(sweep, cell)}${alike > 1 ? ` ×${alike}` : ''}`,
      wrapAt: 12,
    },
    ...metrics.map(
      (metric): Column<Row> => ({
        title: TITLES[metric],
        cell: ({ combination: { index } }) => metricText(metric, valuesOf(columns, index)[metric]),
        align: 'right',
      }),
    ),
  ];
}

function candlesOf(sweep: Sweep, { coins, interval }: Combination['block']): string {
  const of = coins.length > 1 ? `all ${coins.length}` : coins.join();
  return sweep.intervals.length > 1 ? `${of} ${interval}` : of;
}

/** What differs between the combinations: the strategy, and the params of which more than one value was tried. */
function paramsOf(sweep: Sweep, { block, params }: Combination): string {
  const tried = sweep.strategies[block.strategy]?.params ?? {};
  const varied = Object.entries(params).filter(([name]) => (tried[name]?.length ?? 0) > 1);
  const named = sweep.strategies.length > 1 ? [block.name] : [];
  return [...named, ...varied.map(([name, value]) => `${name} ${value}`)].join(', ') || 'as they are';
}

function rulesOf({ grid }: Sweep, { at }: RiskCell): string {
  const varied = Object.entries(at).filter(([rule]) => grid.some((other) => other.at[rule] !== at[rule]));
  return (
    varied
      .map(([rule, text]) => (rule === 'stop' ? text : `${rule === 'target' ? '' : `${rule} `}${text}`))
      .join(', ') || 'the cell'
  );
}

/** Params that never gave a signal are a mistake in the grid, or a market that never did what they wait for. */
function showSilent(silent: readonly SilentSets[], out: Output): void {
  const MOST_BLOCKS = 5;
  for (const { strategy, coins, interval, count: sets, examples } of silent.slice(0, MOST_BLOCKS)) {
    const shown = examples.map((params) =>
      Object.entries(params)
        .map(([name, value]) => `${name} ${value}`)
        .join(' '),
    );
    const more = sets > examples.length ? ', …' : '';
    const what = `${counted(sets, 'set')} of params of ${strategy} gave no signal on ${coins.join(', ')} ${interval}`;
    out.caution(`${what}:`);
    out.line(`  ${shown.join('; ')}${more}`);
  }
  if (silent.length > MOST_BLOCKS) out.line(`  and others on ${counted(silent.length - MOST_BLOCKS, 'more market')}`);
}

/** Signals that no trade came of, because the account or its rules never let one. */
function showRefused(columns: MetricColumns, out: Output): void {
  const [what, hint] = refusedInWords(refusedOf(columns));
  if (what === undefined) return;
  out.caution(what);
  out.line(`  ${hint}`);
}

/** The machine's form of a view. Dollars are micro-dollars, shares are fractions, null is a metric without a value. */
export function* combinationsAsJson({ plan, columns, ranking }: SweepView, top: number | undefined): Generator<object> {
  for (const place of ranking.places.subarray(0, top)) {
    const { index, block, params, cell } = plan.combinationAt(place);
    const metrics = Object.entries(valuesOf(columns, place)).map(([metric, value]) => [
      metric,
      Number.isNaN(value) ? null : value,
    ]);
    yield {
      combination: index,
      interval: block.interval,
      coins: block.coins,
      strategy: block.name,
      params,
      rules: cell.at,
      metrics: Object.fromEntries(metrics),
    };
  }
}
