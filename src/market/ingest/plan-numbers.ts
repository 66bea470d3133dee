import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/time.ts';
import { CALL_WEIGHT, type FollowPlan, PROMPT_DELAY_MS, promptWeight, SPARE_FRACTION } from './plan.ts';
import { schedule } from './schedule.ts';

/** What a plan costs a minute and what it promises. */
export interface PlanNumbers {
  /** Closes of traded coins: a mean over the day, and the fullest minute. */
  readonly promptWeight: number;
  readonly promptWeightMost: number;
  /** All other candles, and funding: means over the day. */
  readonly batchWeight: number;
  readonly fundingWeight: number;
  /** Of the allowed weight, kept for what cannot be planned: candles asked for again, missed stretches. */
  readonly spareWeight: number;
  /** A close is asked for at the latest after this long: of traded coins, and of the others (funding too). */
  readonly promptDelayMs: number;
  readonly batchDelayMs: number;
}

/** Counts the calls of a day. */
export function describePlan(plan: FollowPlan): PlanNumbers {
  const minutes = DAY_MS / MINUTE_MS;
  const prompts = Array.from({ length: minutes }, (_, minute) => promptWeight(plan, minute * MINUTE_MS));
  let batchCalls = 0;
  // The second day: the first begins with a call of everything.
  for (const { atMs, kind, what } of schedule(plan, 0)) {
    if (atMs >= 2 * DAY_MS) break;
    if (atMs >= DAY_MS && kind === 'background' && what !== 'funding') batchCalls++;
  }
  return {
    promptWeight: prompts.reduce((sum, weight) => sum + weight, 0) / minutes,
    promptWeightMost: Math.max(...prompts),
    batchWeight: (batchCalls * CALL_WEIGHT) / minutes,
    fundingWeight: (plan.coins.length * CALL_WEIGHT * MINUTE_MS) / HOUR_MS,
    spareWeight: plan.weightPerMinute * SPARE_FRACTION,
    promptDelayMs: PROMPT_DELAY_MS,
    batchDelayMs: plan.batchDelayMs,
  };
}
