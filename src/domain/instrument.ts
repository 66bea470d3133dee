import { ceilExact, floorExact, powerOfTen } from './rounding.ts';
import { type Lots, type MicroUsd, microUsd, type Price } from './units.ts';

/** From this notional on, at most this leverage (ascending; the first starts at 0). */
export interface MarginTier {
  readonly fromNotionalUsd: number;
  readonly maxLeverage: number;
}

/** The rules of one perpetual, as `meta` of the exchange states them. */
export interface Instrument {
  readonly coin: string;
  /** Sizes have at most this many decimals, prices at most 6 − szDecimals. */
  readonly szDecimals: number;
  readonly marginTiers: readonly MarginTier[];
  readonly isDelisted: boolean;
}

/** Orders below this are refused by the exchange (`Order must have minimum value of $10.`). */
export const MIN_NOTIONAL_USD = 10;
const MAX_DECIMALS = 6;

/**
 * Built in, so that a study needs no network: `meta` of Hyperliquid as recorded on 2026-03-10 (BTC: margin table 56,
 * ETH: 55, SOL: 54). A stored `meta`, live or imported, takes precedence.
 */
export const BUILT_IN_INSTRUMENTS: readonly Instrument[] = [
  instrument('BTC', 5, [
    [0, 40],
    [150_000_000, 20],
  ]),
  instrument('ETH', 4, [
    [0, 25],
    [100_000_000, 15],
  ]),
  instrument('SOL', 2, [
    [0, 20],
    [70_000_000, 10],
  ]),
];

function instrument(coin: string, szDecimals: number, tiers: readonly (readonly [number, number])[]): Instrument {
  const marginTiers = tiers.map(([fromNotionalUsd, maxLeverage]) => ({ fromNotionalUsd, maxLeverage }));
  return { coin, szDecimals, marginTiers, isDelisted: false };
}

/** The most leverage that the exchange grants for a position of this size. */
export function maxLeverageAt(instrument: Instrument, notional: MicroUsd): number {
  const tiers = instrument.marginTiers;
  let tier = tiers[0];
  for (let next = 1; next < tiers.length && notional >= (tiers[next] as MarginTier).fromNotionalUsd * 1e6; next++) {
    tier = tiers[next];
  }
  return tier?.maxLeverage ?? 1;
}

/**
 * Decimals that a price of this size may have: five significant digits, but integers are always valid, and zeros after
 * the point are not significant. Comparisons, because every rounding of every price passes here.
 */
function priceDecimals(instrument: Instrument, price: number): number {
  return Math.min(significantDecimals(price), MAX_DECIMALS - instrument.szDecimals);
}

function significantDecimals(price: number): number {
  if (price >= 100) return price >= 10_000 ? 0 : price >= 1_000 ? 1 : 2;
  if (price >= 1) return price >= 10 ? 3 : 4;
  return price >= 0.1 ? 5 : MAX_DECIMALS;
}

/**
 * The nearest valid price at or above (`up`), or at or below (`down`), a positive one. Zero means that none is left
 * below.
 */
export function roundPrice(instrument: Instrument, price: number, direction: 'up' | 'down'): Price {
  if (!(price > 0)) throw new RangeError(`${price} is not a price`);
  const scale = powerOfTen(priceDecimals(instrument, price));
  const scaled = price * scale;
  return ((direction === 'up' ? ceilExact(scaled) : floorExact(scaled)) / scale) as Price;
}

/** The next valid price above a valid one ('target + one tick', rule 40). */
export function nextPriceAbove(instrument: Instrument, price: Price): Price {
  const scale = powerOfTen(priceDecimals(instrument, price));
  return ((Math.round(price * scale) + 1) / scale) as Price;
}

/** The next valid price below a valid one; its tick is finer just below a power of ten. */
export function nextPriceBelow(instrument: Instrument, price: Price): Price {
  const scale = powerOfTen(priceDecimals(instrument, price * (1 - 1e-9)));
  return ((Math.round(price * scale) - 1) / scale) as Price;
}

/** Is this an order price that the exchange accepts? */
export function isValidPrice(instrument: Instrument, price: number): boolean {
  return price > 0 && roundPrice(instrument, price, 'down') === price;
}

/** Coins to whole lots, rounded down; never a lot more than asked for. */
export function floorToLots(instrument: Instrument, quantity: number): Lots {
  return floorExact(quantity * powerOfTen(instrument.szDecimals)) as Lots;
}

/** Lots to coins. */
export function quantityOf(instrument: Instrument, lots: Lots): number {
  return lots / powerOfTen(instrument.szDecimals);
}

/** One lot in millionths of a coin; times dollars a coin, these are micro-dollars. */
export function lotMicroCoins(instrument: Instrument): number {
  return powerOfTen(MAX_DECIMALS - instrument.szDecimals);
}

/**
 * Value of a fill in micro-dollars, exact: a valid price is a whole number of 10^−(6−szDecimals) dollars, a size a
 * whole number of 10^−szDecimals coins.
 *
 * @throws RangeError above $9 billion.
 */
export function notionalOf(instrument: Instrument, price: Price, lots: Lots): MicroUsd {
  return microUsd(perLotUsd(instrument, price) * lots);
}

/** Value of one lot at a valid price, in whole micro-dollars: another way to write that price. */
export function perLotUsd(instrument: Instrument, price: Price): number {
  return Math.round(price * lotMicroCoins(instrument));
}

/** The price at which one lot has this value, to the bit the one that it came from. */
export function priceOfLot(instrument: Instrument, perLotUsd: number): Price {
  return (perLotUsd / lotMicroCoins(instrument)) as Price;
}

/** The smallest valid price. */
export function lowestPrice(instrument: Instrument): Price {
  return (1 / powerOfTen(MAX_DECIMALS - instrument.szDecimals)) as Price;
}
