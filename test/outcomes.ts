import { METRICS, type MetricName, type Metrics, metricsOf } from '../src/backtest/metrics.ts';
import type { DrawTable, StrategyOutcome, StudyOutcome } from '../src/backtest/outcome.ts';
import type { RiskRules } from '../src/domain/risk-rules.ts';
import type { GateThresholds, Study } from '../src/domain/study.ts';
import { DAY_MS, HOUR_MS, parseTime } from '../src/domain/time.ts';
import type { Trade } from '../src/domain/trade.ts';
import { epochMs, fromUsd } from '../src/domain/units.ts';
import { PLAIN_RULES } from './plain-rules.ts';

/** Outcomes made by hand, for the tests of what is concluded from them: no candles, no engine. */

export const FROM_MS = parseTime('2025-04-07');
export const TO_MS = epochMs(FROM_MS + 90 * DAY_MS);
export const THRESHOLDS: GateThresholds = { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 };

const CELL: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 3 };

export function studyOf(parts: Partial<Study> = {}): Study {
  return {
    name: 'made-by-hand',
    coins: ['BTC', 'ETH', 'SOL'],
    interval: '1h',
    confirm: ['30m'],
    span: { fromMs: FROM_MS, toMs: TO_MS },
    strategies: [],
    cell: CELL,
    grid: [],
    controls: { draws: 199, seed: 1 },
    depositUsd: fromUsd(10_000),
    ...parts,
  };
}

export function metricsOfTrades(trades: readonly Trade[]): Metrics {
  const equityUsd = new Float64Array(90 * 24).fill(10_000);
  const ledger = { depositsUsd: fromUsd(10_000), realisedUsd: fromUsd(0), feesUsd: fromUsd(0), fundingUsd: fromUsd(0) };
  const context = { depositUsd: ledger.depositsUsd, firstOpenMs: FROM_MS, intervalMs: HOUR_MS, legs: 3 };
  return metricsOf({ trades, ledger, equityUsd, heldRows: 0 }, context);
}

/** Draws that have mean R and nothing else of interest; R varies by `sdR` within each, over 100 trades. */
export function drawsOf(kind: DrawTable['kind'], meanR: readonly number[], sdR = 1.2): DrawTable {
  const column = (value: number): Float64Array => new Float64Array(meanR.length).fill(value);
  const metrics = Object.fromEntries(METRICS.map((name) => [name, column(0)])) as Record<MetricName, Float64Array>;
  metrics.expectancyR = Float64Array.from(meanR);
  metrics.trades = column(100);
  metrics.sdR = column(sdR);
  const fan = new Float64Array();
  return { kind, draws: meanR.length, metrics, fan: { p05: fan, p50: fan, p95: fan } };
}

/** 199 draws evenly spread around −0.1 R. */
export const USUAL_DRAWS = Array.from({ length: 199 }, (_, i) => -0.1 + (i - 99) / 500);

export function outcomeOf(trades: readonly Trade[], parts: Partial<StrategyOutcome> = {}): StrategyOutcome {
  const metrics = metricsOfTrades(trades);
  return {
    name: 'by-hand',
    thesis: 'continuation',
    summary: 'Made by hand.',
    params: {},
    fileSha256: 'ab'.repeat(32),
    lookAhead: { kind: 'by-construction' },
    backtest: {
      metrics,
      trades,
      equityUsd: new Float64Array(),
      refusals: {},
      conflicts: 0,
      lapses: 0,
      missingFundingHours: 0,
      entriesWithoutVolume: 0,
    },
    upperBound: metrics,
    grid: [],
    finer: (['fills', 'equal-clock', 'same-count'] as const).map((kind) => ({ interval: '30m', kind, metrics })),
    coinFlip: drawsOf('coin-flip', USUAL_DRAWS),
    rotation: drawsOf('rotation', USUAL_DRAWS),
    claims: [],
    ...parts,
  };
}

export function studyOutcomeOf(...strategies: StudyOutcome['strategies']): StudyOutcome {
  return { fromMs: FROM_MS, toMs: TO_MS, fanTimesMs: new Float64Array(), strategies };
}
