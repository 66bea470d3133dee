import { type EpochMs, epochMs } from './units.ts';

/** The only place that asks the machine for the time. Everything that needs it is handed a clock. */
export interface Clock {
  nowMs(): EpochMs;
}

export const systemClock: Clock = { nowMs: () => epochMs(Date.now()) };

/** A clock that stands still, for tests and for replays. */
export function fixedClock(timeMs: number): Clock {
  return { nowMs: () => epochMs(timeMs) };
}
