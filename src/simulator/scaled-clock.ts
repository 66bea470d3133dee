import { systemTimer, type Timer } from '../domain/clock.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';

export interface ClockScale {
  /** What this clock shows when the other one shows `originMs`. */
  readonly startMs: number;
  readonly originMs: number;
  /** How many times faster than the other one it runs. */
  readonly speed: number;
}

/** Another time at another speed: history played as if it were now. Two processes with the same scale agree. */
export class ScaledClock implements Timer {
  readonly #scale: ClockScale;
  readonly #base: Timer;

  constructor(scale: ClockScale, base: Timer = systemTimer) {
    this.#scale = scale;
    this.#base = base;
  }

  nowMs(): EpochMs {
    const { startMs, originMs, speed } = this.#scale;
    return epochMs(Math.floor(startMs + (this.#base.nowMs() - originMs) * speed));
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#base.sleep(Math.max(0, ms) / this.#scale.speed, signal);
  }
}

/** A clock that is wrong by some milliseconds, and by how many can be changed. */
export class SkewedClock implements Timer {
  skewMs = 0;
  readonly #base: Timer;

  constructor(base: Timer) {
    this.#base = base;
  }

  nowMs(): EpochMs {
    return epochMs(this.#base.nowMs() + this.skewMs);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#base.sleep(ms, signal);
  }
}
