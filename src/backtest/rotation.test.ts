import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tradeOf } from '../../test/trades.ts';
import { Prng } from '../domain/prng.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { EXIT_LONG, LONG, SHORT } from '../domain/signal.ts';
import { HOUR_MS } from '../domain/time.ts';
import { bitsOfFlags } from './fast/bits.ts';
import { flagsOfBits } from './replay.ts';
import { longestHoldRows, type RotationPlan, rotate, rotationPlans } from './rotation.ts';

const rotated = (signals: number[], from: number, to: number, plan: RotationPlan): number[] => {
  const flags = Uint8Array.from(signals);
  return [...flagsOfBits(rotate(bitsOfFlags(flags), from, to, plan), flags.length)];
};

describe('a schedule, moved', () => {
  test('by two rows: entries and exits move together, and what falls off the end comes back at the start', () => {
    expect(rotated([0, LONG, 0, EXIT_LONG, SHORT], 0, 5, { kind: 'shift', offset: 2 })).toEqual([
      EXIT_LONG,
      SHORT,
      0,
      LONG,
      0,
    ]);
  });

  test('signals of the warm-up and beyond the span are not part of it', () => {
    expect(rotated([1, 1, 2, 0, 0, 8, 8], 2, 5, { kind: 'shift', offset: 1 })).toEqual([0, 0, 0, 2, 0, 0, 0]);
  });

  test('by whole days: each row keeps its time of day, a last broken day stays', () => {
    const order = [2, 0, 1];
    const plan: RotationPlan = { kind: 'days', order, rowsPerDay: 2 };
    expect(rotated([9, 1, 2, 3, 4, 5, 6, 7, 9], 1, 8, plan)).toEqual([0, 5, 6, 1, 2, 3, 4, 7, 0]);
  });

  test('property: nothing is lost and nothing is made, and a shift by the rest undoes a shift', () => {
    const column = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(column, fc.nat(), (signals, seed) => {
        const rows = signals.length;
        const offset = 1 + (seed % (rows - 1));
        const moved = rotated(signals, 0, rows, { kind: 'shift', offset });
        expect(moved.toSorted()).toEqual(signals.toSorted());
        expect(moved[offset]).toBe(signals[0]);
        expect(rotated(moved, 0, rows, { kind: 'shift', offset: rows - offset })).toEqual(signals);
      }),
    );
  });
});

test('property: days go where the plan says, wherever a word of the bitmap begins', () => {
  const spans = fc.record({
    from: fc.nat(70),
    days: fc.integer({ min: 1, max: 6 }),
    rowsPerDay: fc.constantFrom(1, 6, 24, 48, 96),
    rest: fc.nat(40),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(spans, ({ from, days, rowsPerDay, rest, seed }) => {
      const rng = new Prng(seed);
      const to = from + days * rowsPerDay + rest;
      const signals = Array.from({ length: to + rng.below(40) }, () => rng.below(16));
      const order = rng.shuffle(Array.from({ length: days }, (_, day) => day));
      const expected = signals.map((_, row) => {
        if (row < from || row >= to) return 0;
        const day = Math.floor((row - from) / rowsPerDay);
        return signals[day < days ? row + ((order[day] as number) - day) * rowsPerDay : row];
      });
      expect(rotated(signals, from, to, { kind: 'days', order, rowsPerDay })).toEqual(expected);
    }),
  );
});

describe('plans', () => {
  test('are distinct offsets, the longest holding away from where the schedule is', () => {
    const plans = rotationPlans({ rows: 200, rowsPerDay: 24, longestHoldRows: 48 }, 100, new Prng(1));
    const offsets = plans.map((plan) => (plan.kind === 'shift' ? plan.offset : Number.NaN));
    expect(new Set(offsets).size).toBe(100);
    expect(Math.min(...offsets)).toBeGreaterThanOrEqual(48);
    expect(Math.max(...offsets)).toBeLessThanOrEqual(152);
  });

  test('every offset that there is, and one draw more permutes days', () => {
    const span = { rows: 200, rowsPerDay: 24, longestHoldRows: 48 };
    const all = rotationPlans(span, 105, new Prng(1)).map((plan) => (plan.kind === 'shift' ? plan.offset : 0));
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 105 }, (_, i) => 48 + i));
    const days = rotationPlans(span, 106, new Prng(1));
    expect(days).toHaveLength(106);
    expect(new Set(days.map((plan) => (plan.kind === 'days' ? plan.order.join() : ''))).size).toBe(106);
  });

  test('permuted days never leave all of them in place, and a short span has fewer plans than draws', () => {
    const plans = rotationPlans({ rows: 75, rowsPerDay: 24, longestHoldRows: 48 }, 1000, new Prng(3));
    const orders = plans.map((plan) => (plan.kind === 'days' ? plan.order.join('') : 'a shift'));
    expect(orders.toSorted()).toEqual(['021', '102', '120', '201', '210']);
    expect(rotationPlans({ rows: 30, rowsPerDay: 24, longestHoldRows: 48 }, 1000, new Prng(3))).toEqual([]);
  });

  test('the same seed makes the same plans', () => {
    const span = { rows: 2160, rowsPerDay: 24, longestHoldRows: 48 };
    const plans = (seed: number) => rotationPlans(span, 50, new Prng(seed));
    expect(plans(7)).toEqual(plans(7));
    expect(plans(7)).not.toEqual(plans(8));
  });
});

test('the longest holding is what the rules allow, or what was seen', () => {
  const rules = { maxHold: 48 } as RiskRules;
  const trades = [2, 7, 3].map((hours) => tradeOf({ exitTimeMs: hours * HOUR_MS }));
  expect(longestHoldRows(rules, trades, HOUR_MS)).toBe(48);
  expect(longestHoldRows({ ...rules, maxHold: null }, trades, HOUR_MS)).toBe(7);
  expect(longestHoldRows({ ...rules, maxHold: null }, [], HOUR_MS)).toBe(0);
});
