import { floorToLots, type Instrument, MIN_NOTIONAL_USD, quantityOf } from '../domain/instrument.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { reaches } from '../domain/rounding.ts';
import { directionOf, type Refusal, type Side } from '../domain/trade.ts';
import { type EpochMs, type Lots, type MicroUsd, microUsd, toUsd } from '../domain/units.ts';
import { type Account, type Approved, type EntryIntent, legTerms } from './account.ts';
import { cashOf } from './ledger.ts';
import { leverageAt, liquidationAt, marginUsdOf } from './margin.ts';
import { distanceAt } from './stops.ts';

export type Approval = { readonly approved: Approved<EntryIntent> } | { readonly refused: Refusal };

export interface EntrySignal {
  readonly leg: number;
  readonly side: Side;
  readonly timeMs: EpochMs;
  readonly close: number;
  readonly stopAtr: number;
  readonly trailAtr: number;
}

/** Money and slots that other legs hold, pending entries included. */
interface InUse {
  readonly marginUsd: number;
  readonly notionalUsd: number;
  readonly legs: number;
  readonly isCoinOccupied: boolean;
}

/**
 * Sizes an entry at the close of its signal candle and approves or refuses it; the reasons are tested in the order of
 * rule 45. Nothing later than that close is known here, so the fill cannot change the size.
 */
export function approveEntry(account: Account, signal: EntrySignal): Approval {
  const { rules } = account.terms;
  const { instrument } = legTerms(account, signal.leg);
  const { side, close } = signal;
  const inUse = inUseOf(account, signal.leg);
  const cashUsd = cashOf(account.ledger);
  const freeUsd = microUsd(cashUsd - inUse.marginUsd);

  if (freeUsd <= 0) return { refused: 'no-cash' };
  if (lacksAtr(rules, signal)) return { refused: 'no-atr' };
  const distance = distanceAt(rules.stop, close, signal.stopAtr);
  if (side === 'long' && reaches(distance, close)) return { refused: 'stop-below-zero' };
  const lots = lotsOf(instrument, rules, toUsd(freeUsd), close, distance);
  if (lots < 1) return { refused: 'below-one-lot' };
  if (!reaches(quantityOf(instrument, lots) * close, MIN_NOTIONAL_USD)) return { refused: 'below-minimum' };
  const notionalUsd = valueAt(instrument, close, lots);
  const liquidation = liquidationAt(instrument, side, close, rules.leverage, notionalUsd);
  const direction = directionOf(side);
  const stop = close - direction * distance;
  if (reaches(liquidation * direction, stop * direction)) return { refused: 'liquidation-distance' };
  if (inUse.isCoinOccupied) return { refused: 'coin-occupied' };
  if (rules.maxOpen !== null && inUse.legs >= rules.maxOpen) return { refused: 'max-open' };
  if (rules.maxExposure !== null && inUse.notionalUsd + notionalUsd > rules.maxExposure * cashUsd) {
    return { refused: 'max-exposure' };
  }
  const intent: EntryIntent = {
    side,
    lots,
    signalTimeMs: signal.timeMs,
    notionalUsd,
    marginUsd: marginUsdOf(instrument, rules.leverage, notionalUsd),
    stopAtr: signal.stopAtr,
    trailAtr: signal.trailAtr,
  };
  return { approved: intent as Approved<EntryIntent> };
}

function lacksAtr(rules: RiskRules, signal: EntrySignal): boolean {
  const asksForStopAtr = 'atr' in rules.stop;
  const asksForTrailAtr = rules.trail !== null && 'atr' in rules.trail.distance;
  return (asksForStopAtr && !(signal.stopAtr > 0)) || (asksForTrailAtr && !(signal.trailAtr > 0));
}

/** Whole lots: the risk over the stop distance, but no more than free cash carries at the leverage (rules 6 and 38). */
function lotsOf(instrument: Instrument, rules: RiskRules, freeUsd: number, close: number, distance: number): Lots {
  const affordable = (leverage: number): number => (freeUsd * leverage) / close;
  const wanted =
    rules.sizing === 'allEquity' ? Number.POSITIVE_INFINITY : (rules.sizing.riskFraction * freeUsd) / distance;
  const lots = floorToLots(
    instrument,
    Math.min(wanted, affordable(leverageAt(instrument, rules.leverage, 0 as MicroUsd))),
  );
  // A size that reaches a higher margin tier has to be affordable at the leverage of that tier.
  const tierLeverage = leverageAt(instrument, rules.leverage, valueAt(instrument, close, lots));
  return Math.min(lots, floorToLots(instrument, affordable(tierLeverage))) as Lots;
}

/** Value at an observed price, which need not be valid on the exchange; to the micro-dollar. */
function valueAt(instrument: Instrument, price: number, lots: Lots): MicroUsd {
  return microUsd(Math.round(quantityOf(instrument, lots) * price * 1e6));
}

function inUseOf(account: Account, ownLeg: number): InUse {
  const ownCoin = legTerms(account, ownLeg).coin;
  let marginUsd = 0;
  let notionalUsd = 0;
  let legs = 0;
  let isCoinOccupied = false;
  for (const [leg, state] of account.legs.entries()) {
    if (state.status === 'flat') continue;
    const held = state.status === 'entering' ? state.intent : state.position;
    marginUsd += held.marginUsd;
    notionalUsd += held.notionalUsd;
    legs += 1;
    if (legTerms(account, leg).coin === ownCoin) isCoinOccupied = true;
  }
  return { marginUsd, notionalUsd, legs, isCoinOccupied };
}
