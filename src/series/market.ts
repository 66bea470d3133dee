import { didYouMean } from '../domain/errors.ts';
import { INTERVALS, type Interval, isInterval } from '../domain/time.ts';
import { type IndicatorOptions, indicator } from './indicator.ts';
import { type Clock, OWN_CLOCK, sourceNode } from './node.ts';
import { misuse, type Poison } from './poison.ts';
import { type Scan, type ScanArgs, scan } from './scan.ts';
import { balance, dominant, Series } from './series.ts';

/** The series of one coin at one interval, and what is made of them. Everything in it can be destructured. */
export interface Market {
  readonly open: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  /** In coins. */
  readonly volume: Series;
  /**
   * The last funding rate settled at or before the close: what a long paid per dollar, as a fraction; NaN if none is
   * stored.
   */
  readonly funding: Series;
  /** (high + low + close) / 3 */
  readonly typical: Series;
  /** What the price moved, the gap from the last close included: max(high, last close) − min(low, last close). */
  readonly trueRange: Series;
  /** Wilder's average true range over n candles. */
  readonly atr: (n: number) => Series;
  /** Wilder's average directional index over n candles, 0 to 100; 0 where nothing moves. */
  readonly adx: (n: number) => Series;
  readonly macd: (fast?: number, slow?: number, signal?: number) => Macd;
  /** The mean of n closes, and k population deviations either side of it. */
  readonly bollinger: (n?: number, k?: number) => Bands;
  /** The mean of n typical prices weighted by volume; NaN where nothing traded. */
  readonly vwap: (n: number) => Series;
  /** The same coin in a slower interval: the value of the last candle that has closed, never of the forming one. */
  readonly every: (interval: Interval) => Market;
  /** Another coin at the same instants. */
  readonly of: (coin: string) => Market;
  /** Streams an indicator class of `technicalindicators`; `close` is its input unless it reads others. */
  readonly indicator: (name: string, options?: IndicatorOptions) => Series;
  /** Custom logic, candle by candle. */
  readonly scan: <State, const Name extends string, const Args extends ScanArgs = Record<never, never>>(
    spec: Scan<State, Name, Args>,
  ) => Series;
}

export interface Macd {
  /** ema(fast) − ema(slow) of the close. */
  readonly macd: Series;
  /** The ema of that. */
  readonly signal: Series;
  /** macd − signal */
  readonly histogram: Series;
}

export interface Bands {
  readonly upper: Series;
  readonly middle: Series;
  readonly lower: Series;
}

/** The market of the coin and interval that the strategy runs on; it knows neither until it is evaluated. */
export const ownMarket: Market = marketOf(OWN_CLOCK);

function marketOf(clock: Clock, poison?: Poison): Market {
  const source = (field: 'open' | 'high' | 'low' | 'close' | 'volume' | 'funding'): Series =>
    new Series(sourceNode(field, clock, poison));
  const open = source('open');
  const high = source('high');
  const low = source('low');
  const close = source('close');
  const volume = source('volume');
  const typical = high.plus(low).plus(close).over(3);
  const lastClose = close.ago(1);
  const trueRange = high.max(lastClose).minus(low.min(lastClose));
  return Object.freeze({
    open,
    high,
    low,
    close,
    volume,
    funding: source('funding'),
    typical,
    trueRange,
    atr: (n: number) => trueRange.wilder(n),
    adx: (n: number) => adx(high, low, n),
    macd: (fast = 12, slow = 26, signal = 9) => macd(close, fast, slow, signal),
    bollinger: (n = 20, k = 2) => bollinger(close, n, k),
    vwap: (n: number) => typical.times(volume).sum(n).over(volume.sum(n)),
    every: (interval: Interval) =>
      isInterval(interval)
        ? marketOf({ ...clock, interval }, poison)
        : marketOf(clock, poison ?? badInterval(interval)),
    of: (coin: string) => marketOf({ ...clock, coin }, poison ?? badCoin(coin)),
    indicator: (name: string, options?: IndicatorOptions) =>
      indicator({ values: close, open, high, low, close, volume }, name, options),
    scan,
  });
}

function badInterval(interval: unknown): Poison {
  return misuse(`every('${String(interval)}') is no interval`, didYouMean(String(interval), INTERVALS));
}

function badCoin(coin: unknown): Poison | undefined {
  if (typeof coin === 'string' && coin !== '' && coin !== OWN_CLOCK.coin) return undefined;
  return misuse(`of(${JSON.stringify(coin)}) names no coin`, "Name it as the exchange does: of('BTC').");
}

function macd(close: Series, fast: number, slow: number, signalLength: number): Macd {
  const line = close.ema(fast).minus(close.ema(slow));
  const signal = line.ema(signalLength);
  return { macd: line, signal, histogram: line.minus(signal) };
}

function bollinger(close: Series, n: number, k: number): Bands {
  const middle = close.mean(n);
  const distance = close.deviation(n).times(k);
  return { upper: middle.plus(distance), middle, lower: middle.minus(distance) };
}

/**
 * Wilder, New Concepts in Technical Trading Systems (1978). The true range divides both directional indicators, and so
 * falls out of their quotient: DX = |D₊ − D₋| / (D₊ + D₋) of the smoothed directional movements themselves.
 */
function adx(high: Series, low: Series, n: number): Series {
  const up = high.change(1);
  const down = low.change(1).negate();
  return balance(dominant(up, down), dominant(down, up), n, 'adx').abs().times(100).wilder(n);
}
