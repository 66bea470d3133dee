import type { InfoClient } from '@nktkas/hyperliquid';
import { systemTimer, type Timer } from '../domain/clock.ts';
import type { EpochMs } from '../domain/units.ts';
import { failureOf } from './failure.ts';
import { type RequestBudget, type RequestKind, WeightLimiter } from './limiter.ts';

export const MAINNET_API_URL = 'https://api.hyperliquid.xyz';

export interface InfoOptions {
  readonly apiUrl?: string;
  /** How long the first answer may take before the exchange counts as unreachable. */
  readonly connectTimeoutMs?: number;
  readonly timer?: Timer;
  /** In place of one that this client has for itself. */
  readonly budget?: RequestBudget;
}

export interface RequestOptions {
  /** `background` where it is not said. */
  readonly kind?: RequestKind | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TimedAnswer {
  readonly timeMs: EpochMs;
  readonly sentMs: EpochMs;
  readonly answeredMs: EpochMs;
}

export type Send = (client: InfoClient, abort: AbortSignal | undefined) => Promise<unknown>;

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
const STATUS_WEIGHT = 2;
/** Waits between attempts. Too many requests: until the minute that is measured is over. */
const BUSY_PAUSES_MS = [2_000, 4_000, 8_000, 16_000, 32_000];
const FAILURE_WAITS_MS = [500, 1_000, 2_000];

/** Requests of public data: within the budget, and again where that may help. The SDK takes 0.2 s to load. */
export class Requests {
  readonly timer: Timer;
  readonly #apiUrl: string;
  readonly #connectTimeoutMs: number;
  readonly #budget: RequestBudget;
  #client: Promise<InfoClient> | undefined;
  #contact: Promise<void> | undefined;
  #exchangeTimeMs: EpochMs | undefined;

  constructor({ apiUrl, connectTimeoutMs, timer, budget }: InfoOptions) {
    this.timer = timer ?? systemTimer;
    this.#apiUrl = apiUrl ?? MAINNET_API_URL;
    this.#connectTimeoutMs = connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#budget = budget ?? new WeightLimiter({ timer: this.timer });
  }

  /** What the exchange's clock said last: it is that late there at least, whatever this machine's clock says. */
  get exchangeTimeMs(): EpochMs | undefined {
    return this.#exchangeTimeMs;
  }

  /**
   * @returns the answer, unchecked
   * @throws ExchangeUnreachableError, DataError for a refusal, the signal's reason
   */
  async send(send: Send, weight: number, options: RequestOptions): Promise<unknown> {
    await this.reach(options);
    const client = await this.#lazyClient();
    for (let attempt = 0; ; attempt++) {
      await this.#budget.spend(weight, options);
      try {
        return await send(client, options.signal);
      } catch (error) {
        options.signal?.throwIfAborted();
        await this.#recover(error, attempt, options.signal);
      }
    }
  }

  /** Returns when the next attempt may be made, and throws when there is to be none. */
  async #recover(error: unknown, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const failure = await failureOf(error, this.#apiUrl);
    const waitMs = { none: [], pause: BUSY_PAUSES_MS, wait: FAILURE_WAITS_MS }[failure.remedy][attempt];
    if (failure.remedy === 'pause') this.#budget.exhausted(Math.max(waitMs ?? 0, failure.demandedMs));
    if (waitMs === undefined) throw failure.error;
    if (failure.remedy === 'wait') await this.timer.sleep(waitMs, signal);
  }

  /** The exchange's time, and this machine's before and after; null when the answer has none. */
  async exchangeTime(options: RequestOptions): Promise<TimedAnswer | null> {
    let sentMs = this.timer.nowMs();
    const answer = await this.send(
      (client, abort) => {
        sentMs = this.timer.nowMs();
        return client.exchangeStatus(abort);
      },
      STATUS_WEIGHT,
      options,
    );
    const answeredMs = this.timer.nowMs();
    const timeMs = await this.#noteTime(answer);
    return timeMs === null ? null : { timeMs, sentMs, answeredMs };
  }

  /** The first contact, by a small request and with little patience: everything after it may take its time. */
  reach(options: RequestOptions): Promise<void> {
    this.#contact ??= this.#firstContact(options).catch((error) => {
      this.#contact = undefined;
      throw error;
    });
    return this.#contact;
  }

  async #firstContact({ signal }: RequestOptions): Promise<void> {
    const client = await this.#lazyClient();
    await this.#budget.spend(STATUS_WEIGHT, { kind: 'prompt', signal });
    const patience = AbortSignal.timeout(this.#connectTimeoutMs);
    try {
      await this.#noteTime(await client.exchangeStatus(signal ? AbortSignal.any([signal, patience]) : patience));
    } catch (error) {
      signal?.throwIfAborted();
      const failure = await failureOf(error, this.#apiUrl);
      if (failure.remedy === 'pause') this.#budget.exhausted(failure.demandedMs);
      // Any answer in the exchange's own manner will do: even 'too many requests' says that it is there.
      if (!failure.isExchange) throw failure.error;
    }
  }

  async #noteTime(answer: unknown): Promise<EpochMs | null> {
    const { parseExchangeTime } = await import('./wire.ts');
    const timeMs = parseExchangeTime(answer, "the exchange's answer to exchangeStatus");
    if (timeMs !== null) this.#exchangeTimeMs = timeMs;
    return timeMs;
  }

  async #lazyClient(): Promise<InfoClient> {
    this.#client ??= import('@nktkas/hyperliquid').then(
      ({ HttpTransport, InfoClient }) =>
        new InfoClient({ transport: new HttpTransport({ apiUrl: this.#apiUrl, timeout: REQUEST_TIMEOUT_MS }) }),
    );
    return this.#client;
  }
}
