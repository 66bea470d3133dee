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

/** Which resting order, or the exchange itself, a price has reached. */
export type Touch = 'liquidation' | 'stop' | 'target';

/** Whether an open lies at or beyond the liquidation price (rules 17 and 41). */
export function isTakenAway(direction: 1 | -1, liquidation: Price | null, open: number): boolean {
  return liquidation !== null && (open - liquidation) * direction <= 0;
}

/** What an open reaches: liquidation before everything else, then the stop, then the target (rules 11 to 13, 41). */
export function touchAtOpen({ side, stop, targetThrough, liquidation }: Resting, open: number): Touch | undefined {
  const direction = directionOf(side);
  if (isTakenAway(direction, liquidation, open)) return 'liquidation';
  if ((open - stop) * direction <= 0) return 'stop';
  return targetThrough !== null && (open - targetThrough) * direction >= 0 ? 'target' : undefined;
}

/**
 * What the rest of the candle reaches, when its open reached nothing: the stop is touched, the target is traded
 * through, and when a candle did both, it was the stop (rule 13).
 */
export function touchInside(
  { side, stop, targetThrough }: Resting,
  high: number,
  low: number,
  bothTouched: BothTouched,
): Touch | undefined {
  const isLong = side === 'long';
  const isStopTouched = isLong ? low <= stop : high >= stop;
  const isTargetThrough = targetThrough !== null && (isLong ? high >= targetThrough : low <= targetThrough);
  if (isStopTouched && !(isTargetThrough && bothTouched === 'target')) return 'stop';
  return isTargetThrough ? 'target' : undefined;
}

/**
 * What the open does to a position, held into the candle or filled there. A pending market exit fills unless the
 * position is taken away; a stop that was jumped over fills at the open, a target that was at the target itself.
 */
export function fillAtOpen(
  instrument: Instrument,
  resting: Resting,
  isLeaving: boolean,
  open: number,
  slippageBps: number,
): CandleFill | undefined {
  const touch = touchAtOpen(resting, open);
  if (touch === undefined && !isLeaving) return undefined;
  const order = isLeaving && touch !== 'liquidation' ? 'exit' : touch;
  if (order === 'target') return targetFill(resting);
  return order && { order, price: exitPrice(instrument, resting.side, open, slippageBps), isMaker: false };
}

/** What the rest of the candle does, when its open did nothing. */
export function fillInside(
  instrument: Instrument,
  resting: Resting,
  high: number,
  low: number,
  slippageBps: number,
  bothTouched: BothTouched = 'stop',
): CandleFill | undefined {
  const touch = touchInside(resting, high, low, bothTouched);
  if (touch === 'target') return targetFill(resting);
  return (
    touch && { order: touch, price: exitPrice(instrument, resting.side, resting.stop, slippageBps), isMaker: false }
  );
}

/** A resting limit fills at its own price, on a gap too (rule 12). */
function targetFill({ target }: Resting): CandleFill | undefined {
  return target === null ? undefined : { order: 'target', price: target, isMaker: true };
}
