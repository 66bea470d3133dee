import { HOUR_MS, intervalMs, MINUTE_MS, SECOND_MS } from '../../domain/time.ts';
import type { RequestKind } from '../../exchange/limiter.ts';
import type { Asks } from './asks.ts';
import type { FollowEvent } from './contract.ts';
import type { ExchangeTime } from './exchange-time.ts';
import type { CallSubject } from './schedule.ts';

/** Pauses after answers that lack what has closed. After the last one it is left to the calls of the schedule. */
const ABSENT_PAUSES_MS: Readonly<Record<RequestKind, readonly number[]>> = {
  prompt: [3 * SECOND_MS, 9 * SECOND_MS, 27 * SECOND_MS],
  background: [MINUTE_MS, 3 * MINUTE_MS, 9 * MINUTE_MS],
};
/** Pauses after failures double up to this. */
const FIRST_FAILURE_PAUSE_MS = 2 * SECOND_MS;
const LONGEST_FAILURE_PAUSE_MS = 5 * MINUTE_MS;

/**
 * One series and where it stands. It is told what has closed and asks until it has that: one call at a time, again
 * after growing pauses, and whatever goes wrong is its own matter.
 */
export class FollowedSeries {
  readonly subject: CallSubject;
  readonly #asks: Asks;
  readonly #time: ExchangeTime;
  readonly #signal: AbortSignal;
  readonly #onEvent: (event: FollowEvent) => void;
  #upToMs: number | undefined;
  #wantedMs = Number.NEGATIVE_INFINITY;
  #isAtWork = false;
  #pause: AbortController | undefined;
  #absences = 0;
  #failures = 0;

  constructor(
    subject: CallSubject,
    asks: Asks,
    time: ExchangeTime,
    signal: AbortSignal,
    onEvent: (event: FollowEvent) => void,
  ) {
    this.subject = subject;
    this.#asks = asks;
    this.#time = time;
    this.#signal = signal;
    this.#onEvent = onEvent;
    this.#upToMs = asks.storedUpToMs(subject);
  }

  get stepMs(): number {
    return this.subject.what === 'funding' ? HOUR_MS : intervalMs(this.subject.what);
  }

  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  /** Resolves, and never throws, when all up to that close is stored or nothing more can be done about it for now. */
  async want(closeMs: number, kind: RequestKind): Promise<void> {
    // The last word counts, not the greatest: a clock that was wrong may have asked for a close that is days ahead.
    this.#wantedMs = closeMs;
    this.#pause?.abort();
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    while (this.#isBehind && !this.#signal.aborted) {
      const pauseMs = await this.#turn(kind);
      if (pauseMs === undefined) break;
      if (pauseMs > 0) await this.#rest(pauseMs);
    }
    this.#isAtWork = false;
  }

  get #isBehind(): boolean {
    return (this.#upToMs ?? Number.NEGATIVE_INFINITY) < this.#wantedMs;
  }

  /** One call. @returns how long to wait before the next one, or undefined when the schedule's will do */
  async #turn(kind: RequestKind): Promise<number | undefined> {
    const wantedMs = this.#wantedMs;
    try {
      const { added, revised, upToMs } = await this.#asks.ask(this.subject, wantedMs, this.#upToMs, kind);
      this.#upToMs = upToMs;
      this.#recovered();
      if (added > 0 || revised > 0) {
        const delayMs = this.#time.nowMs() - (upToMs ?? 0);
        this.#onEvent({ kind: 'stored', ...this.subject, added, revised, upToMs: upToMs ?? 0, delayMs });
      }
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      return this.#failed(error);
    }
    if (!this.#isBehind) {
      this.#absences = 0;
      return 0;
    }
    // What closed while the answer was on its way is asked for at once.
    return (this.#upToMs ?? 0) >= wantedMs || this.#wantedMs !== wantedMs ? 0 : this.#absent(wantedMs, kind);
  }

  #absent(expectedMs: number, kind: RequestKind): number | undefined {
    const againInMs = ABSENT_PAUSES_MS[kind][this.#absences];
    this.#absences++;
    this.#onEvent({ kind: 'absent', ...this.subject, expectedMs, againInMs });
    return againInMs;
  }

  #failed(error: unknown): number {
    const againInMs = Math.min(FIRST_FAILURE_PAUSE_MS * 2 ** this.#failures, LONGEST_FAILURE_PAUSE_MS);
    this.#failures++;
    this.#onEvent({ kind: 'failed', ...this.subject, error, failures: this.#failures, againInMs });
    return againInMs;
  }

  #recovered(): void {
    if (this.#failures > 0) this.#onEvent({ kind: 'recovered', ...this.subject, failures: this.#failures });
    this.#failures = 0;
  }

  /** Ends early when something new is wanted. */
  async #rest(pauseMs: number): Promise<void> {
    const pause = new AbortController();
    this.#pause = pause;
    await this.#time.sleep(pauseMs, AbortSignal.any([pause.signal, this.#signal])).catch(() => {});
    this.#pause = undefined;
  }
}
