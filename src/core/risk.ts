import type { Refusal, Side } from '../domain/trade.ts';
import type { EpochMs, Lots } from '../domain/units.ts';
import { type Account, type Approved, type EntryIntent, legTerms } from './account.ts';
import { cashOf } from './ledger.ts';
import { type InUse, limitCode } from './limits.ts';
import { marginUsdOf } from './margin.ts';
import { notionalAtClose, refusalOf, sizeEntry, sizingDistance } from './sizing.ts';

export type Approval = { readonly approved: Approved<EntryIntent> } | { readonly refused: Refusal };

export interface EntrySignal {
  readonly leg: number;
  readonly side: Side;
  readonly timeMs: EpochMs;
  readonly close: number;
  readonly stopAtr: number;
  readonly trailAtr: number;
}

/**
 * Sizes an entry at the close of its signal candle and approves or refuses it; the reasons are tested in the order of
 * rule 45. Nothing later than that close is known here, so the fill cannot change the size.
 */
export function approveEntry(account: Account, signal: EntrySignal): Approval {
  const { rules } = account.terms;
  const { instrument } = legTerms(account, signal.leg);
  const { side, close } = signal;
  const inUse = inUseOf(account, signal.leg, side);
  const cashUsd = cashOf(account.ledger);
  const freeUsd = cashUsd - inUse.marginUsd;

  const distance = sizingDistance(rules, close, signal.stopAtr, signal.trailAtr);
  const size = sizeEntry(instrument, rules, side, close, distance, freeUsd);
  if (size < 0) return { refused: refusalOf(size) };
  const lots = size as Lots;
  const notionalUsd = notionalAtClose(instrument, close, lots);
  const limit = limitCode(rules, cashUsd, notionalUsd, inUse);
  if (limit < 0) return { refused: refusalOf(limit) };
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

function inUseOf(account: Account, ownLeg: number, side: Side): InUse & { readonly marginUsd: number } {
  const ownCoin = legTerms(account, ownLeg).coin;
  let marginUsd = 0;
  let notionalUsd = 0;
  let sideNotionalUsd = 0;
  let legs = 0;
  let isCoinOccupied = false;
  for (const [leg, state] of account.legs.entries()) {
    if (state.status === 'flat') continue;
    const held = state.status === 'entering' ? state.intent : state.position;
    marginUsd += held.marginUsd;
    notionalUsd += held.notionalUsd;
    if (held.side === side) sideNotionalUsd += held.notionalUsd;
    legs += 1;
    if (legTerms(account, leg).coin === ownCoin) isCoinOccupied = true;
  }
  return { marginUsd, notionalUsd, sideNotionalUsd, legs, isCoinOccupied };
}
