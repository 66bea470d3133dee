import type { Instrument } from '../src/domain/instrument.ts';
import type { Side } from '../src/domain/trade.ts';
import { ONE, Rational, rational, ZERO } from './rational.ts';

/** Prices, sizes and money of the oracle: rules 9, 18, 40 and 41 in exact arithmetic. Micro-dollars are BigInts. */

export const MICRO = 1_000_000n;
const SNAP = new Rational(1n, 1_000_000_000n);
const HALF = new Rational(1n, 2n);
const EDGE = new Rational(1n, 1_000_000n);

/**
 * Where rule 40 decides nothing: a value that misses a whole number by a relative 1e-9 to the last digit, and one so
 * large that every number is within a relative 1e-9 of a whole one.
 */
export class Undecidable extends Error {}

/** Rule 40: a value within a relative 1e-9 of a whole number is that number. */
export function whole(value: Rational, direction: 'up' | 'down'): bigint {
  const nearest = value.round();
  const miss = value.minus(rational(nearest)).abs();
  const most = SNAP.times(value.abs());
  if (most.isAbove(HALF)) throw new Undecidable();
  if (!most.equals(ZERO) && !miss.minus(most).abs().isAbove(most.times(EDGE))) throw new Undecidable();
  if (miss.isBelow(most)) return nearest;
  return direction === 'up' ? value.ceil() : value.floor();
}

export function powerOfTen(exponent: number): Rational {
  return exponent >= 0 ? new Rational(10n ** BigInt(exponent)) : new Rational(1n, 10n ** BigInt(-exponent));
}

/** Five significant figures, at most 6 − szDecimals decimals, and every whole number. */
function tickAt(instrument: Instrument, price: Rational): Rational {
  let exponent = -12;
  while (!price.isBelow(powerOfTen(exponent + 1))) exponent++;
  return powerOfTen(Math.min(0, Math.max(exponent - 4, instrument.szDecimals - 6)));
}

export function rounded(instrument: Instrument, price: Rational, direction: 'up' | 'down'): Rational {
  const tick = tickAt(instrument, price);
  return rational(whole(price.over(tick), direction)).times(tick);
}

/** The next valid price beyond a valid one, upwards for +1 and downwards for −1. */
export function nextPrice(instrument: Instrument, price: Rational, direction: 1 | -1): Rational {
  if (direction === 1) return price.plus(tickAt(instrument, price));
  return price.minus(tickAt(instrument, price.times(new Rational(999_999_999n, 1_000_000_000n))));
}

export function floorLots(instrument: Instrument, quantity: Rational): bigint {
  return whole(quantity.times(powerOfTen(instrument.szDecimals)), 'down');
}

/** Micro-dollars of so many lots at a price; not rounded. */
export function worthOf(instrument: Instrument, price: Rational, lots: bigint): Rational {
  return price.times(rational(lots)).times(powerOfTen(6 - instrument.szDecimals));
}

/** Micro-dollars of a fill: whole ones, because valid prices and sizes leave no smaller part. */
export function notionalOf(instrument: Instrument, price: Rational, lots: bigint): bigint {
  const exact = worthOf(instrument, price, lots);
  if (!exact.equals(rational(exact.floor()))) throw new RangeError('a valid fill is worth whole micro-dollars');
  return exact.floor();
}

export function feeOf(notional: bigint, rate: number): bigint {
  return rational(notional).times(rational(rate)).ceil();
}

/**
 * Worse by the slippage, rounded against us: buyers pay up, sellers get less, if only the lowest price that there is.
 */
export function marketFill(instrument: Instrument, isBuy: boolean, observed: Rational, slippageBps: number): Rational {
  const slip = rational(slippageBps).over(rational(10_000));
  const bare = observed.times(isBuy ? ONE.plus(slip) : ONE.minus(slip));
  const price = rounded(instrument, bare, isBuy ? 'up' : 'down');
  return price.isAbove(ZERO) ? price : powerOfTen(instrument.szDecimals - 6);
}

export function sign(side: Side): Rational {
  return rational(side === 'long' ? 1 : -1);
}

/** Is the price at the level, or on the losing side of it? */
export function isAtOrBeyond(side: Side, price: Rational, level: Rational): boolean {
  return price.minus(level).times(sign(side)).compare(ZERO) <= 0;
}

export function maxLeverageAt(instrument: Instrument, notional: Rational): number {
  const tier = instrument.marginTiers.filter(
    ({ fromNotionalUsd }) => !notional.isBelow(rational(BigInt(fromNotionalUsd) * MICRO)),
  );
  return tier.at(-1)?.maxLeverage as number;
}

/** Rule 41, before rounding: (P ∓ P/L) / (1 ∓ 1/(2 · maximum)); not above zero: there is none. */
export function liquidationOf(
  instrument: Instrument,
  side: Side,
  price: Rational,
  notional: Rational,
  leverageSet: number,
): Rational | null {
  const max = maxLeverageAt(instrument, notional);
  const leverage = rational(Math.min(leverageSet, max));
  const maintenance = ONE.over(rational(2 * max));
  const bare = price.minus(sign(side).times(price.over(leverage))).over(ONE.minus(sign(side).times(maintenance)));
  return bare.isAbove(ZERO) ? bare : null;
}

/** Isolated margin, to the next whole micro-dollar. */
export function marginOf(instrument: Instrument, notional: Rational, leverageSet: number): Rational {
  const leverage = Math.min(leverageSet, maxLeverageAt(instrument, notional));
  return rational(notional.over(rational(leverage)).ceil());
}
