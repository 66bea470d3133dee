import { setTimeout as delay } from 'node:timers/promises';
import type { HttpRequestError, InfoClient } from '@nktkas/hyperliquid';
import type { ClosedCandle } from '../domain/candle.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { DataError, didYouMean, ExchangeUnreachableError, UsageError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { type Sleep, WeightLimiter } from './limiter.ts';
import type { FundingSettlement } from './wire.ts';

export const MAINNET_API_URL = 'https://api.hyperliquid.xyz';

export interface InfoOptions {
  readonly apiUrl?: string;
  /** How long the first answer may take before the exchange counts as unreachable. */
  readonly connectTimeoutMs?: number;
  readonly clock?: Clock;
  readonly sleep?: Sleep;
}

export interface FetchOptions {
  /** @param done of `total` candles that the asked-for time can have; at the end both are equal */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Limits of the exchange, per minute and address, and per answer. */
const WEIGHT_PER_MINUTE = 1_200;
const BASE_WEIGHT = 20;
const CANDLES_PER_ANSWER = 5_000;
const CANDLES_PER_WEIGHT = 60;
const RATES_PER_ANSWER = 500;
const RATES_PER_WEIGHT = 20;
/** Waits between attempts. Too many requests: until the minute that is measured is over. */
const BUSY_WAITS_MS = [2_000, 4_000, 8_000, 16_000, 32_000];
const FAILURE_WAITS_MS = [500, 1_000, 2_000];

/** The exchange's public data: no key, no account. Every answer is checked before anybody sees it. */
export class HyperliquidInfo {
  readonly #apiUrl: string;
  readonly #connectTimeoutMs: number;
  readonly #clock: Clock;
  readonly #sleep: Sleep;
  readonly #limiter: WeightLimiter;
  #client: Promise<InfoClient> | undefined;
  #contact: Promise<void> | undefined;
  #instruments: Promise<readonly Instrument[]> | undefined;

  constructor(options: InfoOptions = {}) {
    this.#apiUrl = options.apiUrl ?? MAINNET_API_URL;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    this.#clock = options.clock ?? systemClock;
    this.#sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }));
    this.#limiter = new WeightLimiter(WEIGHT_PER_MINUTE, this.#clock, this.#sleep);
  }

  /** Does the exchange answer at all? Known within seconds. */
  async isReachable(): Promise<boolean> {
    try {
      await this.#reach();
      return true;
    } catch (error) {
      if (error instanceof ExchangeUnreachableError) return false;
      throw error;
    }
  }

  /**
   * Closed candles that open at or after `fromMs` and close at or before `toMs`, ascending. The exchange keeps the
   * newest 5,000 of an interval, so the first may be later than asked for.
   *
   * @throws UsageError for an unknown coin, with the nearest names
   * @throws ExchangeUnreachableError
   * @throws DataError for an answer that is not what it should be
   */
  async candles(
    coin: string,
    interval: Interval,
    fromMs: number,
    toMs: number,
    { onProgress, signal }: FetchOptions = {},
  ): Promise<ClosedCandle[]> {
    await this.#requireCoin(coin, signal);
    const stepMs = intervalMs(interval);
    const startMs = Math.ceil(fromMs / stepMs) * stepMs;
    let endMs = Math.floor(Math.min(toMs, this.#clock.nowMs()) / stepMs) * stepMs;
    const total = Math.max(0, (endMs - startMs) / stepMs);
    const pages: ClosedCandle[][] = [];
    // Backwards, because only the far end is unknown: where the exchange has no more, an answer is empty.
    while (endMs > startMs) {
      const pageMs = Math.max(startMs, endMs - CANDLES_PER_ANSWER * stepMs);
      const page = await this.#candlePage(coin, interval, pageMs, endMs, signal);
      if (page.length === 0 && pages.length > 0) break;
      if (page.length > 0) pages.unshift(page);
      endMs = pageMs;
      onProgress?.(total - (endMs - startMs) / stepMs, total);
    }
    onProgress?.(total, total);
    return pages.flat();
  }

  /** Candles that open from `fromMs` and close by `toMs`, both on the grid. */
  async #candlePage(
    coin: string,
    interval: Interval,
    fromMs: number,
    toMs: number,
    signal: AbortSignal | undefined,
  ): Promise<ClosedCandle[]> {
    const request = { coin, interval, startTime: fromMs, endTime: toMs - 1 };
    const weight = BASE_WEIGHT + Math.ceil((toMs - fromMs) / intervalMs(interval) / CANDLES_PER_WEIGHT);
    const answer = await this.#request((client, abort) => client.candleSnapshot(request, abort), weight, signal);
    const { parseCandles, requireGrid } = await import('./wire.ts');
    const origin = `the exchange's answer to candleSnapshot ${coin} ${interval}`;
    const parsed = parseCandles(answer, origin, this.#clock.nowMs());
    if (parsed === undefined) return [];
    if (parsed.coin !== coin || parsed.interval !== interval) {
      throw new DataError(`${origin} is about ${parsed.coin} ${parsed.interval}`);
    }
    // The exchange selects by overlap and promises no order.
    const candles = parsed.candles
      .filter(({ openTimeMs }) => openTimeMs >= fromMs && openTimeMs < toMs)
      .sort((a, b) => a.openTimeMs - b.openTimeMs);
    requireGrid(candles, interval, origin);
    return candles;
  }

  /**
   * Funding settlements from `fromMs` to `toMs`, both included, ascending.
   *
   * @throws as `candles`
   */
  async funding(
    coin: string,
    fromMs: number,
    toMs: number,
    { signal }: FetchOptions = {},
  ): Promise<FundingSettlement[]> {
    await this.#requireCoin(coin, signal);
    const { parseFunding } = await import('./wire.ts');
    const origin = `the exchange's answer to fundingHistory ${coin}`;
    const weight = BASE_WEIGHT + RATES_PER_ANSWER / RATES_PER_WEIGHT;
    const all: FundingSettlement[] = [];
    for (let startTime = fromMs; startTime <= toMs; ) {
      const request = { coin, startTime, endTime: toMs };
      const answer = await this.#request((client, abort) => client.fundingHistory(request, abort), weight, signal);
      const page = parseFunding(answer, origin)?.settlements ?? [];
      const last = page[page.length - 1];
      if (last === undefined) break;
      if (last.timeMs < startTime) throw new DataError(`${origin} goes back in time`);
      all.push(...page);
      if (page.length < RATES_PER_ANSWER) break;
      startTime = last.timeMs + 1;
    }
    return all;
  }

  /** The rules of every perpetual; asked for once. */
  instruments({ signal }: FetchOptions = {}): Promise<readonly Instrument[]> {
    this.#instruments ??= this.#fetchInstruments(signal).catch((error) => {
      this.#instruments = undefined;
      throw error;
    });
    return this.#instruments;
  }

  async #fetchInstruments(signal: AbortSignal | undefined): Promise<readonly Instrument[]> {
    const answer = await this.#request((client, abort) => client.meta(abort), BASE_WEIGHT, signal);
    const { parseInstruments } = await import('./wire.ts');
    return parseInstruments(answer, "the exchange's answer to meta");
  }

  async #requireCoin(coin: string, signal: AbortSignal | undefined): Promise<void> {
    const coins = (await this.instruments({ signal })).map((instrument) => instrument.coin);
    if (coins.includes(coin)) return;
    throw new UsageError(`the exchange has no perpetual '${coin}'`, { hint: didYouMean(coin, coins) });
  }

  /** One request within the budget, again after a pause where that may help. */
  async #request(
    send: (client: InfoClient, abort: AbortSignal | undefined) => Promise<unknown>,
    weight: number,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    await this.#reach();
    const client = await this.#lazyClient();
    for (let attempt = 0; ; attempt++) {
      await this.#limiter.spend(weight, signal);
      try {
        return await send(client, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const failure = await failureOf(error, this.#apiUrl);
        const waitMs = failure.waitsMs[attempt];
        if (waitMs === undefined) throw failure.error;
        await this.#sleep(waitMs, signal);
      }
    }
  }

  /** The first contact, by a small request and with little patience: everything after it may take its time. */
  #reach(): Promise<void> {
    this.#contact ??= this.#firstContact().catch((error) => {
      this.#contact = undefined;
      throw error;
    });
    return this.#contact;
  }

  async #firstContact(): Promise<void> {
    const client = await this.#lazyClient();
    try {
      await client.exchangeStatus(AbortSignal.timeout(this.#connectTimeoutMs));
    } catch (error) {
      const failure = await failureOf(error, this.#apiUrl);
      // Any answer in the exchange's own manner will do: even 'too many requests' says that it is there.
      if (!failure.isExchange) throw failure.error;
    }
  }

  async #lazyClient(): Promise<InfoClient> {
    this.#client ??= import('@nktkas/hyperliquid').then(
      ({ HttpTransport, InfoClient }) =>
        new InfoClient({ transport: new HttpTransport({ apiUrl: this.#apiUrl, timeout: REQUEST_TIMEOUT_MS }) }),
    );
    return this.#client;
  }
}

interface Failure {
  readonly error: unknown;
  /** How long to wait before each further attempt; none where it would not help. */
  readonly waitsMs: readonly number[];
  /** The answer came from the exchange, not from something in between. */
  readonly isExchange: boolean;
}

/** What a failed request of the SDK means. */
async function failureOf(error: unknown, apiUrl: string): Promise<Failure> {
  const { HttpRequestError } = await import('@nktkas/hyperliquid');
  if (!(error instanceof HttpRequestError)) return { error, waitsMs: [], isExchange: false };
  const { response } = error;
  if (response === undefined) {
    return { error: unreachable(apiUrl, reasonOf(error), error), waitsMs: FAILURE_WAITS_MS, isExchange: false };
  }
  const body = await response.text().catch(() => '');
  const status = `HTTP ${response.status}`;
  if (response.status === 429) {
    const busy = unreachable(apiUrl, `${status}: too many requests from this address`, error);
    return { error: busy, waitsMs: BUSY_WAITS_MS, isExchange: true };
  }
  if (isMarkup(body)) {
    const stranger = unreachable(apiUrl, `${status} with a web page, so something in between answered`, error);
    return { error: stranger, waitsMs: [], isExchange: false };
  }
  if (response.status >= 500) {
    return { error: unreachable(apiUrl, status, error), waitsMs: FAILURE_WAITS_MS, isExchange: true };
  }
  const refused = new DataError(`the exchange refused a request (${status})`, {
    details: [body.slice(0, 200)],
    hint: 'Its protocol may have changed.',
    cause: error,
  });
  return { error: refused, waitsMs: [], isExchange: true };
}

function isMarkup(body: string): boolean {
  return /^\s*</.test(body);
}

function unreachable(apiUrl: string, reason: string, cause: unknown): ExchangeUnreachableError {
  return new ExchangeUnreachableError(`the exchange cannot be reached (${reason})`, {
    details: [apiUrl],
    hint: 'Check the network, or import candles from files.',
    cause,
  });
}

/** The reason that a request got no answer, as deep as it can be found: ENOTFOUND rather than 'fetch failed'. */
function reasonOf(error: HttpRequestError): string {
  let reason = error.message;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause.name === 'TimeoutError') return 'no answer in time';
    reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  }
  return reason;
}
