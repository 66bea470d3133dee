import { type DailyReturns, dailyReturns } from '../backtest/daily-returns.ts';
import type { StrategyOutcome } from '../backtest/outcome.ts';
import type { Study } from '../domain/study.ts';
import { intervalMs } from '../domain/time.ts';
import { type Estimate, notAvailable } from './estimate.ts';
import {
  minimumBacktestYears,
  minimumTrackRecord,
  probabilisticSharpe,
  type SharpeMoments,
  sharpeMoments,
} from './sharpe.ts';
import type { MarketCount } from './trial-count.ts';

/** Crypto trades every day. */
export const DAYS_OF_YEAR = 365;

/** What a Sharpe ratio would need to mean something; everything per day, of whole UTC days. */
export interface TrackRecord {
  readonly count: MarketCount;
  readonly days: number;
  readonly moments: Estimate<SharpeMoments>;
  /** DSR: the probability that the true Sharpe ratio is above the hurdle of everything that was tried. */
  readonly deflated: Estimate;
  /** MinTRL: days that it takes to tell this Sharpe ratio from zero. */
  readonly minimumDays: Estimate;
  /** MinBTL: years below which the best of so many clusters shows this Sharpe ratio by luck alone. */
  readonly minimumYears: Estimate;
}

/** The returns of a strategy of a study, on its verdict cell. */
export function returnsOf(
  { backtest: { equityUsd } }: StrategyOutcome,
  { interval, depositUsd }: Pick<Study, 'interval' | 'depositUsd'>,
  fromMs: number,
): DailyReturns {
  return dailyReturns(equityUsd, { firstOpenMs: fromMs, intervalMs: intervalMs(interval), depositUsd });
}

export function trackRecord({ values }: DailyReturns, count: MarketCount, alpha: number): TrackRecord {
  const moments = sharpeMoments(values);
  const from = (estimate: (of: SharpeMoments) => Estimate): Estimate =>
    moments.isAvailable ? estimate(moments.value) : notAvailable(moments.reason);
  return {
    count,
    days: values.length,
    moments,
    deflated: from((of) => probabilisticSharpe(of, count.hurdleSharpe)),
    minimumDays: from((of) => minimumTrackRecord(of, 0, alpha)),
    minimumYears: from(({ sharpe }) => minimumBacktestYears(count.clusters, sharpe * Math.sqrt(DAYS_OF_YEAR))),
  };
}
