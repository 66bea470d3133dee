import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import type { ExitReason, Side } from '../domain/trade.ts';
import { type Account, FLAT, type Holding, type LegState, legState, legTerms, withLeg } from './account.ts';
import type { Close, Command, Entry, Event, Fill } from './events.ts';
import { book } from './ledger.ts';
import { isStopTooLate } from './margin.ts';
import { closedTrade, openPosition } from './positions.ts';
import { approveEntry } from './risk.ts';
import { movedStop } from './stops.ts';

/** What an event did: the next account, what the exchange is asked to do, and what is to be written down. */
export interface Step {
  readonly account: Account;
  readonly commands: readonly Command[];
  readonly entries: readonly Entry[];
}

const NOTHING: readonly never[] = [];

/**
 * The heart of Candor, in the backtest and live alike: one event in, the next account and what follows from it out.
 * Pure and synchronous: no input or output, no clock, no randomness; the account is never changed in place.
 *
 * @throws RangeError on an event that cannot follow (a fill without an order): the account would no longer be the
 *   truth.
 */
export function step(account: Account, event: Event): Step {
  switch (event.kind) {
    case 'close':
      return onClose(account, event);
    case 'funding':
      return onFunding(account, event.leg, event.perLot);
    case 'fill':
      return event.order === 'entry' ? onEntryFill(account, event) : onExitFill(account, event);
    case 'lapse': {
      const { intent } = entering(account, event.leg);
      const entry: Entry = { kind: 'lapsed', leg: event.leg, timeMs: event.timeMs, side: intent.side };
      return { account: withLeg(account, event.leg, FLAT), commands: NOTHING, entries: [entry] };
    }
  }
}

function unchanged(account: Account): Step {
  return { account, commands: NOTHING, entries: NOTHING };
}

/** Decisions at a close: management of what is held, or an entry where nothing is. */
function onClose(account: Account, event: Close): Step {
  const state = legState(account, event.leg);
  if (Number.isNaN(event.close)) return onMissing(account, state, event);
  switch (state.status) {
    case 'flat':
      return event.decides && (event.signals & (LONG | SHORT)) !== 0 ? onSignal(account, event) : unchanged(account);
    case 'entering':
      return unchanged(account);
    case 'leaving':
      return withExtremes(account, state, event);
    case 'open':
      return event.decides ? manage(account, state, event) : withExtremes(account, state, event);
  }
}

/** A candle that does not exist decides nothing, but time exits run by the clock (rules 2 and 42). */
function onMissing(account: Account, state: LegState, event: Close): Step {
  const { leg, timeMs } = event;
  if ((state.status !== 'open' && state.status !== 'leaving') || timeMs < state.position.dueTimeMs) {
    return unchanged(account);
  }
  if (state.status === 'open') return leave(account, leg, state, 'time');
  return state.reason === 'signal' ? unchanged(account) : afterClose(account, leg, { ...state, reason: 'time' });
}

function onSignal(account: Account, event: Close): Step {
  const { leg, timeMs } = event;
  if ((event.signals & LONG) !== 0 && (event.signals & SHORT) !== 0) {
    return { account, commands: NOTHING, entries: [{ kind: 'conflict', leg, timeMs }] };
  }
  const side: Side = (event.signals & LONG) !== 0 ? 'long' : 'short';
  const { close, stopAtr, trailAtr } = event;
  const approval = approveEntry(account, { leg, side, timeMs, close, stopAtr, trailAtr });
  if ('refused' in approval) {
    return { account, commands: NOTHING, entries: [{ kind: 'refused', leg, timeMs, side, refusal: approval.refused }] };
  }
  const intent = approval.approved;
  return {
    account: withLeg(account, leg, { status: 'entering', intent }),
    commands: [{ kind: 'enter', leg, intent }],
    entries: NOTHING,
  };
}

/** Of exits due at one open the reason is: signal, time, moved stop, in this order (rule 42). */
function manage(account: Account, before: Extract<LegState, { status: 'open' }>, event: Close): Step {
  const { leg } = event;
  const state = extended(before, event);
  const { position } = state;
  const exitBit = position.side === 'long' ? EXIT_LONG : EXIT_SHORT;
  if ((event.signals & exitBit) !== 0) return leave(account, leg, state, 'signal');
  if (event.timeMs >= position.dueTimeMs) return leave(account, leg, state, 'time');

  const { rules } = account.terms;
  const isFixed = rules.breakEven === null && rules.trail === null;
  const moved = isFixed ? undefined : movedStop(legTerms(account, leg).instrument, rules, state);
  if (moved === undefined) return state === before ? unchanged(account) : afterClose(account, leg, state);
  const { stop, reason } = moved;
  const held: Extract<LegState, { status: 'open' }> = { ...state, stop, stopReason: reason };
  const isCrossed = (event.close - stop) * position.direction <= 0;
  if (isCrossed) return leave(account, leg, held, reason);
  return {
    account: withLeg(account, leg, held),
    commands: [{ kind: 'move-stop', leg, stop }],
    entries: [{ kind: 'stop-moved', leg, timeMs: event.timeMs, stop, reason }],
  };
}

function leave(account: Account, leg: number, holding: Holding, reason: ExitReason): Step {
  const { position, stop, stopReason, high, low, fundingPerLot } = holding;
  const state: LegState = { status: 'leaving', reason, position, stop, stopReason, high, low, fundingPerLot };
  return { account: withLeg(account, leg, state), commands: [{ kind: 'exit', leg }], entries: NOTHING };
}

function withExtremes(account: Account, before: Extract<LegState, Holding>, event: Close): Step {
  const state = extended(before, event);
  return state === before ? unchanged(account) : afterClose(account, event.leg, state);
}

function afterClose(account: Account, leg: number, state: LegState): Step {
  return { account: withLeg(account, leg, state), commands: NOTHING, entries: NOTHING };
}

/** The same holding with the extremes of a survived candle. */
function extended<T extends Holding>(holding: T, event: Close): T {
  const isHigher = event.high > holding.high;
  const isLower = event.low < holding.low;
  if (!isHigher && !isLower) return holding;
  return { ...holding, high: isHigher ? event.high : holding.high, low: isLower ? event.low : holding.low };
}

function onFunding(account: Account, leg: number, perLot: number): Step {
  const state = holding(account, leg);
  const next = { ...state, fundingPerLot: state.fundingPerLot + perLot };
  return { account: withLeg(account, leg, next), commands: NOTHING, entries: NOTHING };
}

function onEntryFill(account: Account, fill: Fill): Step {
  const { leg } = fill;
  const { intent } = entering(account, leg);
  const position = openPosition(account.terms, legTerms(account, leg), intent, fill);
  const ledger = book(account.ledger, { feesUsd: position.entryFeeUsd });
  const held: Holding = {
    position,
    stop: position.initialStop,
    stopReason: 'stop',
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    fundingPerLot: 0,
  };
  const opened: Entry = { kind: 'opened', leg, position };
  const { liquidation, initialStop, direction } = position;
  if (isStopTooLate(direction, initialStop, liquidation)) {
    // Out at once, at this same open.
    return {
      account: withLeg(account, leg, { status: 'leaving', reason: 'liquidation-distance', ...held }, ledger),
      commands: [{ kind: 'exit', leg }],
      entries: [opened],
    };
  }
  return {
    account: withLeg(account, leg, { status: 'open', ...held }, ledger),
    commands: [{ kind: 'protect', leg, position }],
    entries: [opened],
  };
}

function onExitFill(account: Account, fill: Fill): Step {
  const { leg } = fill;
  const state = holding(account, leg);
  const { coin, instrument } = legTerms(account, leg);
  const reason = exitReason(state, fill);
  const { trade, exitFeeUsd } = closedTrade(account.terms.costs, coin, instrument, state, fill, reason);
  const ledger = book(account.ledger, {
    realisedUsd: trade.grossPnlUsd,
    feesUsd: exitFeeUsd,
    fundingUsd: trade.fundingUsd,
  });
  return {
    account: withLeg(account, leg, FLAT, ledger),
    commands: [{ kind: 'release', leg }],
    entries: [{ kind: 'closed', leg, trade }],
  };
}

function exitReason(state: Extract<LegState, Holding>, fill: Fill): ExitReason {
  switch (fill.order) {
    case 'stop':
      return state.stopReason;
    case 'target':
    case 'liquidation':
    case 'end':
      return fill.order;
    default:
      if (state.status === 'leaving') return state.reason;
      throw new RangeError(`leg ${fill.leg}: a market exit filled that was never sent`);
  }
}

function entering(account: Account, leg: number): Extract<LegState, { status: 'entering' }> {
  const state = legState(account, leg);
  if (state.status === 'entering') return state;
  throw new RangeError(`leg ${leg} is ${state.status}: there is no pending entry`);
}

function holding(account: Account, leg: number): Extract<LegState, Holding> {
  const state = legState(account, leg);
  if (state.status === 'open' || state.status === 'leaving') return state;
  throw new RangeError(`leg ${leg} is ${state.status}: there is no position`);
}
