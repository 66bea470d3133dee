import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { type CandleColumns, emptyColumns } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import { Prng } from '../src/domain/prng.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';
import { syntheticMarket } from '../src/market/synthetic.ts';
import { type ExchangeOptions, SimulatedExchange } from '../src/simulator/exchange.ts';
import { type MarketOptions, movedBy, type PlayedCoin, PlayedMarket } from '../src/simulator/played-market.ts';
import { VirtualClock } from '../src/simulator/virtual-clock.ts';
import { realCandles } from './series-data.ts';
import { sharedData } from './shared-data.ts';

export interface StartedExchange {
  readonly exchange: SimulatedExchange;
  readonly clock: VirtualClock;
  readonly market: PlayedMarket;
}

export interface StartOptions extends MarketOptions, Omit<ExchangeOptions, 'clock' | 'market'> {
  /** What the clock shows at first. */
  readonly nowMs: number;
}

/** An exchange with a clock of its own, on a free port, stopped when the test ends. */
export async function startExchange({ nowMs, ...options }: StartOptions): Promise<StartedExchange> {
  const clock = new VirtualClock(nowMs);
  const market = new PlayedMarket(options);
  const exchange = await SimulatedExchange.start({ ...options, clock, market });
  onTestFinished(() => exchange.stop());
  return { exchange, clock, market };
}

/** 2025-07-22T00:00Z: a day and more of minutes of every coin lie before it in the real data, four after it. */
export const REAL_MINUTES_FROM_MS = epochMs(Date.UTC(2025, 6, 22));

/** A coin with its real candles and funding; several intervals are played as they are, and disagree as they do. */
export function realCoin(coin: string, intervals: readonly Interval[] = ['1m']): PlayedCoin {
  const candles = intervals.map((interval) => realCandles(coin, interval));
  return {
    instrument: instrumentOf(coin),
    candles,
    funding: realFunding(coin),
  };
}

/** Settlements of a coin as the exchange stamped them. */
export function realFunding(coin: string): { timeMs: number; rate: number }[] {
  const text = gunzipSync(readFileSync(sharedData(`funding/hyperliquid_${coin}_funding.csv.gz`))).toString('utf8');
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number) as [number, number])
    .map(([timeMs, rate]) => ({ timeMs, rate }));
}

/** The coins of the made-up market: half hours, from 2025-01-01 on, with funding. */
export function syntheticCoins(days: number, seed: number): PlayedCoin[] {
  const { candles, funding } = syntheticMarket({ days, seed });
  return [...candles].map(([coin, columns]) => ({
    instrument: instrumentOf(coin),
    candles: columns,
    funding: settlementsOf(funding.get(coin)),
  }));
}

function settlementsOf(funding: { timesMs: Float64Array; rates: Float64Array } | undefined) {
  return Array.from(funding?.timesMs ?? [], (timeMs, row) => ({ timeMs, rate: funding?.rates[row] as number }));
}

export interface WalkedCoin {
  readonly startMs: number;
  readonly days: number;
  readonly seed: number;
  readonly interval?: Interval;
  /** The share of candles in which nobody trades. */
  readonly emptyShare?: number;
}

/** A coin on a seeded walk, with valid prices and lots, and funding some milliseconds after every hour. */
export function walkedCoin(coin: string, options: WalkedCoin): PlayedCoin {
  const { startMs, days, seed, interval = '1m', emptyShare = 0 } = options;
  const prng = new Prng(seed).fork(coin);
  const length = Math.round((days * DAY_MS) / intervalMs(interval));
  const hours = Array.from({ length: Math.floor((days * DAY_MS) / HOUR_MS) }, (_, hour) => startMs + hour * HOUR_MS);
  return {
    instrument: instrumentOf(coin),
    candles: walkedCandles(emptyColumns(coin, interval, epochMs(startMs), length), prng, emptyShare),
    funding: hours.map((hourMs) => ({ timeMs: hourMs + prng.below(90), rate: (prng.below(2_000) - 1_000) / 1e8 })),
  };
}

/** In cents and thousandths of a coin. */
function walkedCandles(columns: CandleColumns, prng: Prng, emptyShare: number): CandleColumns {
  let cents = 1_000_000;
  for (let row = 0; row < columns.length; row++) {
    const open = cents;
    const isEmpty = row > 0 && prng.uniform() < emptyShare;
    if (!isEmpty) cents += prng.below(1_001) - 500;
    columns.open[row] = open / 100;
    columns.close[row] = cents / 100;
    columns.high[row] = (Math.max(open, cents) + (isEmpty ? 0 : prng.below(200))) / 100;
    columns.low[row] = (Math.min(open, cents) - (isEmpty ? 0 : prng.below(200))) / 100;
    columns.volume[row] = isEmpty ? 0 : (1 + prng.below(100_000)) / 1_000;
  }
  return columns;
}

/** All candles that are played of a coin. */
export function candlesOf({ candles = [] }: PlayedCoin): readonly CandleColumns[] {
  return 'interval' in candles ? [candles] : candles;
}

/** The same coin at another time. */
export function movedCoin(coin: PlayedCoin, ms: number): PlayedCoin {
  return {
    ...coin,
    candles: candlesOf(coin).map((columns) => movedBy(columns, ms)),
    funding: (coin.funding ?? []).map(({ timeMs, rate }) => ({ timeMs: timeMs + ms, rate })),
  };
}

/** The built-in rules, or those of a small coin. */
export function instrumentOf(coin: string): Instrument {
  const builtIn = BUILT_IN_INSTRUMENTS.find((instrument) => instrument.coin === coin);
  const marginTiers = [{ fromNotionalUsd: 0, maxLeverage: 10 }];
  return builtIn ?? { coin, szDecimals: 2, marginTiers, isDelisted: false };
}
