import { describe, expect, test } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import { tradeOf } from '../../test/trades.ts';
import { emptyColumns } from '../domain/candle.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs, fromUsd } from '../domain/units.ts';
import { calibrateCoinFlip, coinFlipLegs, coinFlipSignals, coinFlipStream } from './coin-flip.ts';
import { bitsOfFlags } from './fast/bits.ts';
import { fundingColumns } from './funding.ts';
import { runReference } from './reference.ts';
import { flagsOfBits } from './replay.ts';
import type { Leg, RunResult } from './run.ts';

const flat = (rows: number) => new Uint8Array(rows);
const count = (signals: Uint8Array, bit: number): number => signals.reduce((sum, row) => sum + (row & bit ? 1 : 0), 0);

describe('the schedule of a coin flip', () => {
  test('has about rate × rows entries, on both sides in their shares, and keeps the exits of the strategy', () => {
    const rows = 100_000;
    const exits = bitsOfFlags(flat(rows).fill(EXIT_LONG, 500, 600));
    const bits = coinFlipSignals({ rate: 0.05, longShare: 0.7, exits }, 100, rows, new Prng(3));
    const flags = flagsOfBits(bits, rows);
    expect(count(flags.subarray(0, 100), 255)).toBe(0);
    expect(bits.exitLong).toBe(exits.exitLong);
    const [longs, shorts] = [count(flags, LONG), count(flags, SHORT)];
    // Four standard deviations of a binomial.
    expect(Math.abs(longs + shorts - 4995)).toBeLessThan(4 * Math.sqrt(4995 * 0.95));
    expect(Math.abs(longs / (longs + shorts) - 0.7)).toBeLessThan(4 * Math.sqrt((0.7 * 0.3) / 4995));
  });

  test('neighbouring candles are independent: a share `rate` of entries is followed at once by another', () => {
    const rows = 200_000;
    const into = flagsOfBits(coinFlipSignals({ rate: 0.2, longShare: 1, exits: {} }, 0, rows, new Prng(5)), rows);
    let followed = 0;
    for (let row = 1; row < rows; row++) if (into[row] === LONG && into[row - 1] === LONG) followed++;
    expect(Math.abs(followed / count(into, LONG) - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 40_000));
  });

  test('never, and always', () => {
    const never = coinFlipSignals({ rate: 0, longShare: 1, exits: {} }, 0, 50, new Prng(1));
    expect(count(flagsOfBits(never, 50), 255)).toBe(0);
    const always = coinFlipSignals({ rate: 1, longShare: 0, exits: {} }, 10, 40, new Prng(1));
    expect(count(flagsOfBits(always, 50), SHORT)).toBe(30);
  });

  test('each strategy, coin and draw has a stream of its own', () => {
    const first = (strategy: string, coin: string, draw: number): number =>
      coinFlipStream(new Prng(1), strategy, coin, draw).uint32();
    expect(first('breakout', 'BTC', 3)).toBe(first('breakout', 'BTC', 3));
    const others = [first('ema-cross', 'BTC', 3), first('breakout', 'ETH', 3), first('breakout', 'BTC', 4)];
    expect(new Set([first('breakout', 'BTC', 3), ...others]).size).toBe(4);
  });
});

test('the first guess: entries per flat close, and the share of longs, leg by leg', () => {
  const trades = [
    tradeOf({ leg: 0, side: 'long', exitTimeMs: 30 * HOUR_MS }),
    tradeOf({ leg: 0, side: 'short', exitTimeMs: 20 * HOUR_MS }),
    tradeOf({ leg: 1, side: 'short', exitTimeMs: 10 * HOUR_MS }),
  ];
  const signals = [Uint8Array.of(LONG | EXIT_SHORT, SHORT), Uint8Array.of(EXIT_LONG, 0), flat(2)];
  const legs = coinFlipLegs(signals.map(bitsOfFlags), trades, { from: 0, to: 100, intervalMs: HOUR_MS });
  expect(legs).toMatchObject([
    { rate: 2 / 50, longShare: 0.5, exits: { exitShort: Uint32Array.of(1) } },
    { rate: 1 / 90, longShare: 0, exits: { exitLong: Uint32Array.of(1) } },
    { rate: 0, exits: {} },
  ]);
});

const ROWS = 2160;
const RULES: RiskRules = { ...PLAIN_RULES, target: 2, maxHold: 48, leverage: 5, maxOpen: 2 };

/** Three coins on random walks whose volatility comes and goes. */
function market(): Omit<Leg, 'signals'>[] {
  const rng = new Prng(11);
  return BUILT_IN_INSTRUMENTS.map((instrument, i) => {
    const candles = emptyColumns(instrument.coin, '1h', epochMs(0), ROWS);
    let price = [90_000, 3_000, 150][i] as number;
    for (let row = 0; row < ROWS; row++) {
      const volatility = row % 400 < 100 ? 0.02 : 0.004;
      const close = price * Math.exp(volatility * rng.normal());
      candles.open[row] = price;
      candles.close[row] = close;
      candles.high[row] = Math.max(price, close) * (1 + 0.3 * volatility * rng.uniform());
      candles.low[row] = Math.min(price, close) * (1 - 0.3 * volatility * rng.uniform());
      candles.volume[row] = 1;
      price = close;
    }
    return {
      coin: instrument.coin,
      instrument,
      candles,
      funding: fundingColumns(candles, instrument.szDecimals, undefined),
      decisionIntervalMs: HOUR_MS,
    };
  });
}

describe('calibration', () => {
  const coins = market();
  const run = (signals: readonly Uint8Array[]): RunResult =>
    runReference({
      legs: coins.map((coin, i) => ({ ...coin, signals: signals[i] as Uint8Array })),
      rules: RULES,
      costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
      depositUsd: fromUsd(10_000),
      from: 0,
      to: ROWS,
    });
  const perLeg = ({ trades }: RunResult): number[] =>
    coins.map((_, leg) => trades.filter((one) => one.leg === leg).length);

  test('trades, leg by leg, come out as many as the strategy made, and with its sides', () => {
    // Clusters of signals in the wild hours, mostly long, none at all on the third coin's first half: unlike any coin
    // flip.
    const signals = coins.map((_, leg) =>
      Uint8Array.from({ length: ROWS }, (__, row) =>
        row % 400 < 100 && (row * 7 + leg) % 5 < 2 && (leg < 2 || row > ROWS / 2) ? (row % 3 === 0 ? SHORT : LONG) : 0,
      ),
    );
    const own = run(signals);
    const wanted = perLeg(own);
    expect(Math.min(...wanted)).toBeGreaterThan(20);

    const draw = (legs: ReturnType<typeof coinFlipLegs>, name: string | number): RunResult =>
      run(
        legs.map((leg, i) => {
          const stream = coinFlipStream(new Prng(1), 'clusters', coins[i]?.coin ?? '', name);
          return flagsOfBits(coinFlipSignals(leg, 0, ROWS, stream), ROWS);
        }),
      );
    const guess = coinFlipLegs(signals.map(bitsOfFlags), own.trades, { from: 0, to: ROWS, intervalMs: HOUR_MS });
    const legs = calibrateCoinFlip(guess, wanted, ROWS, (pilot, name) => perLeg(draw([...pilot], name)));

    const draws = Array.from({ length: 150 }, (_, i) => draw([...legs], i));
    const trades = draws.flatMap((result) => result.trades);
    for (const [leg, target] of wanted.entries()) {
      const made = draws.reduce((sum, result) => sum + (perLeg(result)[leg] as number), 0) / draws.length;
      expect(Math.abs(made / target - 1), `leg ${leg}: ${made} instead of ${target}`).toBeLessThan(0.07);
    }
    expect(Math.abs(trades.length / draws.length / own.trades.length - 1)).toBeLessThan(0.04);
    const longShare = (all: RunResult['trades']): number =>
      all.filter(({ side }) => side === 'long').length / all.length;
    expect(Math.abs(longShare(trades) - longShare(own.trades))).toBeLessThan(0.04);
  });

  test('a strategy that never fires has a coin that never falls', () => {
    const guess = coinFlipLegs(
      coins.map(() => ({})),
      [],
      { from: 0, to: ROWS, intervalMs: HOUR_MS },
    );
    const legs = calibrateCoinFlip(guess, [0, 0, 0], ROWS, () => {
      throw new Error('there is nothing to try');
    });
    expect(legs.map(({ rate }) => rate)).toEqual([0, 0, 0]);
  });

  test('a strategy that is always in the market is met by a coin at every close', () => {
    const guess = [{ rate: 0.9, longShare: 1, exits: {} }];
    const [leg] = calibrateCoinFlip(guess, [10], 100, () => [9.9]);
    expect(leg?.rate).toBe(1);
  });
});
