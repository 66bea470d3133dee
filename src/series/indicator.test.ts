import * as library from 'technicalindicators';
import { beforeAll, describe, expect, test } from 'vitest';
import { evaluate, realCandles, walkCandles } from '../../test/series-data.ts';
import { describeWithSharedData } from '../../test/shared-data.ts';
import { type CandleColumns, sliceColumns } from '../domain/candle.ts';
import { settleOf } from './horizon.ts';
import type { IndicatorOptions } from './indicator.ts';
import { ownMarket } from './market.ts';
import type { Series } from './series.ts';

const { close, high, low, open, volume, atr, adx, macd, bollinger, trueRange, indicator, every } = ownMarket;

/** Results of the library's batch functions are shorter than their input: they end at the same candle. */
function fromEnd(results: readonly number[], length: number): number[] {
  return [...Array(length - results.length).fill(Number.NaN), ...results];
}

function expectEqualWhereKnown(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  let compared = 0;
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue;
    compared++;
    if (!(Math.abs((actual[i] as number) - (expected[i] as number)) <= tolerance)) {
      expect.fail(`row ${i}: ${actual[i]} instead of ${expected[i]}`);
    }
  }
  expect(compared).toBeGreaterThan(actual.length / 2);
}

type Prices = Readonly<Record<'high' | 'low' | 'close', number[]>>;

const bands = ({ close: values }: Prices) => library.BollingerBands.calculate({ period: 20, stdDev: 2, values });
const convergence = ({ close: values }: Prices) =>
  library.MACD.calculate({
    values,
    fastPeriod: 12,
    slowPeriod: 26,
    signalPeriod: 9,
    SimpleMAOscillator: false,
    SimpleMASignal: false,
  });
const numbers = (results: readonly (number | undefined)[]): number[] => results.map((value) => value ?? Number.NaN);

/** What both compute: the name, ours, the library's, and how far the two may differ. */
const SHARED: readonly (readonly [string, Series, (prices: Prices) => readonly number[], number])[] = [
  ['mean', close.mean(20), ({ close: values }) => library.SMA.calculate({ period: 20, values }), 1e-9],
  ['ema', close.ema(20), ({ close: values }) => library.EMA.calculate({ period: 20, values }), 1e-6],
  // The library rounds it to two decimals.
  ['rsi', close.rsi(14), ({ close: values }) => library.RSI.calculate({ period: 14, values }), 0.005_001],
  ['wilder', close.wilder(14), ({ close: values }) => library.WEMA.calculate({ period: 14, values }), 1e-6],
  ['deviation', close.deviation(20), ({ close: values }) => library.SD.calculate({ period: 20, values }), 1e-9],
  ['highest', close.highest(20), ({ close: values }) => library.Highest.calculate({ period: 20, values }), 0],
  ['lowest', close.lowest(20), ({ close: values }) => library.Lowest.calculate({ period: 20, values }), 0],
  ['sum', close.sum(20), ({ close: values }) => library.Sum.calculate({ period: 20, values }), 1e-7],
  ['true range', trueRange, (prices) => library.TrueRange.calculate(prices), 1e-9],
  ['atr', atr(14), (prices) => library.ATR.calculate({ period: 14, ...prices }), 1e-6],
  ['adx', adx(14), (prices) => library.ADX.calculate({ period: 14, ...prices }).map((x) => x.adx), 1e-6],
  ['upper band', bollinger(20, 2).upper, (prices) => bands(prices).map(({ upper }) => upper), 1e-9],
  ['middle band', bollinger(20, 2).middle, (prices) => bands(prices).map(({ middle }) => middle), 1e-9],
  ['lower band', bollinger(20, 2).lower, (prices) => bands(prices).map(({ lower }) => lower), 1e-9],
  ['macd', macd().macd, (prices) => numbers(convergence(prices).map((x) => x.MACD)), 1e-6],
  ['macd signal', macd().signal, (prices) => numbers(convergence(prices).map((x) => x.signal)), 1e-6],
  ['macd histogram', macd().histogram, (prices) => numbers(convergence(prices).map((x) => x.histogram)), 1e-6],
];

describeWithSharedData('our kernels equal technicalindicators on real candles', () => {
  let candles: CandleColumns;
  // Not in this body: that of a skipped `describe` runs too, and may find no file.
  beforeAll(() => {
    candles = realCandles('SOL', '1h');
  });
  test.each(SHARED)('%s', (_, series, byTheLibrary, tolerance) => {
    const prices = { high: [...candles.high], low: [...candles.low], close: [...candles.close] };
    const [actual] = evaluate(candles, [series]) as [number[]];
    expectEqualWhereKnown(actual, fromEnd(byTheLibrary(prices), candles.length), tolerance);
  });
});

/** One of each class that can be streamed. */
const STREAMED: readonly (readonly [string, IndicatorOptions])[] = [
  ['SMA', { period: 5 }],
  ['EMA', { period: 5 }],
  ['WMA', { period: 5 }],
  ['WEMA', { period: 5 }],
  [
    'MACD',
    { fastPeriod: 3, slowPeriod: 6, signalPeriod: 2, SimpleMAOscillator: false, SimpleMASignal: false, output: 'MACD' },
  ],
  ['RSI', { period: 5 }],
  ['BollingerBands', { period: 5, stdDev: 2, output: 'upper' }],
  ['ROC', { period: 5 }],
  [
    'KST',
    {
      ...{ ROCPer1: 2, ROCPer2: 3, ROCPer3: 4, ROCPer4: 5, SMAROCPer1: 2, SMAROCPer2: 2, SMAROCPer3: 2, SMAROCPer4: 3 },
      signalPeriod: 3,
      output: 'kst',
    },
  ],
  ['TRIX', { period: 5 }],
  ['StochasticRSI', { rsiPeriod: 5, stochasticPeriod: 5, kPeriod: 3, dPeriod: 3, output: 'k' }],
  ['AverageGain', { period: 5 }],
  ['AverageLoss', { period: 5 }],
  ['SD', { period: 5 }],
  ['Highest', { period: 5 }],
  ['Lowest', { period: 5 }],
  ['Sum', { period: 5 }],
  ['PSAR', { step: 0.02, max: 0.2, settle: 200 }],
  ['AwesomeOscillator', { fastPeriod: 5, slowPeriod: 34 }],
  ['IchimokuCloud', { conversionPeriod: 3, basePeriod: 6, spanPeriod: 12, displacement: 6, output: 'spanA' }],
  ['ADX', { period: 5, output: 'adx' }],
  ['ATR', { period: 5 }],
  ['TrueRange', {}],
  ['Stochastic', { period: 5, signalPeriod: 3, output: 'k' }],
  ['WilliamsR', { period: 5 }],
  ['CCI', { period: 5 }],
  ['KeltnerChannels', { maPeriod: 5, atrPeriod: 5, multiplier: 1, useSMA: false, output: 'upper' }],
  ['ChandelierExit', { period: 5, multiplier: 3, output: 'exitLong' }],
  ['HeikinAshi', { output: 'open' }],
  ['ADL', { settle: 10 }],
  ['VWAP', { settle: 10 }],
  ['MFI', { period: 5 }],
  ['OBV', { settle: 10 }],
  ['ForceIndex', { period: 5 }],
  ['CrossUp', { lineA: close, lineB: open }],
  ['CrossDown', { lineA: close, lineB: open }],
];

describe('indicator', () => {
  const candles = walkCandles({ length: 1_200, gaps: 0.0015, seed: 3 });
  const dependsOnStart = new Set(['ADL', 'VWAP', 'OBV']);

  test.each(STREAMED)('%s streams, and begins anew after a gap', (name, options) => {
    const series = indicator(name, options);
    expect(series.node.poison).toBeUndefined();
    const [whole] = evaluate(candles, [series]) as [number[]];
    const settle = settleOf(series.node, '1h');
    expect(whole.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(100);
    expect(evaluate(candles, [series], { block: 37 })[0]).toStrictEqual(whole);
    if (dependsOnStart.has(name)) return;
    const from = 300;
    const late = evaluate(sliceColumns(candles, from, candles.length), [series])[0]?.slice(settle) as number[];
    const early = whole.slice(from + settle);
    for (let i = 0; i < late.length; i++) {
      if (!Object.is(late[i], early[i]))
        expect(Math.abs((late[i] as number) - (early[i] as number))).toBeLessThan(1e-6);
    }
  });

  test('gives what the library gives', () => {
    const whole = walkCandles({ length: 500 });
    const [oscillator, flow, signal] = evaluate(whole, [
      indicator('AwesomeOscillator', { fastPeriod: 5, slowPeriod: 34 }),
      indicator('MFI', { period: 14 }),
      indicator('Stochastic', { period: 14, signalPeriod: 3, output: 'd' }),
    ]) as [number[], number[], number[]];
    const columns = { high: [...whole.high], low: [...whole.low], close: [...whole.close], volume: [...whole.volume] };
    const expected = library.AwesomeOscillator.calculate({ fastPeriod: 5, slowPeriod: 34, ...columns });
    expectEqualWhereKnown(oscillator, fromEnd(expected, 500), 0);
    expectEqualWhereKnown(flow, fromEnd(library.MFI.calculate({ period: 14, ...columns }), 500), 0);
    const stochastic = library.Stochastic.calculate({ period: 14, signalPeriod: 3, ...columns });
    expectEqualWhereKnown(
      signal,
      fromEnd(
        stochastic.map(({ d }) => d ?? Number.NaN),
        500,
      ),
      0,
    );
  });

  test('reads another series in place of the close, and other clocks', () => {
    const data: CandleColumns = walkCandles({ length: 400 });
    const [ofVolume, mean] = evaluate(data, [indicator('SMA', { period: 5, values: volume }), volume.mean(5)]) as [
      number[],
      number[],
    ];
    expectEqualWhereKnown(ofVolume, mean, 1e-9);
    expect(indicator('SMA', { period: 5, values: high }).node).not.toBe(
      indicator('SMA', { period: 5, values: low }).node,
    );
    expect(every('4h').indicator('SMA', { period: 5 }).node.clock.interval).toBe('4h');
  });

  test('is interned by its name and options, in whatever order they are written', () => {
    const one = indicator('AwesomeOscillator', { fastPeriod: 5, slowPeriod: 34 });
    expect(indicator('AwesomeOscillator', { slowPeriod: 34, fastPeriod: 5 }).node).toBe(one.node);
    expect(indicator('AwesomeOscillator', { fastPeriod: 6, slowPeriod: 34 }).node).not.toBe(one.node);
  });

  test('when it has settled is measured: a window after its length, an ema after its seed weighs nothing', () => {
    expect(settleOf(indicator('SMA', { period: 20 }).node, '1h')).toBe(19);
    expect(settleOf(indicator('AwesomeOscillator', { fastPeriod: 5, slowPeriod: 34 }).node, '1h')).toBe(33);
    const ema = settleOf(indicator('EMA', { period: 20 }).node, '1h');
    expect(ema).toBeGreaterThan(180);
    expect(ema).toBeLessThan(260);
  });

  test.each([
    ['an unknown one', 'AwesomeOscilator', {}, "there is no indicator 'AwesomeOscilator'", 'AwesomeOscillator'],
    ['one that cannot be streamed', 'VolumeProfile', {}, "no indicator 'VolumeProfile' that can be streamed", ''],
    ['a name of every object', 'constructor', {}, "there is no indicator 'constructor'", ''],
    ['several outputs and no choice', 'ADX', { period: 14 }, 'has several outputs', "'adx' | 'pdi' | 'mdi'"],
    ['an output that it has not', 'ADX', { period: 14, output: 'adxx' }, "has no output 'adxx'", 'adx'],
    ['an option that is missing', 'RSI', { perod: 14 }, 'gives no value that changes', 'complete'],
    ['one that never forgets its start', 'OBV', {}, 'still depends on its start', 'settle: N'],
    ['lines that are missing', 'CrossUp', {}, 'lacks an input', 'lineA, lineB'],
    ['a settling that is no number', 'OBV', { settle: -1 }, 'settles after -1 candles', 'whole number'],
  ])('%s is refused when the strategy loads', (_, name, options, message, hint) => {
    const { poison } = indicator(name, options).node;
    expect(poison?.message).toContain(message);
    expect(poison?.hint).toContain(hint);
  });
});
