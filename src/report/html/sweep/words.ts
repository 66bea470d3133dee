import { formatCount, formatNumber, formatSigned } from '../../format.ts';
import { activityInWords } from '../../sweep/combinations.ts';
import { SWEEP_METRIC_LOOKS } from '../../sweep/metric-text.ts';
import type { AxisEffect, Market, SweepReport, Tried } from '../../sweep/schema.ts';
import { ruleInWords, settingInWords } from '../heat-map.ts';

/** More coins that share an account are counted; the head of the page names them. */
const MOST_NAMED_COINS = 3;
/** A setting stays on one line. */
const SPACE = '\u00a0';

/** `BTC 1h`, `10 coins 4h`. */
export function marketInWords({ coins, interval }: Market): string {
  const named = coins.length > MOST_NAMED_COINS ? formatCount(coins.length, 'coin') : coins.join(', ');
  return `${named} ${interval}`;
}

/** What the sweep found, in a sentence, and what to think of that. */
export function sweepInWords(report: SweepReport): string {
  const { combinations, counted, ranking, top } = report;
  const all = formatCount(combinations, 'combination');
  const [first] = top;
  if (first === undefined) return `None of ${all} meets the conditions: ${ranking.where.join(', ')}.`;
  const { label, text } = SWEEP_METRIC_LOOKS[ranking.metric];
  const value = text(first.metrics[ranking.metric]);
  if (combinations === 1) return `By ${label}, the only combination comes to ${value}.`;
  if (ranking.median === null) return `None of ${all} traded${counted.where.length === 0 ? '' : ' enough'}.`;
  const isFiltered = ranking.where.length > 0;
  const ranked = isFiltered ? `the ${formatCount(counted.combinations, 'combination')} ${countedInWords(report)}` : all;
  const asked = ranking.where.filter((condition) => !counted.where.includes(condition));
  const that = asked.length === 0 ? '' : ` that meets ${asked.join(', ')}`;
  return (
    `By ${label}, the best of ${ranked}${that} comes to ${value}, the one in the middle to ` +
    `${text(ranking.median)}. The best of many owes a part of that to luck: expect less of it on other candles.`
  );
}

/** The params of which more than one value was tried; all of them where none varies. */
export function paramsInWords({ sweep }: SweepReport, { strategy, params }: Tried): string {
  const tried = sweep.strategies.find(({ name }) => name === strategy)?.params ?? {};
  const varied = Object.entries(params).filter(([name]) => (tried[name]?.length ?? 0) > 1);
  const shown = varied.length === 0 ? Object.entries(params) : varied;
  return shown.map(([name, value]) => `${name}${SPACE}${value}`).join(', ');
}

export function rulesInShort({ sweep }: SweepReport, { rules }: Tried): string {
  const varied = Object.entries(rules).filter(([rule]) => (sweep.grid[rule]?.length ?? 0) > 1);
  return varied.map(([rule, value]) => settingInWords(rule, value).replaceAll(' ', SPACE)).join(', ');
}

/** `BTC 1h, lookback 20, surge 1.5, Stop 2 %`: all that tells one combination from the others. */
export function combinationInWords(report: SweepReport, one: Tried): string {
  const strategy = report.strategies.length > 1 ? one.strategy : '';
  const parts = [strategy, marketInWords(one), paramsInWords(report, one), rulesInShort(report, one)];
  return parts.filter((part) => part !== '').join(', ');
}

/** Which combinations the medians are about: `that traded`, `with 30 trades or more`. */
export function countedInWords({ counted: { where } }: SweepReport): string {
  return activityInWords(where);
}

/** Which combinations ran through the reference engine too: `the best 10, and 22 drawn at random`. */
export function replaysInWords({ best, sampled }: SweepReport['replays']): string {
  const drawn = `${formatNumber(sampled)} drawn at random`;
  return best === 0 ? drawn : `the best ${formatNumber(best)}, and ${drawn}`;
}

/** Which of all combinations the ranking is about. */
export function conditionsInWords({ combinations, ranking: { where, matching } }: SweepReport): string {
  if (where.length === 0) return `all ${formatNumber(combinations)}`;
  return `${formatNumber(matching)} of ${formatNumber(combinations)} with ${where.join(', ')}`;
}

/** R with as many decimals as tell apart what is near zero. */
export function shortR(value: number | null): string {
  return formatSigned(value, 2);
}

/** `lookback`, `Stop`, `Interval`: what the values of an axis are values of. */
export function axisInWords({ kind, name }: Pick<AxisEffect, 'kind' | 'name'>): string {
  return kind === 'param' ? name : ruleInWords(name);
}
