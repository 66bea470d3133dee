import type { Clock, Timer } from '../../domain/clock.ts';
import { MINUTE_MS } from '../../domain/time.ts';
import { type EpochMs, epochMs } from '../../domain/units.ts';

/** Nobody sleeps longer without a look at the clock, which may have been set meanwhile. */
const LONGEST_SLEEP_MS = MINUTE_MS / 2;

/** The exchange's time: this machine's, and what was measured that it is off by. */
export class ExchangeTime implements Clock {
  readonly #timer: Timer;
  #skewMs = 0;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  /** By how much the exchange's clock is ahead. */
  get skewMs(): number {
    return this.#skewMs;
  }

  set skewMs(skewMs: number) {
    this.#skewMs = skewMs;
  }

  nowMs(): EpochMs {
    return epochMs(this.#timer.nowMs() + this.#skewMs);
  }

  /** @throws the signal's reason as soon as it is aborted */
  async sleepUntil(timeMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    for (let waitMs = timeMs - this.nowMs(); waitMs > 0; waitMs = timeMs - this.nowMs()) {
      await this.#timer.sleep(Math.min(waitMs, LONGEST_SLEEP_MS), signal);
    }
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#timer.sleep(ms, signal);
  }
}
