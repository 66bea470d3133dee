import type { CandleSource } from '../backtest/candle-source.ts';
import { settlingsOf } from '../backtest/settling.ts';
import type { SeriesSpan, Settling, SpanRequest } from '../backtest/study-data.ts';
import { CandorError } from '../domain/errors.ts';
import type { Optimization } from '../domain/optimizer.ts';
import type { Study } from '../domain/study.ts';
import type { SweepStrategy } from '../domain/sweep.ts';
import { DAY_MS, formatTime, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { type ParamValues, parseParams } from '../strategy/params.ts';
import { type Candidates, candidatesOf } from './candidates.ts';
import { type ForwardPlan, planForward } from './forward-plan.ts';
import type { Setting } from './incumbent.ts';

/** One strategy of a file, with all that is compared of it; no candle has been read. */
export interface PlannedOptimization {
  readonly optimization: Optimization;
  /** The strategy as the file asks for it. */
  readonly wanted: SweepStrategy;
  readonly loaded: LoadedStrategy;
  readonly incumbent: Setting;
  readonly candidates: Candidates;
  readonly forward: ForwardPlan;
  /** Those of the file, and those that the strategy looks at beside its own. */
  readonly coins: readonly string[];
  readonly settlings: readonly Settling[];
}

/**
 * @throws UsageError for params that the strategy does not have or does not allow, and where there is nothing to
 *   choose; CandorError where the params that were chosen before do not fit the strategy any more; LookAheadError or
 *   StrategyError of the first set that cannot be built
 */
export function planOptimization(
  optimization: Optimization,
  wanted: SweepStrategy,
  loaded: LoadedStrategy,
  incumbent: Setting,
): PlannedOptimization {
  const { strategy } = loaded;
  const current = currentParams(loaded, incumbent);
  const candidates = candidatesOf(strategy, wanted.params, current, optimization.candidates);
  const chosen = candidates.sets.map((set) => ({ loaded, built: strategy.build(set) }));
  const study = studyOf(optimization, strategy.name, current);
  return {
    optimization,
    wanted,
    loaded,
    incumbent,
    candidates,
    forward: planForward(optimization),
    coins: [...new Set([...optimization.coins, ...chosen.flatMap(({ built }) => built.coins)])],
    settlings: settlingsOf(study, chosen),
  };
}

function currentParams({ strategy, file }: LoadedStrategy, { params }: Setting): ParamValues {
  try {
    return parseParams(strategy.name, strategy.params, params ?? {});
  } catch (cause) {
    throw new CandorError(`the params that '${strategy.name}' trades with do not fit its file any more`, {
      details: [`chosen: ${JSON.stringify(params)}`, `${file}: ${(cause as Error).message}`],
      hint: `Restore the file, or take the choice back: candor optimize --rollback --strategy ${strategy.name}`,
      cause,
    });
  }
}

/** The study that judges one set of params: the cell of the file, and nothing that was not asked for. */
export function studyOf(optimization: Optimization, strategy: string, params: ParamValues): Study {
  const { name, coins, interval, confirm, windows, cell, controls, depositUsd } = optimization;
  return {
    name,
    ...{ coins, interval, confirm },
    span: { days: windows.trainDays },
    strategies: [{ name: strategy, params }],
    cell,
    grid: [],
    ...{ controls, depositUsd },
  };
}

/** What is asked of the candles. One day more than the windows take: they begin and end at midnight. */
export function spanRequestOf({ optimization, forward }: PlannedOptimization): SpanRequest {
  const { name, interval } = optimization;
  return { kind: 'optimisation', name, span: { days: forward.days + 1 }, intervals: [interval] };
}

/** What there is of every series that is needed. */
export function spansOf({ coins, settlings }: PlannedOptimization, source: CandleSource): SeriesSpan[] {
  return coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
}

/**
 * The windows end with the newest day (UTC) of which all series have every candle.
 *
 * @throws CandorError where the candles do not reach back far enough, with the days that it takes and that there are
 */
export function requireDays(
  { optimization, forward, settlings }: PlannedOptimization,
  spans: readonly SeriesSpan[],
): { readonly fromMs: EpochMs; readonly toMs: EpochMs } {
  const toMs = Math.floor(Math.min(...spans.map(({ lastCloseMs }) => lastCloseMs)) / DAY_MS) * DAY_MS;
  const settledMs = settlings.map(({ interval, candles }) => {
    const firstMs = Math.max(...spans.filter((span) => span.interval === interval).map((span) => span.firstOpenMs));
    return firstMs + candles * intervalMs(interval);
  });
  const fromMs = toMs - forward.days * DAY_MS;
  if (Math.max(...settledMs) <= fromMs) return { fromMs: epochMs(fromMs), toMs: epochMs(toMs) };
  const days = Math.max(0, Math.floor((toMs - Math.max(...settledMs)) / DAY_MS));
  const { trainDays, testDays, folds } = optimization.windows;
  const fit = Math.floor((days - trainDays - forward.embargoDays) / testDays);
  const fewer = fit >= 2 ? `, or fewer folds: folds: ${fit} would fit` : '';
  throw new CandorError(`the windows of '${optimization.name}' take ${forward.days} days, and there are ${days}`, {
    details: [
      `train ${trainDays} + embargo ${forward.embargoDays} + ${folds} folds × test ${testDays} = ${forward.days} days`,
      ...spans.map(
        ({ coin, interval, firstOpenMs, lastCloseMs }) =>
          `stored: ${coin} ${interval}, ${formatTime(firstOpenMs)} to ${formatTime(lastCloseMs)}`,
      ),
      ...settlings.map(({ interval, candles }) => `${interval}: the indicators take ${candles} candles to settle`),
    ],
    hint: `Import older candles (candor import FILE), choose shorter windows in backtests/optimize/${fewer}.`,
  });
}

/** Newer candles than this are taken for today's. */
export const FRESH_MS = 2 * DAY_MS;

/**
 * What nobody looks at must not decide on candles of long ago; but at a seal it stops, and that is no neglect.
 *
 * @throws CandorError where the newest day is older than two days, with what to do
 */
export function requireFresh(spans: readonly SeriesSpan[], nowMs: EpochMs): void {
  const stale = spans.filter((span) => span.sealedFromMs === undefined && nowMs - span.lastCloseMs > FRESH_MS);
  if (stale.length === 0) return;
  throw new CandorError('the candles are too old to decide on', {
    details: stale.map(({ coin, interval, lastCloseMs }) => `${coin} ${interval} ends at ${formatTime(lastCloseMs)}`),
    hint: "Record them beside this ('candor ingest --follow'), or fetch what is missing: 'candor ingest'.",
  });
}
