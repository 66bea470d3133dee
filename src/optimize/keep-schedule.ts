import type { Timer } from '../domain/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import type { Schedule } from './schedule.ts';

/** A clock that was set, and a machine that slept, are noticed after this long. */
const LOOK_EVERY_MS = MINUTE_MS;
const LONGEST_RETRY_MS = HOUR_MS;

export interface ScheduledWork {
  readonly schedule: Schedule;
  /** What was due before the schedule was kept was not missed. */
  readonly sinceMs: EpochMs;
  readonly timer: Timer;
  /** When it is given, what runs is broken off, and this ends. */
  readonly signal: AbortSignal;
  /** Whether this was done, by whatever process. */
  readonly isDone: (dueMs: EpochMs) => boolean;
  readonly work: (dueMs: EpochMs) => Promise<void>;
  /** It waits for this; undefined for what never comes. Told once for each. */
  readonly onWait: (nextMs: EpochMs | undefined) => void;
  readonly onFailure: (error: unknown, dueMs: EpochMs, retryInMs: number) => void;
}

/**
 * Does the work whenever the schedule says so, one at a time, until the signal. What was missed while nothing ran is
 * made up at once, but only the last of it: each run looks at what is newest. What fails is tried again, at a growing
 * distance, until the next one is due.
 */
export async function keepSchedule(kept: ScheduledWork): Promise<void> {
  const { schedule, sinceMs, timer, signal, isDone } = kept;
  let failures = 0;
  // Nothing is due from the one to the other; a clock that shows something else was set.
  let quiet = { fromMs: Number.POSITIVE_INFINITY, untilMs: Number.NEGATIVE_INFINITY };
  while (!signal.aborted) {
    const nowMs = timer.nowMs();
    if (nowMs < quiet.fromMs || nowMs >= quiet.untilMs) {
      const dueMs = schedule.latest(sinceMs, nowMs);
      if (dueMs !== undefined && !isDone(dueMs)) {
        failures = (await isCarriedOut(kept, dueMs, failures)) ? 0 : failures + 1;
        continue;
      }
      const nextMs = schedule.nextAfter(nowMs);
      const untilMs = nextMs ?? Number.POSITIVE_INFINITY;
      if (untilMs !== quiet.untilMs) kept.onWait(nextMs);
      quiet = { fromMs: nowMs, untilMs };
    }
    await pause(kept, Math.min(LOOK_EVERY_MS, quiet.untilMs - nowMs));
  }
}

/** @param failures of the same work before */
async function isCarriedOut(kept: ScheduledWork, dueMs: EpochMs, failures: number): Promise<boolean> {
  try {
    await kept.work(dueMs);
    return true;
  } catch (error) {
    if (kept.signal.aborted) return false;
    const retryMs = Math.min(LONGEST_RETRY_MS, MINUTE_MS * 2 ** failures);
    kept.onFailure(error, dueMs, retryMs);
    await pause(kept, retryMs);
    return false;
  }
}

async function pause({ timer, signal }: ScheduledWork, ms: number): Promise<void> {
  try {
    await timer.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
