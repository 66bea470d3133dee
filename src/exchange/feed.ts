import { systemTimer, type Timer } from '../domain/clock.ts';
import { UsageError } from '../domain/errors.ts';
import { Prng } from '../domain/prng.ts';
import { MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import type { FeedEvent, FeedRequest, MarketFeed } from './feed-events.ts';
import { WeightLimiter } from './limiter.ts';
import { MAINNET_API_URL } from './requests.ts';
import type { Subscription } from './stream-connection.ts';

export interface FeedOptions {
  /** Of the HTTP interface; the stream is at `/ws` beside it. */
  readonly apiUrl?: string;
  readonly timer?: Timer;
  /** A socket that says nothing for so long, although it is pinged, is thrown away. */
  readonly silenceMs?: number;
  /** Told in one sentence, each problem once: what was malformed or complained of, or that nothing can be opened. */
  readonly onProblem?: (problem: string) => void;
}

/** Limits of the exchange for one address; of its 2,000 messages a minute some are left to others and to pings. */
const MAX_SUBSCRIPTIONS = 1_000;
const MESSAGES_PER_MINUTE = 1_800;
const SILENCE_MS = 30 * SECOND_MS;
/** With these, and a fresh start only after a minute, one that always fails is opened ten times a minute, of 30. */
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30 * SECOND_MS;
const STABLE_AFTER_MS = MINUTE_MS;

/**
 * The exchange's stream. A connection that is lost is replaced by another one that subscribes anew: nothing that was
 * missed is ever replayed, so it is the same as a first one. All waiting is done by the timer.
 */
export class HyperliquidFeed implements MarketFeed {
  readonly #url: string;
  readonly #timer: Timer;
  readonly #silenceMs: number;
  readonly #onProblem: (problem: string) => void;
  readonly #messages: WeightLimiter;
  readonly #prng: Prng;
  readonly #reported = new Set<string>();
  #malformed = 0;

  constructor({ apiUrl = MAINNET_API_URL, timer = systemTimer, silenceMs = SILENCE_MS, onProblem }: FeedOptions = {}) {
    this.#url = streamUrl(apiUrl);
    this.#timer = timer;
    this.#silenceMs = silenceMs;
    this.#onProblem = onProblem ?? (() => {});
    this.#messages = new WeightLimiter({ timer, weightPerMinute: MESSAGES_PER_MINUTE });
    // So that clients which lost the exchange together do not come back together.
    this.#prng = new Prng(timer.nowMs());
  }

  /** How many messages were not what they should be. Each was left out; the first of them was reported. */
  get malformedMessages(): number {
    return this.#malformed;
  }

  /**
   * @throws UsageError for more subscriptions than the exchange allows
   * @throws DataError for a subscription that the exchange refuses
   * @throws what `onEvent` throws
   */
  async run(request: FeedRequest, onEvent: (event: FeedEvent) => void, signal: AbortSignal): Promise<void> {
    const subscriptions = subscriptionsOf(request);
    const { attendConnection } = await import('./stream-connection.ts');
    const options = {
      url: this.#url,
      timer: this.#timer,
      silenceMs: this.#silenceMs,
      budget: this.#messages,
      onEvent,
      onMalformed: (error: Error & { readonly details: readonly string[] }) => {
        this.#malformed++;
        this.#report('malformed', [error.message, ...error.details].join(': '));
      },
      onComplaint: (text: string) => this.#report(text, `the exchange complains about its stream: ${text}`),
    };
    for (let failures = 0; !signal.aborted; failures++) {
      const openedMs = this.#timer.nowMs();
      const end = await attendConnection(subscriptions, options, signal);
      if (signal.aborted) return;
      if (this.#timer.nowMs() - openedMs >= STABLE_AFTER_MS) failures = 0;
      if (end.wasConnected) {
        this.#reported.delete('open');
        onEvent({ kind: 'lost', reason: end.reason });
      } else {
        const reason = end.detail ?? { closed: 'refused, or cut off', silent: 'no answer' }[end.reason];
        this.#report('open', `the exchange's stream at ${this.#url} cannot be opened (${reason}); it is tried again`);
      }
      await this.#pause(this.#backoffMs(failures), signal);
    }
  }

  /** Half to the whole of a time that doubles with every failure. */
  #backoffMs(failures: number): number {
    return Math.min(FIRST_BACKOFF_MS * 2 ** failures, LONGEST_BACKOFF_MS) * (0.5 + this.#prng.uniform() / 2);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#timer.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #report(key: string, problem: string): void {
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.#onProblem(problem);
  }
}

/** Where the stream of an exchange is. */
function streamUrl(apiUrl: string): string {
  const url = new URL(apiUrl);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/ws`;
  return url.href;
}

function subscriptionsOf({ candles, marks }: FeedRequest): Subscription[] {
  const all: Subscription[] = [
    ...candles.map(({ coin, interval }) => ({ type: 'candle', coin, interval }) as const),
    ...marks.map((coin) => ({ type: 'activeAssetCtx', coin }) as const),
  ];
  // Asked for twice, the exchange answers with an error.
  const distinct = [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
  if (distinct.length <= MAX_SUBSCRIPTIONS) return distinct;
  const count = distinct.length.toLocaleString('en-US');
  throw new UsageError(`${count} streams are more than the exchange allows to one address (1,000)`, {
    hint: 'Follow fewer coins or intervals: each interval of a coin is a stream, and each mark price.',
  });
}
