import { floorToLots, type Instrument, MIN_NOTIONAL_USD, quantityOf } from '../domain/instrument.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { reaches } from '../domain/rounding.ts';
import { directionOf, REFUSALS, type Refusal, type Side } from '../domain/trade.ts';
import { type Lots, type MicroUsd, microUsd, ZERO_USD } from '../domain/units.ts';
import { leverageAt, liquidationAt } from './margin.ts';
import { distanceAt } from './stops.ts';

/**
 * The size of an entry, as far as it depends on the coin and the free cash alone. The reference engine and the fast
 * one share it; a sweep asks a million times, so that its answer is one number: lots, or a refusal below zero.
 */

/** How `sizeEntry` says a refusal: below zero, by its place among `REFUSALS`. */
export function refusalCode(refusal: Refusal): number {
  return -1 - REFUSALS.indexOf(refusal);
}

export function refusalOf(code: number): Refusal {
  const refusal = REFUSALS[-1 - code];
  if (refusal === undefined) throw new RangeError(`${code} is not the code of a refusal`);
  return refusal;
}

const NO_CASH = refusalCode('no-cash');
const NO_ATR = refusalCode('no-atr');
const STOP_BELOW_ZERO = refusalCode('stop-below-zero');
const BELOW_ONE_LOT = refusalCode('below-one-lot');
const BELOW_MINIMUM = refusalCode('below-minimum');
const LIQUIDATION_DISTANCE = refusalCode('liquidation-distance');

/**
 * Distance to the stop by which an entry is sized: unrounded, from the close of the signal candle (rule 38). NaN where
 * the rules ask for an average true range, for the stop or for the trail, that is not there.
 */
export function sizingDistance(
  rules: Pick<RiskRules, 'stop' | 'trail'>,
  close: number,
  stopAtr: number,
  trailAtr: number,
): number {
  if ('atr' in rules.stop && !(stopAtr > 0)) return Number.NaN;
  if (rules.trail !== null && 'atr' in rules.trail.distance && !(trailAtr > 0)) return Number.NaN;
  return distanceAt(rules.stop, close, stopAtr);
}

/**
 * Whole lots, at least one; or the code of a refusal, tested in the order of rule 45 up to the liquidation distance.
 * The limits that follow there depend on what other legs hold.
 *
 * @param close of the signal candle
 * @param distance as `sizingDistance` has it
 * @param freeUsd realised cash less isolated margins in use, in micro-dollars
 */
export function sizeEntry(
  instrument: Instrument,
  rules: RiskRules,
  side: Side,
  close: number,
  distance: number,
  freeUsd: number,
): number {
  if (freeUsd <= 0) return NO_CASH;
  if (!(distance > 0)) return NO_ATR;
  if (isStopBelowZero(side, close, distance)) return STOP_BELOW_ZERO;
  const { sizing, leverage } = rules;
  const most = leverageAt(instrument, leverage, ZERO_USD);
  let lots = floorToLots(instrument, wantedCoins(sizing, most, close, distance, freeUsd));
  let notionalUsd = notionalAtClose(instrument, close, lots);
  const inTier = leverageAt(instrument, leverage, notionalUsd);
  if (inTier < most) {
    // A size that reaches a higher margin tier has to be affordable at the leverage of that tier.
    lots = Math.min(lots, floorToLots(instrument, wantedCoins('allEquity', inTier, close, distance, freeUsd))) as Lots;
    notionalUsd = notionalAtClose(instrument, close, lots);
  }
  if (lots < 1) return BELOW_ONE_LOT;
  if (!isOrder(instrument, close, lots)) return BELOW_MINIMUM;
  return isLiquidatedFirst(instrument, side, close, leverage, notionalUsd, distance) ? LIQUIDATION_DISTANCE : lots;
}

/** What an entry should be sized at, or as much of it as the cash is good for at this leverage; nothing is refused. */
export function wantedCoins(
  sizing: RiskRules['sizing'],
  leverage: number,
  close: number,
  distance: number,
  freeUsd: number,
): number {
  const cash = freeUsd / 1e6;
  const affordable = (cash * leverage) / close;
  return sizing === 'allEquity' ? affordable : Math.min((sizing.riskFraction * cash) / distance, affordable);
}

function isStopBelowZero(side: Side, close: number, distance: number): boolean {
  return side === 'long' && reaches(distance, close);
}

function isOrder(instrument: Instrument, close: number, lots: Lots): boolean {
  return reaches(quantityOf(instrument, lots) * close, MIN_NOTIONAL_USD);
}

/** Whether the exchange would take the position away before its stop, at a distance from the close. */
function isLiquidatedFirst(
  instrument: Instrument,
  side: Side,
  close: number,
  leverage: number,
  notionalUsd: MicroUsd,
  distance: number,
): boolean {
  const direction = directionOf(side);
  const liquidation = liquidationAt(instrument, side, close, leverage, notionalUsd);
  return reaches(liquidation * direction, (close - direction * distance) * direction);
}

/**
 * Whether `sizeEntry` refuses an entry whatever the cash, as long as its size stays in the lowest margin tier. It
 * refuses no other for its distance.
 */
export function isRefusedForDistance(
  instrument: Instrument,
  leverage: number,
  side: Side,
  close: number,
  distance: number,
): boolean {
  return (
    !(distance > 0) ||
    isStopBelowZero(side, close, distance) ||
    isLiquidatedFirst(instrument, side, close, leverage, ZERO_USD, distance)
  );
}

/** A size from which on `sizeEntry` refuses none for being small; Infinity where there is no close. */
export function leastLots(instrument: Instrument, close: number): number {
  if (!(close > 0)) return Number.POSITIVE_INFINITY;
  // What the arithmetic of doubles comes to may be one off; the rule itself says what is enough.
  let lots = Math.max(1, floorToLots(instrument, MIN_NOTIONAL_USD / close) - 1);
  while (!isOrder(instrument, close, lots as Lots)) lots++;
  return lots;
}

/** Value at an observed price, which need not be valid on the exchange; to the micro-dollar. */
export function notionalAtClose(instrument: Instrument, close: number, lots: Lots): MicroUsd {
  return microUsd(Math.round(quantityOf(instrument, lots) * close * 1e6));
}
