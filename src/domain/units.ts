/**
 * Units that must not be mixed up are branded numbers: a coin amount cannot enter where dollars belong.
 *
 * Money is counted in whole micro-dollars. On Hyperliquid a price has at most 6 − szDecimals decimals and a size at
 * most szDecimals, so the value of every fill is a whole number of micro-dollars, and the ledger is exact.
 */

declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

/** Milliseconds since 1970-01-01T00:00Z. */
export type EpochMs = Unit<'EpochMs'>;
/** A signed whole number of millionths of a US dollar. */
export type MicroUsd = Unit<'MicroUsd'>;
/** A whole number of lots; one lot is 10^−szDecimals coins. */
export type Lots = Unit<'Lots'>;
/** US dollars per coin, valid on the exchange: rounded to its tick. Observed prices are plain numbers. */
export type Price = Unit<'Price'>;

export const ZERO_USD = 0 as MicroUsd;
const MICRO_PER_USD = 1_000_000;

/**
 * Marks a whole number as micro-dollars.
 *
 * @throws RangeError when the value is not a whole number below 2^53, because sums would no longer be exact.
 */
export function microUsd(value: number): MicroUsd {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(
      `${value} is not a whole number of micro-dollars below 2^53; amounts over $9 billion do not fit`,
    );
  }
  return (value === 0 ? 0 : value) as MicroUsd;
}

/** Dollars to micro-dollars, to the nearest. For amounts that people write: deposits, limits. */
export function fromUsd(usd: number): MicroUsd {
  return microUsd(Math.round(usd * MICRO_PER_USD));
}

/** Micro-dollars to dollars, for ratios and for display. */
export function toUsd(amount: MicroUsd): number {
  return amount / MICRO_PER_USD;
}

export function epochMs(value: number): EpochMs {
  return value as EpochMs;
}
