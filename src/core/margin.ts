import { type Instrument, maxLeverageAt, roundPrice } from '../domain/instrument.ts';
import { directionOf, type Side } from '../domain/trade.ts';
import { type MicroUsd, microUsd, type Price } from '../domain/units.ts';

/** Isolated margin of a position, and the price at which the exchange takes it away (rule 41). */
export interface Margin {
  readonly marginUsd: MicroUsd;
  readonly liquidation: Price | null;
}

/** The leverage in force: what is set, or what the tier of the coin allows, if that is less. */
export function leverageAt(instrument: Instrument, leverage: number, notional: MicroUsd): number {
  return Math.min(leverage, maxLeverageAt(instrument, notional));
}

/**
 * Liquidation price before rounding: liq = (P ∓ P/L) / (1 ∓ l), l = 1 / (2 · the tier's maximum leverage). Zero or less
 * for a long without leverage: never. Source: Hyperliquid's documentation of liquidations, with isolated margin =
 * notional / L.
 */
export function liquidationAt(
  instrument: Instrument,
  side: Side,
  price: number,
  leverage: number,
  notional: MicroUsd,
): number {
  const max = maxLeverageAt(instrument, notional);
  const direction = directionOf(side);
  return (price - (direction * price) / Math.min(leverage, max)) / (1 - direction / (2 * max));
}

export function marginOf(
  instrument: Instrument,
  side: Side,
  price: Price,
  leverage: number,
  notional: MicroUsd,
): Margin {
  const liquidation = liquidationPriceOf(instrument, side, price, leverage, notional);
  return { marginUsd: marginUsdOf(instrument, leverage, notional), liquidation };
}

/** Rounded towards the entry: the position is taken away rather too early than too late (rule 9). */
export function liquidationPriceOf(
  instrument: Instrument,
  side: Side,
  price: Price,
  leverage: number,
  notional: MicroUsd,
): Price | null {
  const raw = liquidationAt(instrument, side, price, leverage, notional);
  return raw > 0 ? roundPrice(instrument, raw, side === 'long' ? 'up' : 'down') : null;
}

/** Whether a stop would come too late to protect: at the liquidation price or beyond it (rules 17 and 41). */
export function isStopTooLate(direction: 1 | -1, stop: Price, liquidation: Price | null): boolean {
  return liquidation !== null && (stop - liquidation) * direction <= 0;
}

export function marginUsdOf(instrument: Instrument, leverage: number, notional: MicroUsd): MicroUsd {
  return microUsd(Math.ceil(notional / leverageAt(instrument, leverage, notional)));
}
