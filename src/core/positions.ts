import { type Instrument, notionalOf } from '../domain/instrument.ts';
import { feeOf, fundingOf } from '../domain/money.ts';
import type { Costs } from '../domain/risk-rules.ts';
import { exceeds } from '../domain/rounding.ts';
import { directionOf, type ExitReason, type Trade } from '../domain/trade.ts';
import { type MicroUsd, microUsd } from '../domain/units.ts';
import type { Approved, EntryIntent, Holding, LegTerms, Position, Terms } from './account.ts';
import type { Fill } from './events.ts';
import { marginOf } from './margin.ts';
import { distanceAt, initialStop, targetOf } from './stops.ts';

/**
 * A stop that fills more than this beyond its trigger would be outside the tolerance of the exchange (rules 11 and 47).
 */
const STOP_TOLERANCE = 0.1;

/** The position that an entry fill makes; stop and target are distances from the actual fill (rule 10). */
export function openPosition(
  terms: Terms,
  { instrument, intervalMs }: LegTerms,
  intent: Approved<EntryIntent>,
  fill: Fill,
): Position {
  const { side, lots } = intent;
  const { rules, costs } = terms;
  const distance = distanceAt(rules.stop, fill.price, intent.stopAtr);
  const stop = initialStop(instrument, side, fill.price, distance);
  const riskDistance = Math.abs(fill.price - stop);
  const notionalUsd = notionalOf(instrument, fill.price, lots);
  const { marginUsd, liquidation } = marginOf(instrument, side, fill.price, rules.leverage, notionalUsd);
  return {
    intent,
    side,
    direction: directionOf(side),
    lots,
    entryTimeMs: fill.timeMs,
    entryPrice: fill.price,
    initialStop: stop,
    target: rules.target === null ? null : targetOf(instrument, side, fill.price, riskDistance, rules.target),
    liquidation,
    riskDistance,
    initialRiskUsd: microUsd(Math.abs(notionalUsd - notionalOf(instrument, stop, lots))),
    notionalUsd,
    marginUsd,
    entryFeeUsd: feeOf(notionalUsd, fill.isMaker ? costs.makerFee : costs.takerFee),
    dueTimeMs: rules.maxHold === null ? Number.POSITIVE_INFINITY : fill.timeMs + rules.maxHold * intervalMs,
  };
}

/** The trade that an exit fill completes, and the fee of that fill alone (the entry's was booked when it filled). */
export function closedTrade(
  costs: Costs,
  coin: string,
  instrument: Instrument,
  holding: Holding,
  fill: Fill,
  reason: ExitReason,
): { readonly trade: Trade; readonly exitFeeUsd: MicroUsd } {
  const { position, stop } = holding;
  const { direction, entryPrice, riskDistance, lots } = position;
  const exitNotionalUsd = notionalOf(instrument, fill.price, lots);
  const exitFeeUsd = feeOf(exitNotionalUsd, fill.isMaker ? costs.makerFee : costs.takerFee);
  const priceResultUsd = direction * (exitNotionalUsd - position.notionalUsd);
  // An isolated position cannot lose more than its margin (rule 17).
  const grossPnlUsd = microUsd(
    fill.order === 'liquidation' ? Math.max(priceResultUsd, -position.marginUsd) : priceResultUsd,
  );
  const feesUsd = microUsd(position.entryFeeUsd + exitFeeUsd);
  const fundingUsd = fundingOf(direction * holding.fundingPerLot, lots);
  const netPnlUsd = microUsd(grossPnlUsd - feesUsd + fundingUsd);
  const highest = Math.max(holding.high, entryPrice, fill.price);
  const lowest = Math.min(holding.low, entryPrice, fill.price);
  const adverse = direction === 1 ? entryPrice - lowest : highest - entryPrice;
  const favourable = direction === 1 ? highest - entryPrice : entryPrice - lowest;
  const trade: Trade = {
    leg: fill.leg,
    coin,
    side: position.side,
    signalTimeMs: position.intent.signalTimeMs,
    entryTimeMs: position.entryTimeMs,
    exitTimeMs: fill.timeMs,
    lots,
    entryPrice,
    exitPrice: fill.price,
    stopPrice: position.initialStop,
    targetPrice: position.target,
    reason,
    initialRiskUsd: position.initialRiskUsd,
    grossPnlUsd,
    feesUsd,
    fundingUsd,
    netPnlUsd,
    rMultiple: netPnlUsd / position.initialRiskUsd,
    maeR: adverse / riskDistance,
    mfeR: favourable / riskDistance,
    beyondTolerance: fill.order === 'stop' && isBeyondTolerance(direction, stop, fill.price),
  };
  return { trade, exitFeeUsd };
}

/** Whether a stop filled so far beyond its trigger that the exchange might not have filled it (rules 11 and 47). */
export function isBeyondTolerance(direction: 1 | -1, stop: number, fillPrice: number): boolean {
  return exceeds((stop - fillPrice) * direction, STOP_TOLERANCE * stop);
}
