import { intervalMs } from '../../domain/time.ts';
import type { Trade } from '../../domain/trade.ts';
import { toUsd } from '../../domain/units.ts';
import { SWEEP_METRICS } from '../../optimize/contract.ts';
import { SweepPlan } from '../../optimize/plan.ts';
import type { BestCombination, ResultBlock } from '../../optimize/result.ts';
import { accountCurve, histogramOf } from '../curves.ts';
import { type Combinations, countAboveZero, orNull, quantileOf, strideOf, valueIndexOf } from './combinations.ts';
import { fragilityOf } from './fragility.ts';
import { bestRankOf } from './maps.ts';
import { reportedValue } from './metric-text.ts';
import type { BestLook, MarketSummary, Neighbours, SweptTrade, TopCombination } from './schema.ts';

/** Rows of the table: who wants more of them reads the database. */
const MOST_ROWS = 25;
/** Bins of the histogram of R: a quarter of what a trade risks. */
const R_BIN = 0.25;

/** The first of the ranking, with what lies next to each. */
export function topOf(combinations: Combinations): TopCombination[] {
  const { result } = combinations;
  const plan = new SweepPlan(result.sweep);
  const metricsAt = (place: number): TopCombination['metrics'] =>
    Object.fromEntries(
      SWEEP_METRICS.map((metric) => [metric, reportedValue(metric, result.columns[metric][place] as number)]),
    ) as TopCombination['metrics'];
  return [...result.ranking.places.subarray(0, MOST_ROWS)].map((place, i) => {
    const { block, params, cell } = plan.combinationAt(place);
    return {
      rank: i + 1,
      combination: place,
      ...{ strategy: block.name, coins: block.coins, interval: block.interval },
      params,
      rules: cell.at,
      metrics: metricsAt(place),
      neighbours: neighboursOf(combinations, place),
    };
  });
}

/** One step away along each axis. Lonely luck has poor neighbours. */
function neighboursOf({ result, expectancyR, isCounted }: Combinations, place: number): Neighbours {
  const block = result.blocks.find(({ first, count }) => place >= first && place < first + count) as ResultBlock;
  const places = block.axes.flatMap(({ labels }, axis) => {
    const stride = strideOf(block, axis);
    const value = valueIndexOf(block, axis)(place);
    return [...(value > 0 ? [place - stride] : []), ...(value + 1 < labels.length ? [place + stride] : [])];
  });
  const counted = places.filter((one) => isCounted[one] === 1);
  const found = Float64Array.from(counted, (one) => expectancyR[one] as number).sort();
  return {
    combinations: places.length,
    counted: counted.length,
    medianR: quantileOf(found, 0.5),
    lowestR: found[0] ?? null,
  };
}

/** The best as the reference engine ran them: account, drawdown and every trade. */
export function looksOf({ result }: Combinations): BestLook[] {
  const depositUsd = toUsd(result.sweep.depositUsd);
  return result.best.map((best, i) => look(best, i + 1, depositUsd));
}

function look(best: BestCombination, rank: number, depositUsd: number): BestLook {
  const { equityUsd, equityFirstCloseMs, interval, trades, metrics } = best;
  const curve = accountCurve(equityUsd, depositUsd, equityFirstCloseMs, intervalMs(interval));
  return {
    rank,
    curve,
    maxDrawdownFraction: Math.max(0, ...curve.drawdownFraction),
    expectancyR: orNull(metrics.expectancyR),
    histogramR: histogramOf(
      trades.map(({ rMultiple }) => rMultiple),
      R_BIN,
    ),
    fragility: fragilityOf(trades),
    trades: trades.map(tradeOf),
  };
}

function tradeOf({ leg: _leg, ...trade }: Trade): SweptTrade {
  return {
    ...trade,
    initialRiskUsd: toUsd(trade.initialRiskUsd),
    grossPnlUsd: toUsd(trade.grossPnlUsd),
    feesUsd: toUsd(trade.feesUsd),
    fundingUsd: toUsd(trade.fundingUsd),
    netPnlUsd: toUsd(trade.netPnlUsd),
  };
}

/** What became of each strategy on each account and interval. */
export function marketsOf(combinations: Combinations): MarketSummary[] {
  const { result, rankOf } = combinations;
  return result.blocks.map((block) => {
    const { strategy, coins, interval, count } = block;
    const [sorted] = combinations.grouped([block], 1, () => 0) as [Float64Array];
    return {
      ...{ strategy, coins, interval },
      combinations: count,
      counted: sorted.length,
      positive: countAboveZero(sorted),
      medianR: quantileOf(sorted, 0.5),
      bestR: sorted.at(-1) ?? null,
      bestRank: bestRankOf(block, rankOf),
    };
  });
}
