import { describe, expect, test } from 'vitest';
import { fixedClock } from '../domain/clock.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import { inTransaction, type MarketDatabase } from '../market/database.ts';
import { memoryDatabase, NEW_YEAR_MS } from '../market/testing.ts';
import {
  incumbentOf,
  legState,
  listChanges,
  listPending,
  type NewChange,
  recordChange,
  rollBack,
  spreadIncumbent,
  takePending,
} from './incumbent.ts';

const ON = { strategy: 'breakout-volume', interval: '1h' } as const;
const BTC = { ...ON, coin: 'BTC' };
const ETH = { ...ON, coin: 'ETH' };
const CLOCK = fixedClock(NEW_YEAR_MS);

function change(db: MarketDatabase, given: Partial<NewChange>, coins = ['BTC', 'ETH']): number {
  const swap = {
    kind: 'swap',
    fileSha256: 'f',
    isTrading: true,
    optimization: null,
    params: { lookback: 30 },
  } as const;
  return inTransaction(db, () => recordChange(db, { ...ON, ...swap, ...given }, coins, CLOCK));
}

const DEFAULTS = { params: null, isTrading: true, fileSha256: null, change: null };

describe('what a strategy trades with', () => {
  test('is its defaults where nothing was ever decided', () => {
    const db = memoryDatabase();
    expect(incumbentOf(db, ON)).toEqual(DEFAULTS);
    expect(legState(db, BTC)).toEqual({ inForce: DEFAULTS, pending: null, mayEnter: true });
    expect(takePending(db, BTC, CLOCK)).toEqual(DEFAULTS);
    expect(listPending(db)).toEqual([]);
  });

  test('changes coin by coin, each when it is flat', () => {
    const db = memoryDatabase();
    const id = change(db, {});
    const swapped = { params: { lookback: 30 }, isTrading: true, fileSha256: 'f', change: id };
    expect(incumbentOf(db, ON)).toEqual(swapped);
    expect(legState(db, BTC)).toEqual({ inForce: DEFAULTS, pending: swapped, mayEnter: true });
    expect(takePending(db, BTC, CLOCK)).toEqual(swapped);
    expect(legState(db, BTC)).toEqual({ inForce: swapped, pending: null, mayEnter: true });
    expect(listPending(db)).toEqual([{ ...ETH, pending: swapped }]);
  });

  test('is that of the newest decision, where one is made while another still waits', () => {
    const db = memoryDatabase();
    change(db, {});
    takePending(db, BTC, CLOCK);
    const second = change(db, { params: { lookback: 40 } });
    expect(legState(db, ETH).pending).toMatchObject({ change: second, params: { lookback: 40 } });
    expect(legState(db, BTC).inForce).toMatchObject({ params: { lookback: 30 } });
    expect(takePending(db, ETH, CLOCK)).toMatchObject({ change: second });
  });

  test('allows no entry from the moment on in which it is stood down, though a position is still open', () => {
    const db = memoryDatabase();
    change(db, { kind: 'stand-down', params: null, fileSha256: null, isTrading: false });
    const { inForce, pending, mayEnter } = legState(db, BTC);
    expect(inForce.isTrading).toBe(true);
    expect(pending?.isTrading).toBe(false);
    expect(mayEnter).toBe(false);
    takePending(db, BTC, CLOCK);
    expect(legState(db, BTC).mayEnter).toBe(false);
    change(db, { kind: 'resume', params: null, fileSha256: null, isTrading: true });
    expect(legState(db, BTC).mayEnter).toBe(false);
    takePending(db, BTC, CLOCK);
    expect(legState(db, BTC).mayEnter).toBe(true);
  });

  test('is its own on each interval', () => {
    const db = memoryDatabase();
    change(db, {});
    expect(incumbentOf(db, { ...ON, interval: '30m' })).toEqual(DEFAULTS);
    expect(legState(db, { ...BTC, interval: '30m' }).pending).toBeNull();
  });

  test('reaches a coin that came later', () => {
    const db = memoryDatabase();
    const id = change(db, {}, ['BTC']);
    takePending(db, BTC, CLOCK);
    inTransaction(db, () => spreadIncumbent(db, ON, ['BTC', 'ETH']));
    expect(listPending(db)).toMatchObject([{ coin: 'ETH', pending: { change: id } }]);
  });
});

describe('a damaged record', () => {
  test('is told, and no strategy that was stood down trades again for want of a row', () => {
    const db = memoryDatabase();
    change(db, { kind: 'stand-down', params: null, fileSha256: null, isTrading: false });
    takePending(db, BTC, CLOCK);
    db.exec('PRAGMA foreign_keys = OFF; DELETE FROM param_changes');
    const problem = "change 1 of what 'breakout-volume' trades with on 1h is not in the database";
    expect(() => legState(db, BTC)).toThrow(problem);
    expect(() => takePending(db, ETH, CLOCK)).toThrow(problem);
    expect(() => incumbentOf(db, ON)).toThrow(problem);
    expect(incumbentOf(db, { ...ON, interval: '30m' })).toEqual(DEFAULTS);
  });

  test('is told where it is no JSON', () => {
    const db = memoryDatabase();
    const id = change(db, {});
    db.prepare('UPDATE param_changes SET params = ?').run('{"lookback": 30');
    expect(() => incumbentOf(db, ON)).toThrow(
      `the params of change ${id} of 'breakout-volume' cannot be read from the database`,
    );
    expect(() => legState(db, BTC)).toThrow(DataError);
  });
});

describe('a rollback', () => {
  test('takes back the last swap, then the one before it, and stays on record', () => {
    const db = memoryDatabase();
    const first = change(db, {});
    const second = change(db, { params: { lookback: 40 } });
    for (const leg of [BTC, ETH]) takePending(db, leg, CLOCK);

    expect(rollBack(db, ON, CLOCK)).toMatchObject({ kind: 'rollback', takesBack: second, params: { lookback: 30 } });
    expect(listPending(db).map(({ coin, pending }) => [coin, pending.params])).toEqual([
      ['BTC', { lookback: 30 }],
      ['ETH', { lookback: 30 }],
    ]);
    expect(rollBack(db, ON, CLOCK)).toMatchObject({ takesBack: first, params: null, isTrading: true });
    expect(() => rollBack(db, ON, CLOCK)).toThrow(UsageError);
    expect(listChanges(db).map(({ kind }) => kind)).toEqual(['rollback', 'rollback', 'swap', 'swap']);
  });

  test('goes back to what was before the swap, not to what was before a later one', () => {
    const db = memoryDatabase();
    change(db, {});
    rollBack(db, ON, CLOCK);
    const third = change(db, { params: { lookback: 50 } });
    expect(rollBack(db, ON, CLOCK)).toMatchObject({ takesBack: third, params: null });
  });

  test('of a swap that was stood down later brings back what traded before it', () => {
    const db = memoryDatabase();
    change(db, {});
    change(db, { kind: 'stand-down', isTrading: false });
    expect(rollBack(db, ON, CLOCK)).toMatchObject({ params: null, isTrading: true });
  });

  test('keeps a strategy from trading that did not trade before the swap', () => {
    const db = memoryDatabase();
    change(db, { kind: 'stand-down', params: null, fileSha256: null, isTrading: false });
    change(db, {});
    expect(rollBack(db, ON, CLOCK)).toMatchObject({ params: null, isTrading: false });
  });

  test('has nothing to take back where nothing was swapped', () => {
    const db = memoryDatabase();
    change(db, { kind: 'stand-down', params: null, isTrading: false });
    expect(() => rollBack(db, ON, CLOCK)).toThrow("there is no swap of 'breakout-volume' on 1h to take back");
  });
});
