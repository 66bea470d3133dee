import { setMaxListeners } from 'node:events';
import type { Timer } from '../domain/clock.ts';
import { DataError } from '../domain/errors.ts';
import type { FeedEvent } from './feed-events.ts';
import type { RequestBudget } from './limiter.ts';
import { openStreamSocket, type StreamSocket } from './stream-socket.ts';
import { parseStreamMessage } from './wire-stream.ts';

export interface Subscription {
  readonly type: 'candle' | 'activeAssetCtx';
  readonly coin: string;
  readonly interval?: string;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly timer: Timer;
  readonly silenceMs: number;
  /** Of messages a minute. */
  readonly budget: RequestBudget;
  readonly onEvent: (event: FeedEvent) => void;
  readonly onMalformed: (error: DataError) => void;
  /** What the exchange complains about without refusing a subscription. */
  readonly onComplaint: (text: string) => void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: 'closed' | 'silent';
  /** It had subscribed to everything. */
  readonly wasConnected: boolean;
  /** More about it, where that is known: Node does not tell why a socket could not be opened. */
  readonly detail: string | undefined;
}

/** So many are asked for at once; the SDK's work to match the answers grows with the square of it. */
const SUBSCRIPTIONS_AT_ONCE = 50;
const REQUEST_TIMEOUT_MS = 10_000;
/** A silence is so many looks long. Who was heard at none of them is gone; who was missed at one is pinged. */
const LOOKS_PER_SILENCE = 3;

/**
 * One connection to the exchange's stream, from its opening until it is lost or the signal is aborted; it is closed
 * then, and nothing of it is left.
 *
 * @throws DataError for a subscription that the exchange refuses
 * @throws what `onEvent` throws
 */
export function attendConnection(
  subscriptions: readonly Subscription[],
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<ConnectionEnd> {
  return new Connection(subscriptions, options).attend(signal);
}

class Connection {
  readonly #subscriptions: readonly Subscription[];
  readonly #options: ConnectionOptions;
  readonly #end = Promise.withResolvers<'closed' | 'silent'>();
  readonly #over = new AbortController();
  /** The newest candle of each series that was asked for. What is late or comes twice says nothing new. */
  readonly #begunMs = new Map<string, number>();
  readonly #marks = new Set<string>();
  #isHeard = false;
  #wasConnected = false;
  #detail: string | undefined;

  constructor(subscriptions: readonly Subscription[], options: ConnectionOptions) {
    this.#subscriptions = subscriptions;
    this.#options = options;
    for (const each of subscriptions) {
      if (each.type === 'candle') this.#begunMs.set(`${each.coin} ${each.interval}`, Number.NEGATIVE_INFINITY);
      else this.#marks.add(each.coin);
    }
  }

  async attend(signal: AbortSignal): Promise<ConnectionEnd> {
    const socket = await openStreamSocket(this.#options.url, (frame) => this.#admits(frame), REQUEST_TIMEOUT_MS);
    const isOver = AbortSignal.any([signal, socket.ended, this.#over.signal]);
    // Every subscription waits by it.
    setMaxListeners(0, isOver);
    isOver.addEventListener('abort', () => this.#end.resolve('closed'), { once: true });
    if (isOver.aborted) this.#end.resolve('closed');
    const work = [this.#subscribe(socket, isOver), this.#watch(socket, isOver)];
    try {
      const reason = await this.#end.promise;
      return { reason, wasConnected: this.#wasConnected, detail: this.#detail };
    } finally {
      this.#over.abort();
      await Promise.all([socket.close(), ...work]);
    }
  }

  async #subscribe(socket: StreamSocket, isOver: AbortSignal): Promise<void> {
    const all = this.#subscriptions;
    try {
      for (let from = 0; from < all.length; from += SUBSCRIPTIONS_AT_ONCE) {
        const some = all.slice(from, from + SUBSCRIPTIONS_AT_ONCE);
        await this.#options.budget.spend(some.length, { signal: isOver });
        await Promise.all(some.map((each) => socket.subscribe(each, isOver)));
      }
    } catch (error) {
      // The exchange did not answer in time, or the connection was lost meanwhile.
      if (!isOver.aborted) this.#detail = error instanceof Error ? error.message : String(error);
      this.#over.abort();
      return;
    }
    this.#wasConnected = true;
    this.#tell({ kind: 'connected' });
  }

  /** Looks now and then whether anything was heard. It counts looks, not time: a clock that is set frightens nobody. */
  async #watch(socket: StreamSocket, isOver: AbortSignal): Promise<void> {
    const { timer, silenceMs } = this.#options;
    for (let missed = 0; missed < LOOKS_PER_SILENCE; ) {
      try {
        await timer.sleep(silenceMs / LOOKS_PER_SILENCE, isOver);
      } catch (error) {
        if (!isOver.aborted) this.#end.reject(error);
        return;
      }
      missed = this.#isHeard ? 0 : missed + 1;
      this.#isHeard = false;
      if (missed > 0) socket.ping();
    }
    this.#end.resolve('silent');
  }

  /** Deals with a message, and says whether the SDK may see it: it waits for the answers to subscriptions alone. */
  #admits(frame: unknown): boolean {
    this.#isHeard = true;
    try {
      const message = parseStreamMessage(frame);
      if (message.kind === 'events') for (const event of message.events) this.#pass(event);
      if (message.kind === 'error') this.#onError(message.text);
      return message.kind === 'reply';
    } catch (error) {
      if (error instanceof DataError) this.#options.onMalformed(error);
      else this.#end.reject(error);
      return false;
    }
  }

  #pass(event: Extract<FeedEvent, { kind: 'candle' | 'mark' }>): void {
    if (event.kind === 'candle') {
      const series = `${event.coin} ${event.interval}`;
      const newestMs = this.#begunMs.get(series);
      if (newestMs === undefined || event.openTimeMs <= newestMs) return;
      this.#begunMs.set(series, event.openTimeMs);
      this.#tell(event);
    } else if (this.#marks.has(event.coin)) this.#tell(event);
  }

  #tell(event: FeedEvent): void {
    if (this.#over.signal.aborted) return;
    try {
      this.#options.onEvent(event);
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #onError(text: string): void {
    if (!/^(Invalid subscription|Error parsing JSON)/.test(text)) {
      this.#options.onComplaint(text);
      return;
    }
    this.#end.reject(
      new DataError('the exchange refuses a subscription', {
        details: [text.slice(0, 200)],
        hint: 'Its protocol may have changed.',
      }),
    );
  }
}
