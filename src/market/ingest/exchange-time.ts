import type { Clock, Timer } from '../../domain/clock.ts';
import { type EpochMs, epochMs } from '../../domain/units.ts';

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
    const waitMs = timeMs - this.nowMs();
    if (waitMs > 0) await this.#timer.sleep(waitMs, signal);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#timer.sleep(ms, signal);
  }
}
