import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runReference } from '../src/backtest/reference.ts';
import { type CandleColumns, sliceColumns } from '../src/domain/candle.ts';
import { fromUsd } from '../src/domain/units.ts';
import { Evaluation } from '../src/series/evaluation.ts';
import { signalFlags } from '../src/strategy/signals.ts';
import { describeWithSharedData } from '../test/shared-data.ts';
import { btcCandles, walk } from './candles.ts';
import { runLinear } from './linear.ts';
import {
  type Answer,
  answerOf,
  buildOf,
  COMBINATIONS,
  COSTS,
  type Combination,
  DEPOSIT_USD,
  FIRST_ROW,
  INSTRUMENT,
  referenceSpec,
} from './reference-job.ts';

const TERMS = { from: FIRST_ROW, instrument: INSTRUMENT, costs: COSTS, depositUsd: DEPOSIT_USD };

/** The same combinations by the reference engine, on signals of the strategy's own expressions. */
function referenceAnswer(
  candles: CandleColumns,
  combinations: readonly Combination[],
  depositUsd = DEPOSIT_USD,
): Answer[] {
  const { coin, interval, length } = candles;
  const evaluation = new Evaluation({ coin, interval }, new Map([[coin, { candles }]]));
  return combinations.map((combination) => {
    const signals = signalFlags(buildOf(combination), evaluation, 0, length);
    const run = runReference({ ...referenceSpec(candles, signals, combination), depositUsd });
    return answerOf(run, candles, depositUsd);
  });
}

/** Steps up to the size of the stops, so that jumped and twice touched candles are common; some accounts run dry. */
const cases = fc.record({
  length: fc.integer({ min: FIRST_ROW + 1, max: 400 }),
  stepFraction: fc.constantFrom(0.0005, 0.005, 0.02, 0.08),
  seed: fc.integer(),
  depositUsd: fc.constantFrom(10_000, 25, 10.05).map(fromUsd),
  combinations: fc.subarray([...COMBINATIONS], { minLength: 1, maxLength: 6 }),
});

describe('the plain linear loop', () => {
  it('comes to what the reference engine comes to, in every number, on any candles', () => {
    fc.assert(
      fc.property(cases, ({ length, depositUsd, combinations, ...shape }) => {
        const candles = walk('1m', length, shape);
        const answer = runLinear({ ...TERMS, candles, combinations, depositUsd });
        expect(answer).toStrictEqual(referenceAnswer(candles, combinations, depositUsd));
      }),
      { numRuns: 500 },
    );
  });
});

describeWithSharedData('the plain linear loop on real candles', () => {
  const everySixtieth = COMBINATIONS.filter((_, index) => index % 60 === 7);

  it('equals the reference engine on 2,160 hours', () => {
    const { candles } = btcCandles('hyperliquid', '1h', 2_160);
    expect(runLinear({ ...TERMS, candles, combinations: COMBINATIONS })).toStrictEqual(
      referenceAnswer(candles, COMBINATIONS),
    );
  });

  it('equals the reference engine on 100,000 minutes', () => {
    const candles = sliceColumns(btcCandles('binance-spot', '1m', 525_600).candles, 400_000, 500_000);
    expect(runLinear({ ...TERMS, candles, combinations: everySixtieth })).toStrictEqual(
      referenceAnswer(candles, everySixtieth),
    );
  });
});
