import { perCoin, perMonth, type TradeGroup } from '../backtest/metrics.ts';
import type { Choice, ClaimResult, StrategyFailure, StrategyOutcome } from '../backtest/outcome.ts';
import { type Instrument, quantityOf } from '../domain/instrument.ts';
import type { Study } from '../domain/study.ts';
import { intervalMs } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { toUsd } from '../domain/units.ts';
import { available, type Estimate } from '../evidence/estimate.ts';
import type { StrategyVerdict } from '../evidence/judge.ts';
import type { TrackRecord } from '../evidence/track-record.ts';
import { Absent } from './absent.ts';
import { controlReport } from './controls.ts';
import { accountCurve, histogramOf } from './curves.ts';
import { robustnessReport } from './robustness-report.ts';
import type { FailedStrategy, JudgedStrategy, ReportedTrade, ReportedTradeGroup } from './schema.ts';
import { walkForwardReport } from './walk-forward-report.ts';

/** Bins of the histogram of R: a quarter of what a trade risks. */
const R_BIN = 0.25;

/** What all strategies of a report share. */
export interface StrategyPlace {
  readonly study: Study;
  readonly fromMs: number;
  readonly toMs: number;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

export function judgedStrategy(
  outcome: StrategyOutcome,
  judgement: StrategyVerdict,
  place: StrategyPlace,
): JudgedStrategy {
  const absent = new Absent();
  const { backtest } = outcome;
  const { study, fromMs, toMs } = place;
  const stepMs = intervalMs(study.interval);
  const curve = accountCurve(backtest.equityUsd, toUsd(study.depositUsd), fromMs + stepMs, stepMs);
  const metrics = absent.metrics('metrics', backtest.metrics);
  return {
    status: 'judged',
    name: outcome.name,
    thesis: outcome.thesis,
    summary: outcome.summary,
    params: { ...outcome.params },
    ...(outcome.choice && { choice: choiceReport(outcome.choice, absent) }),
    fileSha256: outcome.fileSha256,
    lookAhead: { ...outcome.lookAhead },
    ...judgementReport(judgement),
    metrics,
    ...(judgement.record && { trackRecord: recordReport(judgement.record, absent) }),
    bounds: { worst: metrics, best: absent.metrics('bounds.best', outcome.upperBound) },
    controls: [outcome.coinFlip, outcome.rotation].map((table) => controlReport(table, backtest.metrics, absent)),
    perCoin: perCoin(backtest.trades, study.coins).map((group, i) => {
      return { coin: group.name, ...groupReport(group, `perCoin[${i}]`, absent) };
    }),
    perMonth: perMonth(backtest.trades, fromMs, toMs).map((group, i) => {
      return { month: group.name, ...groupReport(group, `perMonth[${i}]`, absent) };
    }),
    claims: outcome.claims.map((claim, i) => claimReport(claim, `claims[${i}]`, absent)),
    ...(judgement.walkForward && { walkForward: walkForwardReport(judgement.walkForward, absent) }),
    finer: outcome.finer.map(({ interval, kind, metrics: finer }, i) => {
      return { interval, kind, metrics: absent.metrics(`finer[${i}].metrics`, finer) };
    }),
    grid: outcome.grid.map(({ at, isVerdictCell, metrics: cell }, i) => {
      return { at: { ...at }, isVerdictCell, metrics: absent.metrics(`grid[${i}].metrics`, cell) };
    }),
    equity: { timesMs: curve.timesMs, usd: curve.equityUsd },
    drawdown: {
      timesMs: curve.timesMs,
      fraction: curve.drawdownFraction,
      peakMs: curve.deepest?.peakMs ?? null,
      troughMs: curve.deepest?.troughMs ?? null,
    },
    refusals: { ...backtest.refusals },
    conflicts: backtest.conflicts,
    lapses: backtest.lapses,
    missingFundingHours: backtest.missingFundingHours,
    entriesWithoutVolume: backtest.entriesWithoutVolume,
    histogramR: histogramOf(
      backtest.trades.map((trade) => trade.rMultiple),
      R_BIN,
    ),
    ...(judgement.robustness && { robustness: robustnessReport(judgement.robustness, absent) }),
    trades: backtest.trades.map((trade) => tradeReport(trade, place.instruments)),
    notAvailable: absent.reasons,
  };
}

function choiceReport({ lists, combinations, chosen }: Choice, absent: Absent): NonNullable<JudgedStrategy['choice']> {
  return {
    lists: Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]])),
    combinations: combinations.map(({ params, trades, expectancyR }, i) => {
      const path = `choice.combinations[${i}].expectancyR`;
      return { params: { ...params }, trades, expectancyR: absent.number(path, expectancyR, 'no trades') };
    }),
    chosen,
  };
}

/** A strategy that could not be run: it has NO VERDICT, and its error says why. */
export function failedStrategy({ name, error }: StrategyFailure, judgement: StrategyVerdict): FailedStrategy {
  const { message, details, hint } = error;
  return {
    status: 'failed',
    name,
    verdict: { ...judgement.verdict },
    error: { message, details: [...details], hint: hint ?? null },
  };
}

type JudgementPart = Pick<JudgedStrategy, 'verdict' | 'gates' | 'criticism' | 'pValues' | 'expectancy' | 'power'>;

function judgementReport(judgement: StrategyVerdict): JudgementPart {
  const { name, verdict, gates, criticism, pValues, expectancy, power } = judgement;
  if (expectancy === null || power === null) throw new RangeError(`${name} ran, but has no expectancy or no power`);
  return {
    verdict: { ...verdict },
    gates: gates.map((gate) => ({ ...gate })),
    criticism: criticism.map((one) => ({ ...one })),
    pValues: { ...pValues },
    expectancy: { ...expectancy },
    power: { ...power },
  };
}

function recordReport(record: TrackRecord, absent: Absent): NonNullable<JudgedStrategy['trackRecord']> {
  const { days, moments, deflated, minimumDays, minimumYears } = record;
  const shown = (name: string, estimate: Estimate): number | null =>
    estimate.isAvailable ? estimate.value : absent.number(`trackRecord.${name}`, Number.NaN, estimate.reason);
  const moment = (name: 'skewness' | 'kurtosis'): number | null =>
    shown(name, moments.isAvailable ? available(moments.value[name]) : moments);
  return {
    days,
    skewness: moment('skewness'),
    kurtosis: moment('kurtosis'),
    deflatedProbability: shown('deflatedProbability', deflated),
    minimumDays: shown('minimumDays', minimumDays),
    minimumYears: shown('minimumYears', minimumYears),
  };
}

function groupReport(group: TradeGroup, path: string, absent: Absent): ReportedTradeGroup {
  return {
    trades: group.trades,
    winRate: absent.number(`${path}.winRate`, group.winRate, 'no trades'),
    expectancyR: absent.number(`${path}.expectancyR`, group.expectancyR, 'no trades'),
    netPnlUsd: toUsd(group.netPnlUsd),
  };
}

function claimReport(claim: ClaimResult, path: string, absent: Absent): JudgedStrategy['claims'][number] {
  const { side, condition, bet, fires, excessReturn, horizonCandles } = claim;
  const reason = 'the condition was never true where what followed is known';
  const excessReturnFraction = absent.number(`${path}.excessReturnFraction`, excessReturn, reason);
  return { side, condition, bet, fires, excessReturnFraction, horizonCandles };
}

/** Money in dollars, size in coins: both are exact to their last decimal. */
function tradeReport(trade: Trade, instruments: ReadonlyMap<string, Instrument>): ReportedTrade {
  const instrument = instruments.get(trade.coin);
  if (instrument === undefined) throw new RangeError(`there is no instrument ${trade.coin}`);
  const { coin, side, signalTimeMs, entryTimeMs, exitTimeMs, entryPrice, exitPrice, stopPrice, targetPrice } = trade;
  const { reason, rMultiple, maeR, mfeR, beyondTolerance } = trade;
  return {
    coin,
    side,
    signalTimeMs,
    entryTimeMs,
    exitTimeMs,
    quantity: quantityOf(instrument, trade.lots),
    entryPrice,
    exitPrice,
    stopPrice,
    targetPrice,
    reason,
    initialRiskUsd: toUsd(trade.initialRiskUsd),
    grossPnlUsd: toUsd(trade.grossPnlUsd),
    feesUsd: toUsd(trade.feesUsd),
    fundingUsd: toUsd(trade.fundingUsd),
    netPnlUsd: toUsd(trade.netPnlUsd),
    rMultiple,
    maeR,
    mfeR,
    beyondTolerance,
  };
}
