import { expect, test } from 'vitest';
import { PLAIN_RULES } from '../../../test/plain-rules.ts';
import { realCandles } from '../../../test/series-data.ts';
import { describeWithSharedData } from '../../../test/shared-data.ts';
import { sliceColumns } from '../../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../../domain/instrument.ts';
import { Prng } from '../../domain/prng.ts';
import type { RiskRules } from '../../domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../../domain/signal.ts';
import { MINUTE_MS } from '../../domain/time.ts';
import { fromUsd } from '../../domain/units.ts';
import { fundingColumns } from '../funding.ts';
import { runReference } from '../reference.ts';
import type { RunSpec } from '../run.ts';
import { FastEngine } from './engine.ts';
import { runFast } from './result.ts';

const RULES: RiskRules = { ...PLAIN_RULES, stop: { fraction: 0.01 }, target: 2, sizing: 'allEquity' };

/** Narrow brackets before wide ones and after them: each search may begin where another one ended. */
const CELLS: readonly Partial<RiskRules>[] = [
  { stop: { fraction: 0.01 }, target: 2 },
  { stop: { fraction: 0.04 }, target: 3 },
  { stop: { fraction: 0.002 }, target: 1 },
  { stop: { fraction: 0.01 }, target: 1 },
  { stop: { fraction: 0.01 }, target: 3 },
  { stop: { fraction: 0.02 }, target: null, maxHold: 500 },
  { stop: { fraction: 0.02 }, target: 2, leverage: 30, sizing: { riskFraction: 0.02 } },
  {
    stop: { fraction: 0.005 },
    target: null,
    trail: { distance: { fraction: 0.01 }, after: 1 },
    breakEven: { at: 0.5 },
  },
];

describeWithSharedData('a year of minutes', () => {
  test('one engine after the other, cell by cell, on what it remembers: the same trades as candle by candle', () => {
    const candles = sliceColumns(realCandles('BTC', '1m', 'binance-spot'), 0, 525_600);
    const random = new Prng(3);
    const said = [LONG, LONG, SHORT, EXIT_LONG, EXIT_SHORT, LONG | SHORT];
    const signals = Uint8Array.from(candles.close, () =>
      random.below(150) === 0 ? (said[random.below(6)] as number) : 0,
    );
    const instrument = BUILT_IN_INSTRUMENTS[0] as Instrument;
    const funding = fundingColumns(candles, instrument.szDecimals, undefined);
    const leg = { coin: 'BTC', instrument, candles, funding, signals, decisionIntervalMs: MINUTE_MS };
    const engine = new FastEngine();
    for (const cell of CELLS) {
      const spec: RunSpec = {
        legs: [leg],
        rules: { ...RULES, ...cell },
        costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 1 },
        depositUsd: fromUsd(10_000),
        from: 100,
        to: 525_000,
      };
      const reference = runReference(spec);
      expect(reference.trades.length).toBeGreaterThan(100);
      expect(runFast(spec, engine)).toEqual(reference);
    }
  });
});
