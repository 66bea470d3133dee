import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochMs } from '../domain/units.ts';
import { WeightLimiter } from './limiter.ts';

/** A clock that moves only when somebody sleeps on it. */
function sleepingClock() {
  let nowMs = 0;
  return {
    nowMs: () => epochMs(nowMs),
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('the weight limiter', () => {
  test('lets the budget of a minute through at once, then waits until the oldest of it expires', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    await limiter.spend(60);
    await clock.sleep(10_000);
    await limiter.spend(40);
    expect(clock.nowMs()).toBe(10_000);
    await limiter.spend(30);
    expect(clock.nowMs()).toBe(60_000);
    await limiter.spend(40);
    expect(clock.nowMs()).toBe(70_000);
  });

  test('no window of a minute ever holds more than the budget, and calls keep their order', async () => {
    const calls = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 100 }), idleMs: fc.nat(40_000) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(calls, async (requests) => {
        const clock = sleepingClock();
        const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
        const sent: { atMs: number; weight: number }[] = [];
        for (const { weight, idleMs } of requests) {
          await clock.sleep(idleMs);
          await limiter.spend(weight);
          sent.push({ atMs: clock.nowMs(), weight });
        }
        for (const { atMs } of sent) {
          const inWindow = sent.filter((each) => each.atMs > atMs - 60_000 && each.atMs <= atMs);
          expect(inWindow.reduce((sum, each) => sum + each.weight, 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  test('calls made at once are served one after the other', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    const served: number[] = [];
    await Promise.all([90, 80, 10].map((weight) => limiter.spend(weight).then(() => served.push(weight))));
    expect(served).toEqual([90, 80, 10]);
    expect(clock.nowMs()).toBe(60_000);
  });

  test('a caller that gives up does not hold up the next', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    await limiter.spend(100);
    await expect(limiter.spend(50, { signal: AbortSignal.abort(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
    await limiter.spend(50);
    expect(clock.nowMs()).toBe(60_000);
  });
});
