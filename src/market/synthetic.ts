import { type CandleColumns, emptyColumns, type FundingRates } from '../domain/candle.ts';
import { UsageError } from '../domain/errors.ts';
import { BUILT_IN_INSTRUMENTS } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { fundingRates } from './funding-rates.ts';
import { CoinWalk, type PlantedEvent } from './synthetic-coin.ts';
import { VolatilityWeather } from './synthetic-weather.ts';

/** The finest candles that are made; hours and more are joined from them, so that all intervals agree. */
export const SYNTHETIC_INTERVAL: Interval = '30m';
export const SYNTHETIC_COINS = BUILT_IN_INSTRUMENTS.map((instrument) => instrument.coin);
/** 2025-01-01T00:00Z: the market has no real time, but candles need one. */
export const SYNTHETIC_START_MS = epochMs(Date.UTC(2025, 0, 1));

/** About 0.5 R a trade for who enters on it with a stop of 2 % and a target of 2 R, after costs. */
export const DEFAULT_EDGE = 0.018;

export interface SyntheticOptions {
  readonly days: number;
  readonly seed: number;
  /**
   * How far a price drifts, on average, in the half day after a breakout on surging volume, as a fraction of the price;
   * DEFAULT_EDGE where it is not said. 0 makes a market in which nothing can be known.
   */
  readonly edge?: number;
}

export interface SyntheticMarket {
  /** Candles of SYNTHETIC_INTERVAL by coin: valid ticks and lots of the exchange. */
  readonly candles: ReadonlyMap<string, CandleColumns>;
  readonly funding: ReadonlyMap<string, FundingRates>;
  /** Where the edge was planted. No strategy sees this; it lets a test measure what was promised. */
  readonly events: readonly PlantedEvent[];
}

/**
 * A made-up market of BTC, ETH and SOL for a machine without network and data. It has what fools a strategy (regimes,
 * clustered volatility, fat tails, coins that move together) and exactly one thing that can be known: after an hour
 * that closes beyond the range of the twenty hours before it *on surging volume* the price drifts on for half a day;
 * after such an hour on ordinary volume it falls back, so far that breakouts as a whole are worth nothing. Everything
 * else is a martingale. The same seed makes the same market, and a longer one begins with the shorter.
 */
export function syntheticMarket({ days, seed, edge = DEFAULT_EDGE }: SyntheticOptions): SyntheticMarket {
  if (!(days > 0))
    throw new UsageError(`a market of ${days} days cannot be made`, { hint: 'Ask for at least one day.' });
  const rows = Math.ceil((days * DAY_MS) / intervalMs(SYNTHETIC_INTERVAL));
  const rng = new Prng(seed);
  const weather = new VolatilityWeather(rng.fork('weather'));
  const walks = BUILT_IN_INSTRUMENTS.map((instrument) => {
    const columns = emptyColumns(instrument.coin, SYNTHETIC_INTERVAL, SYNTHETIC_START_MS, rows);
    return new CoinWalk(instrument, columns, rng.fork(instrument.coin), edge);
  });
  for (let row = 0; row < rows; row++) {
    weather.next();
    for (const walk of walks) walk.next(row, weather);
  }
  return {
    candles: new Map(walks.map((walk) => [walk.columns.coin, walk.columns])),
    funding: new Map(SYNTHETIC_COINS.map((coin) => [coin, syntheticFunding(coin, days, rng.fork(`funding ${coin}`))])),
    events: walks.flatMap((walk) => walk.events),
  };
}

/** The exchange's interest rate for eight hours, and how far the premium may pull the rate away from it. */
const INTEREST = 0.0001;
const CLAMP = 0.0005;
const PREMIUM_DEVIATION = 0.0004;
const PREMIUM_PERSISTENCE = 0.97;

/** Hourly rates by the exchange's own formula: premium + clamp(interest − premium), an eighth of it each hour. */
function syntheticFunding(coin: string, days: number, rng: Prng): FundingRates {
  const hours = Math.ceil((days * DAY_MS) / HOUR_MS);
  const shock = PREMIUM_DEVIATION * Math.sqrt(1 - PREMIUM_PERSISTENCE ** 2);
  let premium = 0;
  const rows = Array.from({ length: hours + 1 }, (_, hour): [number, number] => {
    premium = PREMIUM_PERSISTENCE * premium + shock * rng.normal();
    const rate = premium + Math.min(CLAMP, Math.max(-CLAMP, INTEREST - premium));
    return [SYNTHETIC_START_MS + hour * HOUR_MS, Math.round((rate / 8) * 1e10) / 1e10];
  });
  return fundingRates(coin, rows);
}
