import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScaledClock, SkewedClock } from './scaled-clock.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Wakes everybody, one after the other, and says who woke when. */
async function story(clock: VirtualClock, sleeps: readonly number[]): Promise<string[]> {
  const told: string[] = [];
  const all = sleeps.map((ms, who) => clock.sleep(ms).then(() => told.push(`${who} at ${clock.nowMs()}`)));
  while (clock.nextWakeMs !== undefined) {
    clock.wakeNext();
    await Promise.resolve();
  }
  await Promise.all(all);
  return told;
}

describe('time that stands still', () => {
  test('moves to the next sleeper, and wakes one at a time', async () => {
    expect(await story(new VirtualClock(1_000), [30, 10, 20, 10])).toEqual([
      '1 at 1010',
      '3 at 1010',
      '2 at 1020',
      '0 at 1030',
    ]);
  });

  test('sleepers wake in order of time, then of lying down, whatever they ask for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 20 }), { maxLength: 12 }), async (sleeps) => {
        const expected = sleeps
          .map((ms, who) => ({ who, atMs: 500 + Math.max(0, ms) }))
          .sort((a, b) => a.atMs - b.atMs || a.who - b.who)
          .map(({ who, atMs }) => `${who} at ${atMs}`);
        expect(await story(new VirtualClock(500), sleeps)).toEqual(expected);
      }),
    );
  });

  test('whoever gives up is told why, and is no longer waited for', async () => {
    const clock = new VirtualClock(0);
    const giveUp = new AbortController();
    const asleep = clock.sleep(10, giveUp.signal);
    const other = clock.sleep(20);
    giveUp.abort(new Error('enough'));
    await expect(asleep).rejects.toThrow('enough');
    await expect(clock.sleep(5, giveUp.signal)).rejects.toThrow('enough');
    expect(clock.nextWakeMs).toBe(20);
    clock.wakeNext();
    await other;
    expect([clock.nowMs(), clock.nextWakeMs, clock.sleeps]).toEqual([20, undefined, 2]);
  });

  test('can be moved on, but neither back nor over a sleeper', () => {
    const clock = new VirtualClock(100);
    void clock.sleep(10);
    clock.moveTo(110);
    expect(clock.nowMs()).toBe(110);
    expect(() => clock.moveTo(109)).toThrow('109 is before 110');
    expect(() => clock.moveTo(111)).toThrow('111 passes over a sleeper of 110');
  });
});

test('a scaled clock runs faster, and its sleeps are shorter', async () => {
  const base = new VirtualClock(5_000);
  const clock = new ScaledClock({ startMs: 1_000_000, originMs: 5_000, speed: 60 }, base);
  expect(clock.nowMs()).toBe(1_000_000);
  const asleep = clock.sleep(60_000);
  expect(base.nextWakeMs).toBe(6_000);
  base.wakeNext();
  await asleep;
  expect(clock.nowMs()).toBe(1_060_000);
});

test('a skewed clock is wrong by what one says', async () => {
  const base = new VirtualClock(5_000);
  const clock = new SkewedClock(base);
  clock.skewMs = -1_500;
  expect(clock.nowMs()).toBe(3_500);
  void clock.sleep(100);
  expect(base.nextWakeMs).toBe(5_100);
});
