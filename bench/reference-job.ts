import { fundingColumns } from '../src/backtest/funding.ts';
import type { RunResult, RunSpec } from '../src/backtest/run.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import type { Costs, RiskRules } from '../src/domain/risk-rules.ts';
import { intervalMs } from '../src/domain/time.ts';
import { fromUsd, type MicroUsd } from '../src/domain/units.ts';
import { referenceMetrics, type SweepValues } from '../src/optimize/reference-metrics.ts';
import { type BuiltStrategy, defineStrategy } from '../src/strategy/define.ts';
import { int, real } from '../src/strategy/params.ts';

/**
 * The reference job: breakout on volume, long only, all equity, one position, 12 lookbacks × 3 surges × 5 stops ×
 * 4 targets. Every combination starts at the same candle, that of the longest lookback (rule 1).
 */
export interface Combination {
  readonly lookback: number;
  readonly surge: number;
  /** Fraction of the price. */
  readonly stop: number;
  /** In R. */
  readonly target: number;
}

/** What a combination came to: all that a sweep keeps of it, but for the number of its signals, taken or not. */
export type Answer = Omit<SweepValues, 'signals'>;

export const LOOKBACKS = Array.from({ length: 12 }, (_, i) => 10 + 5 * i);
export const SURGES = [1, 1.5, 2];
export const STOPS = [0.005, 0.01, 0.02, 0.03, 0.04];
export const TARGETS = [1, 1.5, 2, 3];

/** Combinations that share their entries are neighbours. */
export const COMBINATIONS: readonly Combination[] = LOOKBACKS.flatMap((lookback) =>
  SURGES.flatMap((surge) => STOPS.flatMap((stop) => TARGETS.map((target) => ({ lookback, surge, stop, target })))),
);

/** Indices of one combination of each lookback, with the middle surge, stop and target. */
export const SAMPLE = LOOKBACKS.map((_, i) => 60 * i + 30);

/** Row of the first close that may signal: the first that has 65 candles before it. */
export const FIRST_ROW = 65;
export const INSTRUMENT = BUILT_IN_INSTRUMENTS[0] as Instrument;
export const COSTS: Costs = { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 1 };
export const DEPOSIT_USD = fromUsd(10_000);

const strategy = defineStrategy({
  name: 'reference-job',
  thesis: 'continuation',
  summary: 'Close above the recent range on elevated volume.',
  params: { lookback: int({ unit: 'candles', default: 20 }), surge: real({ default: 1.5 }) },
  long: ({ close, high, volume }, { lookback, surge }) => ({
    breakout: close.gt(high.ago(1).highest(lookback)),
    surge: volume.gt(volume.ago(1).mean(lookback).times(surge)).as('filter'),
  }),
});

export function buildOf({ lookback, surge }: Pick<Combination, 'lookback' | 'surge'>): BuiltStrategy {
  return strategy.build({ lookback, surge });
}

export function rulesOf({ stop, target }: Pick<Combination, 'stop' | 'target'>): RiskRules {
  return {
    stop: { fraction: stop },
    target,
    breakEven: null,
    trail: null,
    maxHold: null,
    sizing: 'allEquity',
    leverage: 1,
    maxOpen: null,
    maxExposure: null,
    maxCoinExposure: null,
    maxSideExposure: null,
    minStopMoveBps: 0,
  };
}

/** What is the same for all combinations. There is no funding: none is stored for Binance's spot candles. */
export function groundOf(candles: CandleColumns) {
  const funding = fundingColumns(candles, INSTRUMENT.szDecimals, undefined);
  const decisionIntervalMs = intervalMs(candles.interval);
  return {
    leg: { coin: INSTRUMENT.coin, instrument: INSTRUMENT, candles, funding, decisionIntervalMs },
    costs: COSTS,
    depositUsd: DEPOSIT_USD,
    from: FIRST_ROW,
    to: candles.length,
  };
}

/** What the reference engine came to, as the other two say it. */
export function answerOf(run: RunResult, { firstOpenMs, interval }: CandleColumns, depositUsd: MicroUsd): Answer {
  const stepMs = intervalMs(interval);
  const context = { depositUsd, firstOpenMs: firstOpenMs + FIRST_ROW * stepMs, intervalMs: stepMs, legs: 1 };
  const { signals: _, ...answer } = referenceMetrics(run, 0, context);
  return answer;
}

/** One combination for the reference engine. */
export function referenceSpec(candles: CandleColumns, signals: Uint8Array, combination: Combination): RunSpec {
  const { leg, ...terms } = groundOf(candles);
  return { ...terms, legs: [{ ...leg, signals }], rules: rulesOf(combination) };
}
