import { onTestFinished } from 'vitest';
import { type CandleColumns, columnsOf } from '../src/domain/candle.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../src/domain/instrument.ts';
import { HOUR_MS, type Interval, intervalMs } from '../src/domain/time.ts';
import { epochMs } from '../src/domain/units.ts';
import { HyperliquidInfo } from '../src/exchange/info.ts';
import { type ExchangeOptions, SimulatedExchange } from '../src/simulator/exchange.ts';
import { type MarketOptions, PlayedMarket } from '../src/simulator/played-market.ts';
import { quiet } from '../src/simulator/simulation.ts';
import { VirtualClock } from '../src/simulator/virtual-clock.ts';

/** An exchange on this machine, its clock, and a client of it. */
export interface Stage {
  readonly market: PlayedMarket;
  readonly clock: VirtualClock;
  readonly exchange: SimulatedExchange;
  readonly info: HyperliquidInfo;
}

/** Sets up an exchange at that time; it is stopped when the test ends. */
export async function setStage(
  nowMs: number,
  market: MarketOptions,
  options: Omit<ExchangeOptions, 'clock' | 'market'> = {},
): Promise<Stage> {
  const clock = new VirtualClock(nowMs);
  const played = new PlayedMarket(market);
  const exchange = await SimulatedExchange.start({ clock, market: played, ...options });
  onTestFinished(() => exchange.stop());
  return { market: played, clock, exchange, info: new HyperliquidInfo({ apiUrl: exchange.url, timer: clock }) };
}

/** Lets time pass, whenever everybody waits for it, until the work is done. */
export async function inLockstep<T>({ clock, exchange }: Stage, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  const isOver = (): boolean => isDone;
  done.catch(() => {});
  while (!isOver()) {
    await quiet(clock, exchange);
    if (!isOver()) clock.wakeNext();
  }
  return done;
}

export function instrumentOf(coin: string, isDelisted = false): Instrument {
  const known = BUILT_IN_INSTRUMENTS.find((instrument) => instrument.coin === coin) ?? BUILT_IN_INSTRUMENTS[2];
  return { ...(known as Instrument), coin, isDelisted };
}

/** Candles that no two of are alike, without those of the given numbers. */
export function madeCandles(
  coin: string,
  interval: Interval,
  firstMs: number,
  count: number,
  without: (number: number) => boolean = () => false,
): CandleColumns {
  const numbers = Array.from({ length: count }, (_, i) => i).filter((i) => !without(i));
  return columnsOf(
    coin,
    interval,
    numbers.map((i) => ({
      openTimeMs: epochMs(firstMs + i * intervalMs(interval)),
      open: 100 + (i % 50),
      high: 103 + (i % 50),
      low: 99 + (i % 50),
      close: 101 + (i % 50),
      volume: 10 + (i % 7),
    })),
  );
}

/** A rate for each hour, as the exchange stamps them. */
export function madeFunding(firstMs: number, hours: number): { timeMs: number; rate: number }[] {
  return Array.from({ length: hours }, (_, i) => ({
    timeMs: firstMs + i * HOUR_MS + 42,
    rate: 0.0000125 + (i % 10) / 1e7,
  }));
}
