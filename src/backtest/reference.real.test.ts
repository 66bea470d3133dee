import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { runOracle } from '../../test/oracle.ts';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import { realCandles } from '../../test/series-data.ts';
import { describeWithSharedData, sharedData } from '../../test/shared-data.ts';
import { cashOf } from '../core/ledger.ts';
import { type CandleColumns, type FundingRates, rowAt, sliceColumns } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import { HOUR_MS, type Interval, parseTime } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { runFast } from './fast/result.ts';
import { fundingColumns } from './funding.ts';
import { runReference } from './reference.ts';
import type { Leg, RunSpec } from './run.ts';

const FROM_MS = parseTime('2025-04-20');
const HOURS = 90 * 24;

const BASE: RiskRules = { ...PLAIN_RULES, stop: { fraction: 0.01 }, target: 2, leverage: 5 };

describeWithSharedData('ninety days of three coins', () => {
  test.each<readonly [string, Interval, Partial<RiskRules>]>([
    ['stop and target', '1h', {}],
    ['a tight stop, all equity, one at a time', '1h', { stop: { fraction: 0.003 }, sizing: 'allEquity', maxOpen: 1 }],
    [
      'ranges, break-even and trail',
      '1h',
      {
        stop: { atr: 2, period: 14 },
        target: null,
        breakEven: { at: 1 },
        trail: { distance: { atr: 3, period: 14 }, after: 1 },
        minStopMoveBps: 5,
      },
    ],
    ['leverage 20, out after a day', '1h', { leverage: 20, maxHold: 24, target: null }],
    ['fills on half hours', '30m', { maxHold: 12, trail: { distance: { fraction: 0.02 }, after: 0.5 } }],
  ])('%s: both engines and the oracle agree to the micro-dollar', (_, interval, rules) => {
    const { spec, rates } = realRun(interval, { ...BASE, ...rules });
    const engine = runReference(spec);
    const oracle = runOracle(spec, rates);
    const exact = (trades: readonly { maeR: number; mfeR: number }[]): unknown =>
      trades.map(({ maeR, mfeR, ...rest }) => ({ ...rest, maeR: maeR.toFixed(8), mfeR: mfeR.toFixed(8) }));
    expect(engine.trades.length).toBeGreaterThan(100);
    expect(new Set(engine.trades.map(({ side }) => side)).size).toBe(2);
    expect(engine.ledger.fundingUsd).not.toBe(0);
    expect(exact(engine.trades)).toEqual(exact(oracle.trades));
    expect(cashOf(engine.ledger)).toBe(oracle.cashUsd);
    expect(engine.refusals).toEqual(oracle.refusals);
    expect(runFast(spec)).toEqual(engine);
  });
});

/** Coin flips on real candles: an entry every ten hours or so, an exit now and then. */
function realRun(interval: Interval, rules: RiskRules): { spec: RunSpec; rates: readonly FundingRates[] } {
  const legs = BUILT_IN_INSTRUMENTS.map((instrument) => legOf(instrument, interval));
  return {
    spec: {
      legs: legs.map((each) => each.leg),
      rules,
      costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 1 },
      depositUsd: fromUsd(10_000),
      from: 0,
      to: legs[0]?.leg.candles.length ?? 0,
    },
    rates: legs.map((each) => each.rates),
  };
}

function legOf(instrument: Instrument, interval: Interval): { leg: Leg; rates: FundingRates } {
  const all = realCandles(instrument.coin, interval);
  const first = rowAt(all, FROM_MS);
  const candles = sliceColumns(all, first, first + rowAt(all, FROM_MS + HOURS * HOUR_MS) - first);
  const rates = ratesOf(instrument.coin);
  const random = new Prng(1).fork(instrument.coin);
  const words = [LONG, SHORT, EXIT_LONG, EXIT_SHORT];
  const signals = new Uint8Array(candles.length).map(() => (random.below(5) === 0 ? (words[random.below(4)] ?? 0) : 0));
  const funding = fundingColumns(candles, instrument.szDecimals, rates);
  const atr = ranges(candles);
  const decisions = { decisionIntervalMs: HOUR_MS, signals, stopAtr: atr, trailAtr: atr };
  return { leg: { coin: instrument.coin, instrument, candles, funding, ...decisions }, rates };
}

/** The range of each candle, as a whole number of millionths: an average of ranges need not be a short decimal. */
function ranges({ high, low }: CandleColumns): Float64Array {
  return high.map((price, row) => Math.round((price - (low[row] as number)) * 1e6) / 1e6);
}

function ratesOf(coin: string): FundingRates {
  const text = gunzipSync(readFileSync(sharedData(`funding/hyperliquid_${coin}_funding.csv.gz`))).toString();
  const rows = text.trim().split('\n').slice(1);
  const columns = rows.map((row) => row.split(',').map(Number) as [number, number]);
  return {
    coin,
    timesMs: Float64Array.from(columns, ([timeMs]) => Math.round(timeMs / HOUR_MS) * HOUR_MS),
    rates: Float64Array.from(columns, ([, rate]) => rate),
  };
}
