import type { Timer } from '../domain/clock.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';

interface Sleeper {
  readonly wakeMs: number;
  wake(): void;
}

/**
 * Time that stands still until somebody moves it on. A simulation moves it to the next sleeper whenever everything is
 * quiet (simulation.ts), so that days take seconds, and the same seed gives the same run.
 */
export class VirtualClock implements Timer {
  #nowMs: number;
  /** In the order in which they wake; of the same instant, who lay down first. */
  readonly #sleepers: Sleeper[] = [];
  #sleeps = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): EpochMs {
    return epochMs(this.#nowMs);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeMs: this.#nowMs + Math.max(0, Math.ceil(ms)),
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      this.#layDown(sleeper);
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  #layDown(sleeper: Sleeper): void {
    this.#sleeps++;
    const at = this.#sleepers.findLastIndex((other) => other.wakeMs <= sleeper.wakeMs) + 1;
    this.#sleepers.splice(at, 0, sleeper);
  }

  /** How often anybody has lain down: while it grows, something is still happening. */
  get sleeps(): number {
    return this.#sleeps;
  }

  /** When the next sleeper wakes; undefined when nobody sleeps. */
  get nextWakeMs(): EpochMs | undefined {
    const next = this.#sleepers[0];
    return next && epochMs(next.wakeMs);
  }

  /** Moves time to the next sleeper and wakes it, alone: what it does may change who is next. */
  wakeNext(): void {
    const next = this.#sleepers.shift();
    if (next === undefined) return;
    this.#nowMs = next.wakeMs;
    next.wake();
  }

  /**
   * Moves time on without waking anybody.
   *
   * @throws RangeError when that would go back in time or pass a sleeper over
   */
  moveTo(timeMs: number): void {
    const wakeMs = this.#sleepers[0]?.wakeMs ?? Number.POSITIVE_INFINITY;
    if (timeMs < this.#nowMs) throw new RangeError(`${timeMs} is before ${this.#nowMs}`);
    if (timeMs > wakeMs) throw new RangeError(`${timeMs} passes over a sleeper of ${wakeMs}`);
    this.#nowMs = timeMs;
  }
}
