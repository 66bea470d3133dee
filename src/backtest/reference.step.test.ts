import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { countable, fuzzRuns, NO_HURRY, runArbitrary } from '../../test/random-run.ts';
import type { Account, Position } from '../core/account.ts';
import type { Command, Event } from '../core/events.ts';
import { cashOf } from '../core/ledger.ts';
import type { Step } from '../core/step.ts';
import { runReference } from './reference.ts';

/** What each call of `step` is checked for, while the engine runs. */
const watch = vi.hoisted(() => ({ onStep: (_before: unknown, _event: unknown, _after: unknown): void => undefined }));

vi.mock('../core/step.ts', async (importOriginal) => {
  const { step } = await importOriginal<typeof import('../core/step.ts')>();
  return {
    step: (account: Account, event: Event): Step => {
      const before = frozen(account);
      const after = step(before, event);
      watch.onStep(before, event, after);
      expect(step(before, event)).toEqual(after);
      return after;
    },
  };
});

/** Deeply; what is frozen already is frozen below, too. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** What an exchange would know of one leg. */
interface Seen {
  position: Position | null;
  stop: number | null;
  isEntering: boolean;
  isLeaving: boolean;
}

let legs: Map<number, Seen>;

beforeEach(() => {
  legs = new Map();
});

function observe(command: Command): void {
  const seen = legs.get(command.leg) ?? { position: null, stop: null, isEntering: false, isLeaving: false };
  legs.set(command.leg, seen);
  switch (command.kind) {
    case 'enter':
      expect(seen).toEqual({ position: null, stop: null, isEntering: false, isLeaving: false });
      seen.isEntering = true;
      break;
    case 'protect': {
      const { position } = command;
      seen.position = position;
      seen.stop = position.initialStop;
      seen.isEntering = false;
      expect((position.entryPrice - position.initialStop) * position.direction).toBeGreaterThan(0);
      expectInsideLiquidation(position, position.initialStop);
      break;
    }
    case 'move-stop': {
      const { position, stop } = seen as { position: Position; stop: number };
      expect((command.stop - stop) * position.direction).toBeGreaterThan(0);
      expectInsideLiquidation(position, command.stop);
      seen.stop = command.stop;
      break;
    }
    case 'exit':
      expect(seen.isLeaving).toBe(false);
      seen.isLeaving = true;
      break;
    case 'release':
      legs.delete(command.leg);
      break;
  }
}

function expectInsideLiquidation({ liquidation, direction }: Position, stop: number): void {
  if (liquidation !== null) expect((stop - liquidation) * direction).toBeGreaterThan(0);
}

test('step is pure: a deeply frozen account serves, and the same input gives the same output', NO_HURRY, () => {
  let steps = 0;
  watch.onStep = () => {
    steps++;
  };
  fc.assert(
    fc.property(runArbitrary(), ({ spec }) => void countable(() => runReference(spec))),
    { numRuns: fuzzRuns(300) },
  );
  expect(steps).toBeGreaterThan(1_000);
});

test(
  'a position has a stop on the losing side of its fill, inside its liquidation, or is on its way out',
  NO_HURRY,
  () => {
    watch.onStep = (_, __, after) => {
      const { account, commands, entries } = after as Step;
      for (const command of commands) observe(command);
      for (const entry of entries) if (entry.kind === 'lapsed') legs.delete(entry.leg);
      for (const [leg, state] of account.legs.entries()) {
        if (state.status === 'open') expect(legs.get(leg)?.stop).toBe(state.stop);
        if (state.status === 'leaving') expect(legs.get(leg)?.isLeaving).toBe(true);
      }
    };
    fc.assert(
      fc.property(runArbitrary(), ({ spec }) => {
        legs = new Map();
        countable(() => runReference(spec));
        expect([...legs.values()].filter(({ position }) => position !== null)).toEqual([]);
      }),
      { numRuns: fuzzRuns(300) },
    );
  },
);

test('cash changes at fills alone, and by what their trades say', NO_HURRY, () => {
  watch.onStep = (before, event, after) => {
    const { account, entries } = after as Step;
    const change = cashOf(account.ledger) - cashOf((before as Account).ledger);
    const told = entries.map((entry) => {
      if (entry.kind === 'opened') return -entry.position.entryFeeUsd;
      if (entry.kind !== 'closed') return 0;
      const { leg, netPnlUsd } = entry.trade;
      const state = (before as Account).legs[leg];
      return netPnlUsd + (state !== undefined && 'position' in state ? state.position.entryFeeUsd : 0);
    });
    expect(change).toBe(told.reduce((sum, amount) => sum + amount, 0));
    if ((event as Event).kind !== 'fill') expect(change).toBe(0);
  };
  fc.assert(
    fc.property(runArbitrary(), ({ spec }) => void countable(() => runReference(spec))),
    { numRuns: fuzzRuns(300) },
  );
});
