import { describe, expect, test } from 'vitest';
import { PLAIN_RULES } from '../../test/plain-rules.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { EXIT_LONG, LONG, SHORT } from '../domain/signal.ts';
import { HOUR_MS } from '../domain/time.ts';
import { epochMs, fromUsd, type Price } from '../domain/units.ts';
import { type Account, openAccount } from './account.ts';
import type { Close, Event, Fill } from './events.ts';
import { step } from './step.ts';

const instrument: Instrument = {
  coin: 'COIN',
  szDecimals: 2,
  marginTiers: [{ fromNotionalUsd: 0, maxLeverage: 20 }],
  isDelisted: false,
};
const rules: RiskRules = { ...PLAIN_RULES, target: 2, breakEven: { at: 1 } };
const fresh = openAccount(
  {
    legs: [{ coin: 'COIN', instrument, intervalMs: HOUR_MS }],
    rules,
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 1 },
  },
  fromUsd(1_000),
);

function closeAt(hour: number, parts: Partial<Close> = {}): Close {
  return {
    kind: 'close',
    leg: 0,
    timeMs: epochMs(hour * HOUR_MS),
    high: 505,
    low: 495,
    close: 500,
    signals: 0,
    stopAtr: Number.NaN,
    trailAtr: Number.NaN,
    decides: true,
    ...parts,
  };
}

function fillAt(hour: number, order: Fill['order'], price: number): Fill {
  const timeMs = epochMs(hour * HOUR_MS);
  return { kind: 'fill', leg: 0, order, timeMs, price: price as Price, isMaker: order === 'target' };
}

function accountAfter(...events: readonly Event[]): Account {
  return events.reduce((account, event) => step(account, event).account, fresh);
}

const entering = [closeAt(1, { signals: LONG })];
const open = [...entering, fillAt(1, 'entry', 500)];

describe('what a step asks for', () => {
  test('an entry signal: an entry, sized', () => {
    const { commands } = step(fresh, closeAt(1, { signals: LONG }));
    expect(commands).toMatchObject([{ kind: 'enter', leg: 0, intent: { side: 'long', lots: 100 } }]);
  });

  test('an entry fill: protection at once, and the entry fee is paid', () => {
    const { account, commands, entries } = step(accountAfter(...entering), fillAt(1, 'entry', 500));
    expect(commands).toMatchObject([
      { kind: 'protect', position: { initialStop: 490, target: 520, liquidation: null } },
    ]);
    expect(entries).toMatchObject([{ kind: 'opened' }]);
    expect(account.ledger.feesUsd).toBe(225_000);
  });

  test('one R ahead: the stop moves, and says why', () => {
    const { commands, entries } = step(accountAfter(...open), closeAt(2, { high: 510, close: 505 }));
    expect(commands).toEqual([{ kind: 'move-stop', leg: 0, stop: 500 }]);
    expect(entries).toEqual([{ kind: 'stop-moved', leg: 0, timeMs: 2 * HOUR_MS, stop: 500, reason: 'break-even' }]);
  });

  test('an exit signal: one exit, however often it is said', () => {
    const first = step(accountAfter(...open), closeAt(2, { signals: EXIT_LONG }));
    expect(first.commands).toEqual([{ kind: 'exit', leg: 0 }]);
    expect(step(first.account, closeAt(3, { signals: EXIT_LONG })).commands).toEqual([]);
  });

  test('an exit fill: what still rests is released, and the trade is told', () => {
    const { account, commands, entries } = step(accountAfter(...open), fillAt(2, 'stop', 490));
    expect(commands).toEqual([{ kind: 'release', leg: 0 }]);
    expect(entries).toMatchObject([{ kind: 'closed', trade: { reason: 'stop', grossPnlUsd: -10_000_000 } }]);
    expect(account.legs).toEqual([{ status: 'flat' }]);
  });

  test('a refusal and a conflict are told, and change nothing', () => {
    const poor = openAccount(fresh.terms, fromUsd(10));
    const refused = step(poor, closeAt(1, { signals: LONG }));
    expect(refused.entries).toMatchObject([{ kind: 'refused', side: 'long', refusal: 'below-minimum' }]);
    expect(refused.account).toBe(poor);
    const conflict = step(fresh, closeAt(1, { signals: LONG | SHORT }));
    expect(conflict.entries).toMatchObject([{ kind: 'conflict' }]);
    expect(conflict.account).toBe(fresh);
  });

  test('a candle that decides nothing, or that does not exist, opens nothing', () => {
    expect(step(fresh, closeAt(1, { signals: LONG, decides: false })).commands).toEqual([]);
    const missing = { signals: LONG, high: Number.NaN, low: Number.NaN, close: Number.NaN };
    expect(step(fresh, closeAt(1, missing))).toEqual({ account: fresh, commands: [], entries: [] });
  });

  test('a lapse frees the leg', () => {
    const { account, entries } = step(accountAfter(...entering), { kind: 'lapse', leg: 0, timeMs: epochMs(HOUR_MS) });
    expect(account.legs).toEqual([{ status: 'flat' }]);
    expect(entries).toEqual([{ kind: 'lapsed', leg: 0, timeMs: HOUR_MS, side: 'long' }]);
  });
});

describe('events that cannot follow', () => {
  test.each<readonly [string, readonly Event[], Event, string]>([
    ['an entry that was never ordered', [], fillAt(1, 'entry', 500), 'leg 0 is flat: there is no pending entry'],
    ['an entry that filled before', open, fillAt(2, 'entry', 500), 'leg 0 is open: there is no pending entry'],
    ['a stop without a position', [], fillAt(1, 'stop', 490), 'leg 0 is flat: there is no position'],
    ['a market exit that was never sent', open, fillAt(2, 'exit', 500), 'leg 0: a market exit filled that was never'],
    ['funding without a position', entering, { kind: 'funding', leg: 0, perLot: 1 }, 'leg 0 is entering'],
    ['a lapse of nothing', [], { kind: 'lapse', leg: 0, timeMs: epochMs(0) }, 'leg 0 is flat'],
    ['a leg that there is not', [], { ...closeAt(1), leg: 1 }, 'the account has no leg 1'],
  ])('%s is an error', (_, before, event, message) => {
    const account = accountAfter(...before);
    expect(() => step(account, event)).toThrow(RangeError);
    expect(() => step(account, event)).toThrow(message);
  });
});
