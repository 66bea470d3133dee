import { cashOf } from '../core/ledger.ts';
import { type CandleColumns, rowAt } from '../domain/candle.ts';
import type { Trade } from '../domain/trade.ts';
import { type MicroUsd, microUsd, toUsd } from '../domain/units.ts';
import { type AccountContext, dailyReturns } from './daily-returns.ts';
import type { RunResult } from './run.ts';

/** Names of the metrics, in the order in which they are shown. */
export const METRICS = [
  'trades',
  'winRate',
  'expectancyR',
  'sdR',
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
/** NaN where the run cannot carry the metric: shown as 'not available', with the reason of `whyNotAvailable`. */
export type Metrics = Readonly<Record<MetricName, number>>;

/** What a run does not say about itself. */
export interface MetricsContext extends AccountContext {
  readonly legs: number;
}

/**
 * Every metric of one run, after costs.
 *
 * - `winRate`: share of trades with a net result above zero; the rest, zero included, are losses.
 * - `expectancyR`, `sdR`: mean and sample standard deviation of R (net result / initial risk).
 * - `expectancyFraction`: mean net result of a trade as a fraction of its entry notional, each trade counted alike.
 * - `maxDrawdownFraction`: largest fall of the account marked to market below its highest so far, the deposit included;
 *   0 … 1.
 * - `profitFactor`: net gains / net losses.
 * - `sharpeDaily`: mean / sample standard deviation of the returns of whole UTC days, marked to market; per day, not
 *   annualised.
 * - `sortinoDaily`: mean / root mean square of the negative ones of the same returns, all days counted; per day.
 * - `exposureFraction`: share of candles with a position, over all legs.
 * - `maeR`, `mfeR`: mean of the furthest against and in favour, in R.
 *
 * `DrawMetrics` (draw-metrics.ts) says the same of runs on the fast engine, without making their trades.
 */
export function metricsOf(
  result: Pick<RunResult, 'trades' | 'ledger' | 'equityUsd' | 'heldRows'>,
  context: MetricsContext,
): Metrics {
  return { ...tallyOf(result.trades).metrics(), ...accountMetrics(result, context) };
}

type AccountMetric =
  | 'netReturnFraction'
  | 'maxDrawdownFraction'
  | 'sharpeDaily'
  | 'sortinoDaily'
  | 'exposureFraction'
  | 'feesUsd'
  | 'fundingUsd';

/** What the account tells, whatever the trades were. */
export function accountMetrics(
  { ledger, equityUsd, heldRows }: Pick<RunResult, 'ledger' | 'equityUsd' | 'heldRows'>,
  context: MetricsContext,
): Pick<Metrics, AccountMetric> {
  const daily = dailyRatios(equityUsd, context);
  return {
    netReturnFraction: (cashOf(ledger) - context.depositUsd) / context.depositUsd,
    maxDrawdownFraction: maxDrawdown(equityUsd, toUsd(context.depositUsd)),
    sharpeDaily: daily.sharpe,
    sortinoDaily: daily.sortino,
    exposureFraction: heldRows / (equityUsd.length * context.legs),
    feesUsd: toUsd(ledger.feesUsd),
    fundingUsd: toUsd(ledger.fundingUsd),
  };
}

/** Adds up trades, in the order of their exits. */
export class TradeTally {
  #trades = 0;
  #wins = 0;
  #sumR = 0;
  #sumSquaredR = 0;
  #sumFraction = 0;
  #gains = 0;
  #losses = 0;
  #losingRun = 0;
  #longestLosingRun = 0;
  #sumMaeR = 0;
  #sumMfeR = 0;

  /** @param riskFraction initial risk as a fraction of the entry notional */
  add(netPnlUsd: number, rMultiple: number, riskFraction: number, maeR: number, mfeR: number): void {
    this.#trades++;
    if (netPnlUsd > 0) {
      this.#wins++;
      this.#gains += netPnlUsd;
      this.#losingRun = 0;
    } else {
      this.#losses -= netPnlUsd;
      this.#losingRun++;
      if (this.#losingRun > this.#longestLosingRun) this.#longestLosingRun = this.#losingRun;
    }
    this.#sumR += rMultiple;
    this.#sumSquaredR += rMultiple * rMultiple;
    this.#sumFraction += rMultiple * riskFraction;
    this.#sumMaeR += maeR;
    this.#sumMfeR += mfeR;
  }

  metrics(): Omit<Metrics, AccountMetric> {
    const n = this.#trades;
    const meanR = this.#sumR / n;
    const varianceR = Math.max(0, this.#sumSquaredR - n * meanR * meanR) / (n - 1);
    return {
      trades: n,
      winRate: this.#wins / n,
      expectancyR: meanR,
      sdR: n < 2 ? Number.NaN : Math.sqrt(varianceR),
      expectancyFraction: this.#sumFraction / n,
      profitFactor: this.#losses > 0 ? this.#gains / this.#losses : Number.NaN,
      longestLosingRun: this.#longestLosingRun,
      maeR: this.#sumMaeR / n,
      mfeR: this.#sumMfeR / n,
    };
  }
}

function tallyOf(trades: readonly Trade[]): TradeTally {
  const tally = new TradeTally();
  for (const trade of trades) {
    tally.add(
      trade.netPnlUsd,
      trade.rMultiple,
      riskFractionOf(trade.entryPrice, trade.stopPrice),
      trade.maeR,
      trade.mfeR,
    );
  }
  return tally;
}

/** Initial risk as a fraction of the entry notional: both are so many lots, which cancel. */
export function riskFractionOf(entryPrice: number, stopPrice: number): number {
  return Math.abs(entryPrice - stopPrice) / entryPrice;
}

function maxDrawdown(equityUsd: Float64Array, depositUsd: number): number {
  let peak = depositUsd;
  let deepest = 0;
  for (let i = 0; i < equityUsd.length; i++) {
    const equity = equityUsd[i] as number;
    if (equity > peak) peak = equity;
    else if (peak - equity > deepest * peak) deepest = (peak - equity) / peak;
  }
  return Math.min(1, deepest);
}

function dailyRatios(equityUsd: Float64Array, context: MetricsContext): { sharpe: number; sortino: number } {
  const { values } = dailyReturns(equityUsd, context);
  const days = values.length;
  let sum = 0;
  let sumSquared = 0;
  let sumSquaredDown = 0;
  for (let day = 0; day < days; day++) {
    const dayReturn = values[day] as number;
    sum += dayReturn;
    sumSquared += dayReturn * dayReturn;
    if (dayReturn < 0) sumSquaredDown += dayReturn * dayReturn;
  }
  const mean = sum / days;
  const variance = (sumSquared - days * mean * mean) / (days - 1);
  const isFlat = !(variance > 1e-12 * (sumSquared / days));
  return {
    sharpe: days < 2 || isFlat ? Number.NaN : mean / Math.sqrt(variance),
    sortino: days < 2 || sumSquaredDown === 0 ? Number.NaN : mean / Math.sqrt(sumSquaredDown / days),
  };
}

/** Why a metric is NaN, as a phrase; undefined where it has a value. */
export function whyNotAvailable(metric: MetricName, metrics: Metrics): string | undefined {
  if (!Number.isNaN(metrics[metric])) return undefined;
  if (metrics.trades === 0) return 'no trades';
  switch (metric) {
    case 'sdR':
      return 'a single trade';
    case 'profitFactor':
      return 'no losing trade';
    case 'sharpeDaily':
      return 'fewer than two whole days (UTC), or an account that never moved';
    case 'sortinoDaily':
      return 'fewer than two whole days (UTC), or no losing day';
    default:
      return 'no candles';
  }
}

/** One row of a table of trades: those of a coin, or of a month. */
export interface TradeGroup {
  readonly name: string;
  readonly trades: number;
  readonly winRate: number;
  readonly expectancyR: number;
  readonly netPnlUsd: MicroUsd;
}

/** Trades by coin, in the order of `coins`; a coin without a trade is a row too, its ratios NaN. */
export function perCoin(trades: readonly Trade[], coins: readonly string[]): TradeGroup[] {
  return grouped(trades, coins, (trade) => trade.coin);
}

/** Trades by the UTC month of their entry (`2025-07`), each month of the span a row, those without a trade too. */
export function perMonth(trades: readonly Trade[], fromMs: number, toMs: number): TradeGroup[] {
  const months: string[] = [];
  const last = new Date(toMs - 1);
  for (const month = new Date(fromMs); monthOf(month) <= monthOf(last); ) {
    months.push(monthOf(month));
    month.setUTCMonth(month.getUTCMonth() + 1, 1);
  }
  return grouped(trades, months, (trade) => monthOf(new Date(trade.entryTimeMs)));
}

function monthOf(time: Date): string {
  return time.toISOString().slice(0, 7);
}

function grouped(trades: readonly Trade[], names: readonly string[], nameOf: (trade: Trade) => string): TradeGroup[] {
  const byName = Map.groupBy(trades, nameOf);
  return names.map((name) => {
    const group = byName.get(name) ?? [];
    const { winRate, expectancyR } = tallyOf(group).metrics();
    const netPnlUsd = microUsd(group.reduce((sum, trade) => sum + trade.netPnlUsd, 0));
    return { name, trades: group.length, winRate, expectancyR, netPnlUsd };
  });
}

/** Entries that filled in a candle in which nobody traded: the price was there, a counterparty was not. */
export function entriesWithoutVolume(trades: readonly Trade[], legs: readonly CandleColumns[]): number {
  return trades.filter(({ leg, entryTimeMs }) => {
    const candles = legs[leg];
    return candles !== undefined && candles.volume[rowAt(candles, entryTimeMs)] === 0;
  }).length;
}
