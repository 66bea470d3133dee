import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR_MS } from '../domain/time.ts';
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

  test('tells for how long the one whose turn it is waits, and nothing where nobody does', async () => {
    const clock = sleepingClock();
    const waits: number[] = [];
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100, onWait: (waitMs) => waits.push(waitMs) });
    await limiter.spend(60);
    await clock.sleep(10_000);
    await limiter.spend(40);
    expect(waits).toEqual([]);
    await limiter.spend(80);
    expect(waits).toEqual([60_000]);
  });

  test('a caller that gives up does not hold up the next', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    await limiter.spend(100);
    await expect(limiter.spend(50, { signal: AbortSignal.abort(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
    await limiter.spend(50);
    expect(clock.nowMs()).toBe(60_000);
  });

  test('a caller that gives up in the queue is told at once, not when its turn comes', async () => {
    let lieDown = (): void => {};
    const asleep = new Promise<void>((resolve) => {
      lieDown = resolve;
    });
    const timer = { nowMs: () => epochMs(0), sleep: () => new Promise<void>(() => lieDown()) };
    const limiter = new WeightLimiter({ timer, weightPerMinute: 100 });
    await limiter.spend(100);
    void limiter.spend(50);
    const controller = new AbortController();
    const waiting = limiter.spend(10, { signal: controller.signal });
    await asleep;
    controller.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
  });

  test('what is prompt has a reserve and does not queue behind what is not', async () => {
    const clock = sleepingClock();
    const timer = { nowMs: clock.nowMs, sleep: (ms: number) => nextTurn().then(() => clock.sleep(ms)) };
    const limiter = new WeightLimiter({ timer, weightPerMinute: 100, reserve: 30 });
    const served: string[] = [];
    await limiter.spend(70);
    await Promise.all([
      limiter.spend(20).then(() => served.push(`background at ${clock.nowMs()}`)),
      limiter.spend(30, { kind: 'prompt' }).then(() => served.push(`prompt at ${clock.nowMs()}`)),
    ]);
    expect(served).toEqual(['prompt at 0', 'background at 60000']);
    await expect(limiter.spend(71)).rejects.toThrow(RangeError);
  });

  test('too many requests: nobody sends anything for as long as was demanded', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    limiter.exhausted(8_000);
    limiter.exhausted(5_000);
    await limiter.spend(1, { kind: 'prompt' });
    expect(clock.nowMs()).toBe(8_000);
  });

  test('a clock that is set back holds nobody up for longer than the minute, or the pause', async () => {
    const clock = sleepingClock();
    const limiter = new WeightLimiter({ timer: clock, weightPerMinute: 100 });
    await clock.sleep(7 * HOUR_MS);
    await limiter.spend(100);
    limiter.exhausted(90_000);
    await clock.sleep(-7 * HOUR_MS);
    expect(limiter.usedWeight()).toBe(100);
    await limiter.spend(1);
    expect(clock.nowMs()).toBe(90_000);
  });
});
