import type { Clock } from '../domain/clock.ts';
import { MINUTE_MS } from '../domain/time.ts';

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

interface Spent {
  readonly atMs: number;
  readonly weight: number;
}

/**
 * Keeps requests under the exchange's weight per minute and address: no window of 60 seconds holds more than the
 * budget. Calls are served in the order in which they come.
 */
export class WeightLimiter {
  readonly #weightPerMinute: number;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  #spent: Spent[] = [];
  #queue: Promise<void> = Promise.resolve();

  constructor(weightPerMinute: number, clock: Clock, sleep: Sleep) {
    this.#weightPerMinute = weightPerMinute;
    this.#clock = clock;
    this.#sleep = sleep;
  }

  /** Resolves when a request of this weight (at most the budget) may be sent, and counts it. */
  spend(weight: number, signal?: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#waitAndCount(weight, signal));
    // A caller that gave up must not hold up those behind it.
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #waitAndCount(weight: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const nowMs = this.#clock.nowMs();
      this.#spent = this.#spent.filter((each) => each.atMs > nowMs - MINUTE_MS);
      const waitMs = this.#waitMs(weight, nowMs);
      if (waitMs <= 0) {
        this.#spent.push({ atMs: nowMs, weight });
        return;
      }
      await this.#sleep(waitMs, signal);
    }
  }

  /** Until so much of the past minute has expired that this weight fits. */
  #waitMs(weight: number, nowMs: number): number {
    let used = this.#spent.reduce((sum, each) => sum + each.weight, 0);
    for (const { atMs, weight: freed } of this.#spent) {
      if (used + weight <= this.#weightPerMinute) return 0;
      used -= freed;
      if (used + weight <= this.#weightPerMinute) return atMs + MINUTE_MS - nowMs;
    }
    return 0;
  }
}
