import fc from 'fast-check';
import { fundingColumns } from '../src/backtest/funding.ts';
import type { RunSpec } from '../src/backtest/run.ts';
import type { CandleColumns } from '../src/domain/candle.ts';
import type { Instrument } from '../src/domain/instrument.ts';
import type { RiskRules } from '../src/domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../src/domain/signal.ts';
import { intervalMs } from '../src/domain/time.ts';
import type { Trade } from '../src/domain/trade.ts';
import { fromUsd, type Price } from '../src/domain/units.ts';
import { candlesOf, type Grid, gridArbitrary, type Move, moveArbitrary } from './random-run.ts';

/** A run, its mirror image about $500, and the image of a trade. */
export interface MirroredRun {
  readonly spec: RunSpec;
  readonly mirrored: RunSpec;
  image(trade: Trade): Trade;
}

const COIN: Instrument = {
  coin: 'COIN',
  szDecimals: 2,
  marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 20 }],
  isDelisted: false,
};
/** Whole cents between $100 and $1,000: there the tick is a cent, and 1,000 − p is as valid as p. */
const SUM_CENTS = 100_000;

/** Distances in dollars alone, and sizes so small against the deposit that no cap and no minimum is ever met. */
const rulesArbitrary: fc.Arbitrary<RiskRules> = fc.record({
  stop: fc.constantFrom(1, 1.5, 3.5).map((atr) => ({ atr, period: 14 })),
  target: fc.option(fc.constantFrom(0.5, 1, 2, 3)),
  breakEven: fc.option(fc.record({ at: fc.constantFrom(0.5, 1) })),
  trail: fc.option(
    fc.record({
      distance: fc.constantFrom(0.5, 1).map((atr) => ({ atr, period: 14 })),
      after: fc.constantFrom(0, 0.5, 1),
    }),
  ),
  maxHold: fc.option(fc.integer({ min: 1, max: 8 })),
  sizing: fc.constant({ riskFraction: 0.00001 }),
  leverage: fc.constant(1),
  maxOpen: fc.constant(null),
  maxExposure: fc.constant(null),
  maxCoinExposure: fc.constant(null),
  maxSideExposure: fc.constant(null),
  minStopMoveBps: fc.constant(0),
});

export function mirrorArbitrary(): fc.Arbitrary<MirroredRun> {
  return gridArbitrary.chain((grid) =>
    fc
      .record({
        moves: fc.array(moveArbitrary, { minLength: grid.length, maxLength: grid.length }),
        rules: rulesArbitrary,
      })
      .filter(({ moves }) => isInBounds(candlesOf(coin, grid, moves)))
      .map(({ moves, rules }) => mirroredRun(grid, moves, rules)),
  );
}

const coin = { instrument: COIN, startTicks: SUM_CENTS / 2, decimals: 2 };

function isInBounds({ high, low }: CandleColumns): boolean {
  return high.every((price) => !(price > 850)) && low.every((price) => !(price < 150));
}

function mirroredRun(grid: Grid, moves: readonly Move[], rules: RiskRules): MirroredRun {
  const candles = candlesOf(coin, grid, moves);
  const signals = Uint8Array.from(moves, (move) => move.signals);
  const spec = specOf(grid, candles, signals, moves, rules);
  return {
    spec,
    mirrored: specOf(grid, mirroredCandles(candles), signals.map(mirroredSignals), moves, rules),
    image: (trade) => ({
      ...trade,
      side: trade.side === 'long' ? 'short' : 'long',
      entryPrice: mirroredPrice(trade.entryPrice) as Price,
      exitPrice: mirroredPrice(trade.exitPrice) as Price,
      stopPrice: mirroredPrice(trade.stopPrice) as Price,
      targetPrice: trade.targetPrice === null ? null : (mirroredPrice(trade.targetPrice) as Price),
    }),
  };
}

function specOf(
  grid: Grid,
  candles: CandleColumns,
  signals: Uint8Array,
  moves: readonly Move[],
  rules: RiskRules,
): RunSpec {
  const atr = Float64Array.from(moves, (move) => (move.atr === 0 ? Number.NaN : move.atr / 100));
  const funding = fundingColumns(candles, COIN.szDecimals, undefined);
  return {
    legs: [
      {
        coin: COIN.coin,
        instrument: COIN,
        candles,
        funding,
        decisionIntervalMs: intervalMs(grid.decisionIntervals[0]),
        signals,
        stopAtr: atr,
        trailAtr: atr,
      },
    ],
    rules,
    costs: { takerFee: 0, makerFee: 0, slippageBps: 0 },
    depositUsd: fromUsd(1_000_000),
    from: 0,
    to: grid.length,
  };
}

function mirroredPrice(price: number): number {
  return (SUM_CENTS - Math.round(price * 100)) / 100;
}

function mirroredCandles(candles: CandleColumns): CandleColumns {
  const { open, high, low, close } = candles;
  return {
    ...candles,
    open: open.map(mirroredPrice),
    high: low.map(mirroredPrice),
    low: high.map(mirroredPrice),
    close: close.map(mirroredPrice),
  };
}

function mirroredSignals(signals: number): number {
  const swaps = [
    [LONG, SHORT],
    [SHORT, LONG],
    [EXIT_LONG, EXIT_SHORT],
    [EXIT_SHORT, EXIT_LONG],
  ] as const;
  return swaps.reduce((mirrored, [from, to]) => ((signals & from) === 0 ? mirrored : mirrored | to), 0);
}
