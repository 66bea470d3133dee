import type { Instrument } from '../domain/instrument.ts';
import type { Costs, RiskRules } from '../domain/risk-rules.ts';
import type { ExitReason, Side } from '../domain/trade.ts';
import type { EpochMs, Lots, MicroUsd, Price } from '../domain/units.ts';
import { type Ledger, openLedger } from './ledger.ts';

/**
 * One coin that one strategy trades. The number of a leg is its place in `Terms.legs`: strategies → coins → intervals.
 */
export interface LegTerms {
  readonly coin: string;
  readonly instrument: Instrument;
  /** Length of the candles on which the strategy decides; `maxHold` counts these. */
  readonly intervalMs: number;
}

/** What stays the same while an account trades. */
export interface Terms {
  readonly legs: readonly LegTerms[];
  readonly rules: RiskRules;
  readonly costs: Costs;
}

declare const approval: unique symbol;
/** Only risk approval makes one; whoever sends orders accepts nothing else. */
export type Approved<T> = T & { readonly [approval]: true };

/** A market entry, sized at the close of the signal candle (rule 6). The fill never changes its size. */
export interface EntryIntent {
  readonly side: Side;
  readonly lots: Lots;
  readonly signalTimeMs: EpochMs;
  /** Value and margin at the close of the signal candle, held back until the fill. */
  readonly notionalUsd: MicroUsd;
  readonly marginUsd: MicroUsd;
  /** Average true ranges at the decision; NaN where the rules do not ask for one. */
  readonly stopAtr: number;
  readonly trailAtr: number;
}

/** What is fixed when an entry fills. */
export interface Position {
  readonly intent: Approved<EntryIntent>;
  readonly side: Side;
  readonly direction: 1 | -1;
  readonly lots: Lots;
  readonly entryTimeMs: EpochMs;
  readonly entryPrice: Price;
  readonly initialStop: Price;
  readonly target: Price | null;
  /** Null where the position cannot be liquidated: a long without leverage. */
  readonly liquidation: Price | null;
  /** Distance from fill to initial stop: one R, in dollars per coin (rule 37). */
  readonly riskDistance: number;
  readonly initialRiskUsd: MicroUsd;
  readonly notionalUsd: MicroUsd;
  readonly marginUsd: MicroUsd;
  readonly entryFeeUsd: MicroUsd;
  /** The first open at or after this instant is where a time exit is due. */
  readonly dueTimeMs: number;
}

/** Which rule last moved the stop: the reason of an exit there. */
export type StopReason = Extract<ExitReason, 'stop' | 'break-even' | 'trail'>;

/** What changes while a position is held. */
export interface Holding {
  readonly position: Position;
  readonly stop: Price;
  readonly stopReason: StopReason;
  /** Extremes of the candles survived since entry, the entry candle included; ∓Infinity before the first. */
  readonly high: number;
  readonly low: number;
  /** Sum of what one long lot received, in 10^−12 dollars. */
  readonly fundingPerLot: number;
}

/** A leg is flat, or its one order or position is somewhere on this way; never two of them (rule 5). */
export type LegState =
  | { readonly status: 'flat' }
  | { readonly status: 'entering'; readonly intent: Approved<EntryIntent> }
  | ({ readonly status: 'open' } & Holding)
  /** A market exit has been sent; stop and target still rest until it fills. */
  | ({ readonly status: 'leaving'; readonly reason: ExitReason } & Holding);

/** Immutable: `step` returns the next one. */
export interface Account {
  readonly terms: Terms;
  readonly ledger: Ledger;
  readonly legs: readonly LegState[];
}

export const FLAT: LegState = { status: 'flat' };

export function openAccount(terms: Terms, deposit: MicroUsd): Account {
  return { terms, ledger: openLedger(deposit), legs: terms.legs.map(() => FLAT) };
}

export function legTerms(account: Account, leg: number): LegTerms {
  const terms = account.terms.legs[leg];
  if (terms === undefined) throw new RangeError(`the account has no leg ${leg}`);
  return terms;
}

export function legState(account: Account, leg: number): LegState {
  const state = account.legs[leg];
  if (state === undefined) throw new RangeError(`the account has no leg ${leg}`);
  return state;
}

/** The same account with one leg (and perhaps the ledger) replaced. */
export function withLeg(account: Account, leg: number, state: LegState, ledger: Ledger = account.ledger): Account {
  const legs = account.legs.slice();
  legs[leg] = state;
  return { terms: account.terms, ledger, legs };
}
