import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../domain/errors.ts';
import { DAY_MS, HOUR_MS, INTERVALS, type Interval, intervalMs, MINUTE_MS } from '../../domain/time.ts';
import { CALL_WEIGHT, type FollowPlan, type FollowRequest, PROMPT_DELAY_MS, planFollow } from './plan.ts';
import { describePlan } from './plan-numbers.ts';
import { type ScheduledCall, schedule } from './schedule.ts';

function coinNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `C${i}`);
}

const requests = fc
  .record({
    coins: fc.integer({ min: 1, max: 80 }),
    traded: fc.integer({ min: 0, max: 12 }),
    intervals: fc.uniqueArray(fc.constantFrom(...INTERVALS), { minLength: 1, maxLength: 6 }),
    weightPerMinute: fc.integer({ min: 40, max: 1_200 }),
  })
  .map(({ coins, traded, ...rest }): FollowRequest => {
    const names = coinNames(coins);
    return { ...rest, coins: names, traded: names.slice(0, traded) };
  });

function planOrNone(request: FollowRequest): FollowPlan | undefined {
  try {
    return planFollow(request);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

function callsUntil(plan: FollowPlan, fromMs: number, toMs: number): ScheduledCall[] {
  const calls: ScheduledCall[] = [];
  for (const call of schedule(plan, fromMs)) {
    if (call.atMs >= toMs) return calls;
    calls.push(call);
  }
  return calls;
}

/** The heaviest 60 seconds. */
function heaviestMinute(calls: readonly ScheduledCall[]): number {
  let oldest = 0;
  let most = 0;
  calls.forEach(({ atMs }, newest) => {
    while ((calls[oldest] as ScheduledCall).atMs <= atMs - MINUTE_MS) oldest++;
    most = Math.max(most, (newest - oldest + 1) * CALL_WEIGHT);
  });
  return most;
}

/** The longest that any close of the series after `fromMs` has to wait for a call. */
function longestWaitMs(calls: readonly ScheduledCall[], stepMs: number, fromMs: number, toMs: number): number {
  let longest = 0;
  let next = 0;
  for (let closeMs = Math.ceil(fromMs / stepMs) * stepMs; closeMs < toMs; closeMs += stepMs) {
    while (next < calls.length && (calls[next] as ScheduledCall).atMs < closeMs) next++;
    longest = Math.max(longest, (calls[next]?.atMs ?? Number.POSITIVE_INFINITY) - closeMs);
  }
  return longest;
}

describe('a plan', () => {
  test('fifty coins on four intervals, three of them traded, fit into three quarters of the weight', () => {
    const plan = planFollow({
      coins: coinNames(50),
      traded: ['C0', 'C1', 'C2'],
      intervals: ['1m', '5m', '30m', '1h'],
      weightPerMinute: 900,
    });
    const numbers = describePlan(plan);
    expect(numbers.promptWeight).toBeCloseTo(3 * CALL_WEIGHT * (1 + 1 / 5 + 1 / 30 + 1 / 60));
    expect(numbers.promptWeightMost).toBe(3 * 4 * CALL_WEIGHT);
    expect(numbers.fundingWeight).toBeCloseTo((50 * CALL_WEIGHT) / 60);
    expect(numbers.promptWeight + numbers.batchWeight + numbers.fundingWeight).toBeLessThan(900 - numbers.spareWeight);
    expect(numbers.promptDelayMs).toBe(PROMPT_DELAY_MS);
    expect(numbers.batchDelayMs).toBeLessThan(8 * MINUTE_MS);
  });

  test('few coins that nobody trades are asked for within the minute', () => {
    const plan = planFollow({ coins: ['BTC', 'ETH'], traded: [], intervals: ['1m'], weightPerMinute: 900 });
    expect(plan.batchDelayMs).toBeLessThan(10_000);
  });

  test('coins that are traded are followed in any case, and intervals are put in order', () => {
    const plan = planFollow({ coins: ['BTC'], traded: ['SOL'], intervals: ['1h', '1m', '1h'], weightPerMinute: 900 });
    expect(plan.coins).toEqual(['SOL', 'BTC']);
    expect(plan.intervals).toEqual(['1m', '1h']);
    expect(plan.batched).toEqual(['BTC']);
  });

  test('one that cannot fit says what would', () => {
    const request: FollowRequest = {
      coins: coinNames(60),
      traded: coinNames(30),
      intervals: ['1m', '5m', '30m', '1h'],
      weightPerMinute: 900,
    };
    expect(() => planFollow(request)).toThrow(
      expect.objectContaining({
        message: '60 coins × 4 intervals (30 traded) cannot be followed for a weight of 900 a minute',
        hint: 'What would fit: 9 of the coins traded; or only 1h; or more weight.',
      }),
    );
    expect(planOrNone({ ...request, traded: coinNames(9) })).toBeDefined();
    expect(planOrNone({ ...request, traded: coinNames(10) })).toBeUndefined();
  });

  test('of any coins, intervals and weight stays within the weight, and asks for each close in time', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: DAY_MS }), (request, sinceMs) => {
        const plan = planOrNone(request);
        fc.pre(plan !== undefined);
        const toMs = sinceMs + 5 * HOUR_MS;
        const calls = callsUntil(plan, sinceMs, toMs + 2 * HOUR_MS);
        expect(heaviestMinute(calls)).toBeLessThanOrEqual(request.weightPerMinute);
        const bySeries = Map.groupBy(calls, ({ coin, what }) => `${coin} ${what}`);
        // The round with which a run begins has everything in it, traded coins too.
        const settledMs = sinceMs + 2 * HOUR_MS;
        for (const coin of plan.coins) {
          for (const what of [...plan.intervals, 'funding'] as (Interval | 'funding')[]) {
            const isPrompt = what !== 'funding' && plan.traded.includes(coin);
            const stepMs = what === 'funding' ? HOUR_MS : intervalMs(what);
            const waitMs = longestWaitMs(bySeries.get(`${coin} ${what}`) ?? [], stepMs, settledMs, toMs);
            expect(waitMs).toBeLessThanOrEqual(isPrompt ? PROMPT_DELAY_MS : plan.batchDelayMs);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a schedule is in order of time and leaves the seconds after full minutes to those who wait', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 0, max: DAY_MS }), (request, sinceMs) => {
        const plan = planOrNone(request);
        fc.pre(plan !== undefined);
        const calls = callsUntil(plan, sinceMs, sinceMs + HOUR_MS);
        expect(calls.map(({ atMs }) => atMs)).toEqual(calls.map(({ atMs }) => atMs).sort((a, b) => a - b));
        for (const { atMs, kind } of calls) expect(atMs % MINUTE_MS >= 3_000).toBe(kind === 'background');
      }),
      { numRuns: 30 },
    );
  });
});
