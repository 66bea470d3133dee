import type { Leg, RunSpec } from '../src/backtest/run.ts';
import type { FundingRates } from '../src/domain/candle.ts';
import { HOUR_MS, intervalMs } from '../src/domain/time.ts';
import type { ExitReason, Side } from '../src/domain/trade.ts';
import * as prices from './oracle-prices.ts';
import type { Entry } from './oracle-sizing.ts';
import { Rational, rational } from './rational.ts';

export interface Order extends Entry {
  readonly side: Side;
  readonly signalTimeMs: number;
}

export interface Position {
  readonly order: Order;
  readonly entryTimeMs: number;
  readonly fill: Rational;
  readonly initialStop: Rational;
  readonly target: Rational | null;
  readonly liquidation: Rational | null;
  readonly notional: bigint;
  readonly margin: Rational;
  readonly entryFee: bigint;
  stop: Rational;
  stopReason: 'stop' | 'break-even' | 'trail';
  /** Extremes of the candles that it survived. */
  high: Rational | null;
  low: Rational | null;
  isSignalled: boolean;
  isCrossed: boolean;
}

export interface Exit {
  readonly price: Rational;
  readonly timeMs: number;
  readonly reason: ExitReason;
  /** At the open of a candle, and not somewhere inside it or at its close. */
  readonly isAtOpen: boolean;
  readonly beyondTolerance?: boolean;
}

/** Money in micro-dollars, as in a `Trade`. */
export interface OracleTrade {
  readonly leg: number;
  readonly coin: string;
  readonly side: Side;
  readonly signalTimeMs: number;
  readonly entryTimeMs: number;
  readonly exitTimeMs: number;
  readonly lots: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly stopPrice: number;
  readonly targetPrice: number | null;
  readonly reason: ExitReason;
  readonly initialRiskUsd: number;
  readonly grossPnlUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly netPnlUsd: number;
  readonly rMultiple: number;
  readonly maeR: number;
  readonly mfeR: number;
  readonly beyondTolerance: boolean;
}

/** What a position came to: rules 16 to 18, 37 and 39. */
export function settle(
  spec: RunSpec,
  leg: Leg,
  rates: FundingRates | undefined,
  position: Position,
  exit: Exit,
): Omit<OracleTrade, 'leg'> {
  const { order, fill, initialStop } = position;
  const value = prices.notionalOf(leg.instrument, exit.price, order.lots);
  const free = order.side === 'long' ? value - position.notional : position.notional - value;
  const worst = -position.margin.floor();
  const gross = exit.reason === 'liquidation' && free < worst ? worst : free;
  const { makerFee, takerFee } = spec.costs;
  const fees = position.entryFee + prices.feeOf(value, exit.reason === 'target' ? makerFee : takerFee);
  const funding = fundingOf(leg, rates, position, exit);
  const initialRisk = prices.notionalOf(leg.instrument, fill.minus(initialStop).abs(), order.lots);
  const net = gross - fees + funding;
  return {
    coin: leg.coin,
    side: order.side,
    signalTimeMs: order.signalTimeMs,
    entryTimeMs: position.entryTimeMs,
    exitTimeMs: exit.timeMs,
    lots: Number(order.lots),
    entryPrice: fill.toNumber(),
    exitPrice: exit.price.toNumber(),
    stopPrice: initialStop.toNumber(),
    targetPrice: position.target?.toNumber() ?? null,
    reason: exit.reason,
    initialRiskUsd: Number(initialRisk),
    grossPnlUsd: Number(gross),
    feesUsd: Number(fees),
    fundingUsd: Number(funding),
    netPnlUsd: Number(net),
    rMultiple: new Rational(net, initialRisk).toNumber(),
    ...excursions(position, exit.price),
    beyondTolerance: exit.beyondTolerance ?? false,
  };
}

/** Both at or above zero, in R. */
function excursions(position: Position, exitPrice: Rational): { maeR: number; mfeR: number } {
  const { fill, initialStop, high, low, order } = position;
  const inR = [fill, exitPrice, high ?? fill, low ?? fill]
    .map((price) => price.minus(fill).times(prices.sign(order.side)).over(fill.minus(initialStop).abs()))
    .sort((a, b) => a.compare(b));
  return { maeR: (inR[0] as Rational).abs().toNumber(), mfeR: (inR[3] as Rational).toNumber() };
}

/** Each hour after the entry, up to the exit; an exit inside a candle comes before that candle's close. */
function fundingOf(leg: Leg, rates: FundingRates | undefined, position: Position, exit: Exit): bigint {
  let pico = 0n;
  const first = Math.floor(position.entryTimeMs / HOUR_MS) * HOUR_MS;
  for (let hourMs = first; hourMs <= exit.timeMs; hourMs += HOUR_MS) {
    if (hourMs <= position.entryTimeMs || (hourMs === exit.timeMs && !exit.isAtOpen)) continue;
    const at = rates?.timesMs.indexOf(hourMs) ?? -1;
    if (at < 0) continue;
    const perCoin = rational(rates?.rates[at] as number).times(fundingPrice(leg, hourMs));
    const perLot = perCoin.over(prices.powerOfTen(leg.instrument.szDecimals)).times(prices.powerOfTen(12));
    pico += perLot.round() * (position.order.side === 'long' ? -1n : 1n);
  }
  return new Rational(pico * position.order.lots, 1_000_000n).floor();
}

/** The open of the candle that holds the hour; if there is none, the last close before it. */
function fundingPrice({ candles }: Leg, hourMs: number): Rational {
  let row = Math.floor((hourMs - candles.firstOpenMs) / intervalMs(candles.interval));
  const open = candles.open[row] as number;
  if (!Number.isNaN(open)) return rational(open);
  while (Number.isNaN(candles.close[row])) row--;
  return rational(candles.close[row] as number);
}
