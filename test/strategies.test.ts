import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { CandleColumns } from '../src/domain/candle.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../src/domain/signal.ts';
import type { Interval } from '../src/domain/time.ts';
import { Evaluation } from '../src/series/evaluation.ts';
import { type BuiltStrategy, scaleToInterval, settleOf } from '../src/strategy/define.ts';
import { listStrategies, loadStrategy } from '../src/strategy/load.ts';
import { combinations, cornerValues } from '../src/strategy/params.ts';
import { type Proof, proveStrategy } from '../src/strategy/prove.ts';
import { signalFlags } from '../src/strategy/signals.ts';
import { closesToCandles, realCandles, walkCandles } from './series-data.ts';
import { describeWithSharedData } from './shared-data.ts';

const directory = fileURLToPath(new URL('../strategies/', import.meta.url));

/** The ones that Candor comes with. Others may stand beside them: those need not trade both sides, nor on this data. */
const SHIPPED = [
  'bollinger-reversion',
  'breakout',
  'breakout-volume',
  'dip-in-uptrend',
  'ema-cross',
  'narrow-range-breakout',
  'rsi-reversion',
  'squeeze-expansion',
  'three-candle-fade',
  'three-candle-momentum',
] as const;

async function built(name: string, params?: unknown): Promise<BuiltStrategy> {
  return (await loadStrategy(name, directory)).strategy.build(params);
}

function flagsOn(candles: CandleColumns, strategy: BuiltStrategy): Uint8Array {
  const evaluation = new Evaluation(candles, new Map([[candles.coin, { candles }]]));
  return signalFlags(strategy, evaluation, 0, candles.length);
}

test('the ten are there, and whatever else is in the folder loads', async () => {
  const present = listStrategies(directory);
  expect(present).toEqual(expect.arrayContaining([...SHIPPED]));
  for (const name of present) expect((await loadStrategy(name, directory)).strategy.name).toBe(name);
});

/** What Hyperliquid serves of one interval, less 90 days of 30m. */
const CANDLES_TO_SETTLE = 5_000 - 90 * 48;

test.each(SHIPPED)(
  '%s settles within what the exchange serves, at every corner, on 1h and at equal clock on 30m',
  async (name) => {
    const { strategy } = await loadStrategy(name, directory);
    for (const corner of combinations(strategy.params, cornerValues)) {
      expect(settleOf(strategy.build(corner), '1h')).toBeLessThanOrEqual(CANDLES_TO_SETTLE);
      const scaled = strategy.build(scaleToInterval(strategy, corner, 2));
      expect(settleOf(scaled, '30m')).toBeLessThanOrEqual(CANDLES_TO_SETTLE);
    }
  },
);

describe('mirrored prices swap long and short', () => {
  const walk = walkCandles({ length: 2_000, seed: 11, gaps: 0.002, flat: 0.02 });
  const mirror = (column: Float64Array): Float64Array => column.map((price) => 10_000 - price);
  const mirrored: CandleColumns = {
    ...walk,
    open: mirror(walk.open),
    high: mirror(walk.low),
    low: mirror(walk.high),
    close: mirror(walk.close),
  };
  // squeeze-expansion measures calm as a share of the price, and the mirror has another price.
  test.each(SHIPPED.filter((name) => name !== 'squeeze-expansion'))('%s', async (name) => {
    const strategy = await built(name);
    const flags = flagsOn(walk, strategy);
    expect(flags.some((flag) => (flag & (LONG | SHORT)) !== 0)).toBe(true);
    expect(flagsOn(mirrored, strategy)).toEqual(flags.map(swapSides));
  });
});

function swapSides(flags: number): number {
  const swap = (a: number, b: number): number => ((flags & a) === 0 ? 0 : b) | ((flags & b) === 0 ? 0 : a);
  return swap(LONG, SHORT) | swap(EXIT_LONG, EXIT_SHORT);
}

describe('narrow-range-breakout', () => {
  // Boxes of two candles, among the last four: narrow is the lowest third of them.
  const params = { length: 2, memory: 4, narrow: 0.3 };
  const wide = [100, 110, 100, 110, 100, 110];

  async function signalsAt(closes: readonly number[], highOfLast?: number): Promise<number> {
    const candles = closesToCandles(closes);
    if (highOfLast !== undefined) candles.high[closes.length - 1] = highOfLast;
    return flagsOn(candles, await built('narrow-range-breakout', params))[closes.length - 1] as number;
  }

  test('enters when a close leaves a narrow box, on either side', async () => {
    expect(await signalsAt([...wide, 105, 106, 107])).toBe(LONG);
    expect(await signalsAt([...wide, 105, 106, 104])).toBe(SHORT);
  });

  test('not while the close is inside, however far the candle went', async () => {
    expect(await signalsAt([...wide, 105, 106, 106])).toBe(0);
    expect(await signalsAt([...wide, 105, 106, 106], 130)).toBe(0);
  });

  test('not out of a wide box', async () => {
    expect(await signalsAt([...wide, 120])).toBe(0);
  });

  test('the box ends before the candle that breaks it: a long wick does not make it wider', async () => {
    expect(await signalsAt([...wide, 105, 106, 107], 130)).toBe(LONG);
  });
});

describeWithSharedData('on real candles', () => {
  const candles = new Map<Interval, CandleColumns>();
  const btc = (interval: Interval): CandleColumns => {
    const known = candles.get(interval) ?? realCandles('BTC', interval);
    candles.set(interval, known);
    return known;
  };

  async function prove(name: string, interval: Interval, count: number, factor = 1): Promise<Proof> {
    const loaded = await loadStrategy(name, directory);
    const params = scaleToInterval(loaded.strategy, {}, factor);
    const markets = new Map([['BTC', { candles: btc(interval) }]]);
    return proveStrategy({ loaded, params, coin: 'BTC', interval, markets, candles: count });
  }

  test.each(SHIPPED)('%s says the same without the future, on every candle of 300 hours', async (name) => {
    const proof = await prove(name, '1h', 300);
    expect(proof).toMatchObject({ candles: 300, difference: undefined, absolutePrices: undefined });
    expect(proof.signals.long + proof.signals.short).toBeGreaterThan(0);
  });

  test.each(SHIPPED)('%s says the same without the future at equal clock on 30m', async (name) => {
    expect(await prove(name, '30m', 50, 2)).toMatchObject({
      candles: 50,
      difference: undefined,
      absolutePrices: undefined,
    });
  });

  test.each(SHIPPED)('%s speaks sometimes, on each of its sides', async (name) => {
    const strategy = await built(name);
    const flags = flagsOn(btc('1h'), strategy);
    const speaks = (flag: number): number => flags.filter((row) => (row & flag) !== 0).length;
    // Thirty in eleven months is the least that any verdict could rest on.
    expect(speaks(LONG)).toBeGreaterThan(30);
    expect(speaks(SHORT)).toBeGreaterThan(30);
    if (strategy.sides.exitLong !== undefined) expect(speaks(EXIT_LONG)).toBeGreaterThan(30);
    if (strategy.sides.exitShort !== undefined) expect(speaks(EXIT_SHORT)).toBeGreaterThan(30);
  });

  test('three-candle-fade is three-candle-momentum with its sides swapped', async () => {
    for (const params of [{}, { step: 3, size: 2 }]) {
      const momentum = flagsOn(btc('1h'), await built('three-candle-momentum', params));
      const fade = flagsOn(btc('1h'), await built('three-candle-fade', params));
      expect(fade).toEqual(momentum.map(swapSides));
    }
  });
});
