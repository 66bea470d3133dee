import type { Leg } from '../src/backtest/run.ts';
import type { Distance, RiskRules } from '../src/domain/risk-rules.ts';
import type { Refusal, Side } from '../src/domain/trade.ts';
import * as prices from './oracle-prices.ts';
import { ONE, type Rational, rational, ZERO } from './rational.ts';

/** An entry as sized at the close of its signal candle. */
export interface Entry {
  readonly lots: bigint;
  readonly notional: Rational;
  readonly margin: Rational;
  /** In dollars where the average true range says so; null where a fraction of a price to come does. */
  readonly stopAway: Rational | null;
  readonly trailAway: Rational | null;
}

/** What another leg holds, or has ordered. */
export interface Claim {
  readonly coin: string;
  readonly side: Side;
  readonly notional: Rational;
  readonly margin: Rational;
}

/** Rules 6, 38, 41 and 45, in their order; money in micro-dollars. */
export function sizeEntry(
  rules: RiskRules,
  leg: Leg,
  row: number,
  side: Side,
  realisedCash: bigint,
  inUse: readonly Claim[],
): Entry | Refusal {
  const { instrument } = leg;
  const cash = inUse.reduce((left, { margin }) => left.minus(margin), rational(realisedCash));
  if (!cash.isAbove(ZERO)) return 'no-cash';
  const close = rational(leg.candles.close[row] as number);
  const stopAway = awayOf(rules.stop, leg.stopAtr?.[row]);
  const trailAway = rules.trail === null ? null : awayOf(rules.trail.distance, leg.trailAtr?.[row]);
  if (stopAway === 'no-atr' || trailAway === 'no-atr') return 'no-atr';
  const away = stopAway ?? close.times(fractionOf(rules.stop));
  const stop = close.minus(prices.sign(side).times(away));
  if (!stop.isAbove(ZERO)) return 'stop-below-zero';

  const lots = lotsOf(rules, leg, close, away, cash);
  if (lots < 1n) return 'below-one-lot';
  const notional = prices.worthOf(instrument, close, lots);
  if (notional.isBelow(rational(10n * prices.MICRO))) return 'below-minimum';
  const liquidation = prices.liquidationOf(instrument, side, close, notional, rules.leverage);
  if (liquidation !== null && prices.isAtOrBeyond(side, stop, liquidation)) return 'liquidation-distance';
  if (inUse.some(({ coin }) => coin === leg.coin)) return 'coin-occupied';
  if (rules.maxOpen !== null && inUse.length >= rules.maxOpen) return 'max-open';
  const exceeds = (multiple: number | null, counts: (claim: Claim) => boolean): boolean => {
    const exposure = inUse.filter(counts).reduce((sum, claim) => sum.plus(claim.notional), notional);
    return multiple !== null && exposure.isAbove(rational(realisedCash).times(rational(multiple)));
  };
  if (exceeds(rules.maxExposure, () => true)) return 'max-exposure';
  if (exceeds(rules.maxCoinExposure, ({ coin }) => coin === leg.coin)) return 'max-coin-exposure';
  if (exceeds(rules.maxSideExposure, (claim) => claim.side === side)) return 'max-side-exposure';
  const margin = prices.marginOf(instrument, notional, rules.leverage);
  return { lots, notional, margin, stopAway, trailAway };
}

function lotsOf(rules: RiskRules, { instrument }: Leg, close: Rational, away: Rational, cash: Rational): bigint {
  const dollars = cash.over(rational(prices.MICRO));
  const affordable = (notional: Rational): Rational => {
    const leverage = Math.min(rules.leverage, prices.maxLeverageAt(instrument, notional));
    return dollars.times(rational(leverage)).over(close);
  };
  const most = affordable(ZERO);
  const wanted = rules.sizing === 'allEquity' ? most : dollars.times(rational(rules.sizing.riskFraction)).over(away);
  const lots = prices.floorLots(instrument, wanted.isAbove(most) ? most : wanted);
  // A size that reaches a higher tier has to be affordable at the leverage of that tier.
  const inTier = prices.floorLots(instrument, affordable(prices.worthOf(instrument, close, lots)));
  return lots < inTier ? lots : inTier;
}

/** The factor of a price; one where the distance is not a fraction. */
export function fractionOf(distance: Distance): Rational {
  return 'fraction' in distance ? rational(distance.fraction) : ONE;
}

function awayOf(distance: Distance, atr: number | undefined): Rational | null | 'no-atr' {
  if ('fraction' in distance) return null;
  if (atr === undefined || !(atr > 0)) return 'no-atr';
  return rational(atr).times(rational(distance.atr));
}
