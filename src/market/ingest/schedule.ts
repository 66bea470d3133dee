import { HOUR_MS, type Interval, intervalMs, MINUTE_MS } from '../../domain/time.ts';
import { batchCalls, batchOffsetMs, type FollowPlan, PROMPT_DELAY_MS } from './plan.ts';

/** What one call asks for. */
export interface CallSubject {
  readonly coin: string;
  readonly what: Interval | 'funding';
}

/** When to ask for what, in the time of the exchange. */
export interface ScheduledCall extends CallSubject {
  readonly atMs: number;
  readonly kind: 'prompt' | 'background';
}

/**
 * The calls of a plan from a time on, without end and in order of time. Everything is asked for once at the start; then
 * what has closed, and nothing else.
 */
export function* schedule(plan: FollowPlan, fromMs: number): Generator<ScheduledCall, never> {
  const line = new Line(plan);
  for (let minuteMs = Math.floor(fromMs / MINUTE_MS) * MINUTE_MS; ; minuteMs += MINUTE_MS) {
    line.admit(minuteMs);
    const promptMs = minuteMs + PROMPT_DELAY_MS;
    if (promptMs >= fromMs) {
      for (const subject of promptSubjects(plan, minuteMs)) yield { ...subject, atMs: promptMs, kind: 'prompt' };
    }
    const calls = batchCalls(plan, minuteMs);
    for (let number = 0; number < calls && !line.isEmpty; number++) {
      const atMs = minuteMs + batchOffsetMs(number, calls);
      if (atMs >= fromMs) yield { ...line.take(), atMs, kind: 'background' };
    }
  }
}

function promptSubjects({ traded, intervals }: FollowPlan, minuteMs: number): CallSubject[] {
  const closing = intervals.filter((interval) => minuteMs % intervalMs(interval) === 0);
  return closing.flatMap((what) => traded.map((coin) => ({ coin, what })));
}

/** Series with something to ask for, in the order in which it came up; each stands in it once. */
class Line {
  readonly #regular: readonly CallSubject[];
  readonly #waiting: Set<CallSubject>;

  constructor({ coins, traded, batched, intervals }: FollowPlan) {
    const candles = (some: readonly string[]): CallSubject[] =>
      intervals.flatMap((what) => some.map((coin) => ({ coin, what })));
    const funding = coins.map((coin) => ({ coin, what: 'funding' as const }));
    this.#regular = [...candles(batched), ...funding];
    this.#waiting = new Set([...candles(traded), ...this.#regular]);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Lets in what closes at that time and is not waiting already. */
  admit(minuteMs: number): void {
    for (const subject of this.#regular) {
      const stepMs = subject.what === 'funding' ? HOUR_MS : intervalMs(subject.what);
      if (minuteMs % stepMs === 0) this.#waiting.add(subject);
    }
  }

  take(): CallSubject {
    const [first] = this.#waiting;
    if (first === undefined) throw new RangeError('nobody waits');
    this.#waiting.delete(first);
    return first;
  }
}
