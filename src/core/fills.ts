/**
 * The fill rules of a candle: what an exchange that shows us only open, high, low and close does with resting orders.
 * Where a candle leaves it open, the worse for us. The backtest and the simulated exchange share these.
 */
import { type Instrument, lowestPrice, nextPriceAbove, nextPriceBelow, roundPrice } from '../domain/instrument.ts';
import { directionOf, type Side } from '../domain/trade.ts';
import type { Price } from '../domain/units.ts';
import type { FilledOrder } from './events.ts';

/** Orders that rest for one position. */
export interface Resting {
  readonly side: Side;
  readonly stop: Price;
  readonly target: Price | null;
  /** The first price that proves that the target was traded through (rules 12 and 40). */
  readonly targetThrough: Price | null;
  readonly liquidation: Price | null;
}

export interface CandleFill {
  readonly order: FilledOrder;
  readonly price: Price;
  readonly isMaker: boolean;
}

/**
 * Which of stop and target a candle that touched both is said to have reached first: the stop, or for the upper bound
 * the target.
 */
export type BothTouched = 'stop' | 'target';

/** The price of a market order: worse than what was observed by the slippage, and rounded against us (rule 9). */
export function marketPrice(
  instrument: Instrument,
  action: 'buy' | 'sell',
  observed: number,
  slippageBps: number,
): Price {
  if (action === 'buy') return roundPrice(instrument, observed * (1 + slippageBps / 10_000), 'up');
  const price = roundPrice(instrument, observed * (1 - slippageBps / 10_000), 'down');
  return price > 0 ? price : lowestPrice(instrument);
}

export function entryPrice(instrument: Instrument, side: Side, open: number, slippageBps: number): Price {
  return marketPrice(instrument, side === 'long' ? 'buy' : 'sell', open, slippageBps);
}

export function exitPrice(instrument: Instrument, side: Side, observed: number, slippageBps: number): Price {
  return marketPrice(instrument, side === 'long' ? 'sell' : 'buy', observed, slippageBps);
}

/** 'Target + one tick': the next valid price beyond it. */
export function targetThrough(instrument: Instrument, side: Side, target: Price | null): Price | null {
  if (target === null) return null;
  return side === 'long' ? nextPriceAbove(instrument, target) : nextPriceBelow(instrument, target);
}

/**
 * What the open does to a position, held into the candle or filled there: liquidation before everything else, then a
 * pending market exit, then a stop that was jumped over (at the open, not at the stop), then a target that was (at the
 * target: rules 11 to 14, 41).
 */
export function fillAtOpen(
  instrument: Instrument,
  resting: Resting,
  isLeaving: boolean,
  open: number,
  slippageBps: number,
): CandleFill | undefined {
  const direction = directionOf(resting.side);
  const atMarket = (order: FilledOrder): CandleFill => ({
    order,
    price: exitPrice(instrument, resting.side, open, slippageBps),
    isMaker: false,
  });
  if (resting.liquidation !== null && (open - resting.liquidation) * direction <= 0) return atMarket('liquidation');
  if (isLeaving) return atMarket('exit');
  if ((open - resting.stop) * direction <= 0) return atMarket('stop');
  if (resting.target !== null && resting.targetThrough !== null && (open - resting.targetThrough) * direction >= 0) {
    return { order: 'target', price: resting.target, isMaker: true };
  }
  return undefined;
}

/**
 * What the rest of the candle does, when its open did nothing: the stop is touched, the target is traded through, and
 * when a candle did both, it was the stop (rule 13).
 */
export function fillInside(
  instrument: Instrument,
  resting: Resting,
  high: number,
  low: number,
  slippageBps: number,
  bothTouched: BothTouched = 'stop',
): CandleFill | undefined {
  const isLong = resting.side === 'long';
  const isStopTouched = isLong ? low <= resting.stop : high >= resting.stop;
  const { target, targetThrough } = resting;
  const isTargetThrough = targetThrough !== null && (isLong ? high >= targetThrough : low <= targetThrough);
  if (isStopTouched && !(isTargetThrough && bothTouched === 'target')) {
    return { order: 'stop', price: exitPrice(instrument, resting.side, resting.stop, slippageBps), isMaker: false };
  }
  return isTargetThrough && target !== null ? { order: 'target', price: target, isMaker: true } : undefined;
}
