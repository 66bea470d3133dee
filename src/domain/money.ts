import { roundExact } from './rounding.ts';
import { type Lots, type MicroUsd, microUsd, ZERO_USD } from './units.ts';

const RATE_SCALE = 100_000_000;
/** Funding is counted per lot and hour in units of 10^−12 dollars (rule 39). */
const PICO_PER_MICRO = 1_000_000;

/**
 * Fee of one fill, rounded up to the micro-dollar (rule 18); a rebate (negative rate) is rounded towards zero, also
 * against us. The rate is taken to eight decimals (0.00045 = 0.045 %), and the arithmetic is in whole numbers.
 */
export function feeOf(notional: MicroUsd, rate: number): MicroUsd {
  const parts = Math.round(rate * RATE_SCALE);
  const whole = Math.floor(notional / RATE_SCALE);
  const rest = notional - whole * RATE_SCALE;
  return microUsd(whole * parts + Math.ceil((rest * parts) / RATE_SCALE));
}

export interface FeeFraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** The rate of `feeOf` as a fraction in lowest terms. */
export function feeFraction(rate: number): FeeFraction {
  const parts = Math.round(rate * RATE_SCALE);
  const divisor = commonDivisor(Math.abs(parts), RATE_SCALE);
  return { numerator: parts / divisor, denominator: RATE_SCALE / divisor };
}

/**
 * The same fee as `feeOf`, for a million at a time: where notional × numerator is below 2^53, it is exact, and its
 * quotient is a whole number, or further from one than doubles of its size are from each other.
 */
export function exactFee(notionalUsd: number, { numerator, denominator }: FeeFraction): number {
  return Math.ceil((notionalUsd * numerator) / denominator);
}

function commonDivisor(a: number, b: number): number {
  return a === 0 ? b : commonDivisor(b % a, a);
}

/**
 * What a long of one lot receives for one funding hour, in whole 10^−12 dollars: negative where longs pay.
 *
 * @param price the open of the candle that holds the hour
 */
export function fundingPerLot(rate: number, price: number, lotSize: number): number {
  const amount = -roundExact(rate * price * lotSize * 1e12);
  return amount === 0 ? 0 : amount;
}

/** A sum of `fundingPerLot` times lots, rounded down to the micro-dollar: once per trade and against us (rule 18). */
export function fundingOf(sumPerLot: number, lots: Lots): MicroUsd {
  if (sumPerLot === 0) return ZERO_USD;
  if (!Number.isSafeInteger(sumPerLot))
    throw new RangeError(`a funding sum of ${sumPerLot} per lot is no longer exact`);
  const whole = Math.floor(sumPerLot / PICO_PER_MICRO);
  const rest = sumPerLot - whole * PICO_PER_MICRO;
  return microUsd(whole * lots + Math.floor((rest * lots) / PICO_PER_MICRO));
}
