import type { Clock, Timer } from '../domain/clock.ts';
import { MINUTE_MS } from '../domain/time.ts';

/** The exchange's limit, for all requests that come from one address on the internet. */
export const WEIGHT_PER_MINUTE = 1_200;

/** What has to be known at once (a candle that closed, later an order), or what may wait (a backfill, a batch). */
export type RequestKind = 'prompt' | 'background';

export interface SpendOptions {
  /** `background` where it is not said. */
  readonly kind?: RequestKind | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The request weight that a minute has, shared by everybody who asks the exchange from here. */
export interface RequestBudget {
  /**
   * Resolves when a request of this weight may be sent, and counts it. Background work leaves the reserve to what is
   * prompt.
   *
   * @throws RangeError for a weight that never fits
   * @throws the signal's reason as soon as it is aborted
   */
  spend(weight: number, options?: SpendOptions): Promise<void>;
  /** The exchange said that it was too much: nobody spends for so long. */
  exhausted(pauseMs: number): void;
  /** The weight that was spent in the past minute. */
  usedWeight(): number;
}

/**
 * Where the spent weight is written down. Every call is whole: nobody else's comes in between, and it asks the clock
 * only when it is its turn, so that the times which are written down ascend.
 */
export interface WeightLedger {
  /** Counts the weight if the past minute then holds at most `ceiling`, and gives 0; else how long to wait first. */
  take(weight: number, ceiling: number, clock: Clock): number;
  /** Nobody takes anything for so long. */
  pause(forMs: number, clock: Clock): void;
  used(clock: Clock): number;
}

export interface LimiterOptions {
  readonly timer: Timer;
  readonly weightPerMinute?: number;
  /** Kept free by background work. */
  readonly reserve?: number;
  /** In memory where there is none. */
  readonly ledger?: WeightLedger;
  /** Told for how long, at least, the request whose turn it is has to wait. */
  readonly onWait?: ((waitMs: number) => void) | undefined;
}

/**
 * Keeps requests under a weight per minute: no window of 60 seconds holds more. Calls of one kind are served in the
 * order in which they come, and what is prompt does not queue behind what is not.
 */
export class WeightLimiter implements RequestBudget {
  readonly #timer: Timer;
  readonly #ledger: WeightLedger;
  readonly #onWait: ((waitMs: number) => void) | undefined;
  readonly #ceilings: Readonly<Record<RequestKind, number>>;
  readonly #queues: Record<RequestKind, Promise<void>> = { prompt: Promise.resolve(), background: Promise.resolve() };

  constructor({ timer, weightPerMinute = WEIGHT_PER_MINUTE, reserve = 0, ledger, onWait }: LimiterOptions) {
    this.#timer = timer;
    this.#onWait = onWait;
    this.#ledger = ledger ?? new WeightsInMemory();
    this.#ceilings = { prompt: weightPerMinute, background: weightPerMinute - reserve };
  }

  async spend(weight: number, { kind = 'background', signal }: SpendOptions = {}): Promise<void> {
    const ceiling = this.#ceilings[kind];
    if (weight > ceiling) throw new RangeError(`a weight of ${weight} never fits into ${ceiling} a minute`);
    const turn = this.#queues[kind].then(() => this.#waitAndCount(weight, ceiling, signal));
    // A caller that gave up must not hold up those behind it.
    this.#queues[kind] = turn.catch(() => {});
    await unlessAborted(turn, signal);
  }

  exhausted(pauseMs: number): void {
    this.#ledger.pause(pauseMs, this.#timer);
  }

  usedWeight(): number {
    return this.#ledger.used(this.#timer);
  }

  async #waitAndCount(weight: number, ceiling: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const waitMs = this.#ledger.take(weight, ceiling, this.#timer);
      if (waitMs <= 0) return;
      this.#onWait?.(waitMs);
      await this.#timer.sleep(waitMs, signal);
    }
  }
}

/** The result of `work`, or the signal's reason as soon as it is aborted; `work` has to end by itself. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

export interface Spent {
  readonly atMs: number;
  readonly weight: number;
}

/**
 * How long until so much of the past minute has expired that this weight fits; 0 when it does.
 *
 * @param spent of the past minute, ascending
 */
export function waitMsFor(weight: number, ceiling: number, spent: readonly Spent[], nowMs: number): number {
  let used = spent.reduce((sum, each) => sum + each.weight, 0);
  if (used + weight <= ceiling) return 0;
  for (const each of spent) {
    used -= each.weight;
    if (used + weight <= ceiling) return each.atMs + MINUTE_MS - nowMs;
  }
  return 0;
}

/** The ledger of one process. */
export class WeightsInMemory implements WeightLedger {
  #spent: Spent[] = [];
  #pause = { untilMs: Number.NEGATIVE_INFINITY, setMs: Number.NEGATIVE_INFINITY };

  take(weight: number, ceiling: number, clock: Clock): number {
    const nowMs = this.#expire(clock);
    if (this.#pause.untilMs > nowMs) return this.#pause.untilMs - nowMs;
    const waitMs = waitMsFor(weight, ceiling, this.#spent, nowMs);
    if (waitMs <= 0) this.#spent.push({ atMs: nowMs, weight });
    return waitMs;
  }

  pause(forMs: number, clock: Clock): void {
    const nowMs = this.#expire(clock);
    if (nowMs + forMs > this.#pause.untilMs) this.#pause = { untilMs: nowMs + forMs, setMs: nowMs };
  }

  used(clock: Clock): number {
    this.#expire(clock);
    return this.#spent.reduce((sum, each) => sum + each.weight, 0);
  }

  /** What seems to lie ahead was written before the clock was set back: as of now, so that it does expire. */
  #expire(clock: Clock): number {
    const nowMs = clock.nowMs();
    this.#spent = this.#spent
      .filter(({ atMs }) => atMs > nowMs - MINUTE_MS)
      .map((each) => (each.atMs > nowMs ? { atMs: nowMs, weight: each.weight } : each));
    const { untilMs, setMs } = this.#pause;
    if (setMs > nowMs) this.#pause = { untilMs: untilMs - (setMs - nowMs), setMs: nowMs };
    return nowMs;
  }
}
