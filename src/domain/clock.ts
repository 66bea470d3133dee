import { type EpochMs, epochMs } from './units.ts';

/** The only place that asks the machine for the time. Everything that needs it is handed a clock. */
export interface Clock {
  nowMs(): EpochMs;
}

/** A clock that one can wait by. A simulation hands out its own, and its days take seconds. */
export interface Timer extends Clock {
  /** @throws the signal's reason as soon as it is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { nowMs: () => epochMs(Date.now()) };

export const systemTimer: Timer = {
  nowMs: systemClock.nowMs,
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

/** A clock that stands still, for tests and for replays. */
export function fixedClock(timeMs: number): Clock {
  return { nowMs: () => epochMs(timeMs) };
}
