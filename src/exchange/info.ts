import type { ClosedCandle } from '../domain/candle.ts';
import { DataError, didYouMean, ExchangeUnreachableError, UsageError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { type InfoOptions, type RequestOptions, Requests } from './requests.ts';
import type { FundingSettlement } from './wire.ts';

export interface FetchOptions extends RequestOptions {
  /** @param done of `total` candles that the asked-for time can have; at the end both are equal */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The candles of one answer, ascending. */
export interface CandlePage {
  readonly candles: readonly ClosedCandle[];
  /** The time that was asked about, on the grid, its end excluded. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /**
   * Only the last page has it. `asked`: the first candle that was asked for is there. `served`: the exchange has none
   * so early, because it serves no more, because the coin was listed later, or because it stood still then.
   */
  readonly end: 'asked' | 'served' | undefined;
}

/** How far the exchange's clock is ahead of this machine's. */
export interface ClockSkew {
  /** Exchange time minus time of this machine. */
  readonly offsetMs: number;
  /** Half of the round trip in which it was measured: the true offset is within this of it. */
  readonly uncertaintyMs: number;
}

/** When a coin was traded; null where no trade is known. */
export interface Listing {
  readonly coin: string;
  readonly isDelisted: boolean;
  /**
   * Open time of the first candle with a trade: of an hour, or of a day where its hours are served no more. The rows
   * without volume that the exchange has filled in before (BTC: from 2020 on) are no trading.
   */
  readonly firstTradedMs: EpochMs | null;
  /** Open time of the last day with a trade. Of a delisted coin: the day on which it was delisted. */
  readonly lastTradedMs: EpochMs | null;
}

/** Weights per request and, beyond that, per row; rows per answer. */
const BASE_WEIGHT = 20;
const CANDLES_PER_ANSWER = 5_000;
const CANDLES_PER_WEIGHT = 60;
const RATES_PER_ANSWER = 500;
const RATES_PER_WEIGHT = 20;
/** Before the first trade of any perpetual (February 2023), and near enough to cost little. */
const BEFORE_FIRST_LISTING_MS = Date.UTC(2023, 0);
const SKEW_SAMPLES = 3;

/** The weight of a request for at most so many candles. */
export function candleRequestWeight(candles: number): number {
  return BASE_WEIGHT + Math.ceil(Math.min(candles, CANDLES_PER_ANSWER) / CANDLES_PER_WEIGHT);
}

/** The weight of a request for the funding of so long a time: one row an hour, 500 in an answer at the most. */
export function fundingRequestWeight(spanMs: number): number {
  const rows = Math.min(Math.floor(spanMs / HOUR_MS) + 1, RATES_PER_ANSWER);
  return BASE_WEIGHT + Math.ceil(rows / RATES_PER_WEIGHT);
}

/** The exchange's public data: no key, no account. Every answer is checked before anybody sees it. */
export class HyperliquidInfo {
  readonly #requests: Requests;
  #instruments: Promise<readonly Instrument[]> | undefined;

  constructor(options: InfoOptions = {}) {
    this.#requests = new Requests(options);
  }

  /** Does the exchange answer at all? Known within seconds. */
  async isReachable(): Promise<boolean> {
    try {
      await this.#requests.reach({});
      return true;
    } catch (error) {
      if (error instanceof ExchangeUnreachableError) return false;
      throw error;
    }
  }

  /**
   * The exchange's time as it answered; null when its answer has none. It may lag by the fraction of a second that a
   * block takes.
   */
  async serverTime(options: RequestOptions = {}): Promise<EpochMs | null> {
    return (await this.#requests.exchangeTime(options))?.timeMs ?? null;
  }

  /**
   * How far the exchange's clock is ahead: its time less the middle of the round trip, of the quickest of a few. Null
   * when its answers have no time.
   */
  async clockSkew(options: RequestOptions & { readonly samples?: number } = {}): Promise<ClockSkew | null> {
    const { samples = SKEW_SAMPLES } = options;
    let best: ClockSkew | null = null;
    for (let sample = 0; sample < samples; sample++) {
      const answer = await this.#requests.exchangeTime(options);
      if (answer === null) return null;
      const { timeMs, sentMs, answeredMs } = answer;
      const uncertaintyMs = (answeredMs - sentMs) / 2;
      // A round trip that ended before it began has measured a clock that was set meanwhile.
      if (uncertaintyMs < 0 || (best !== null && best.uncertaintyMs <= uncertaintyMs)) continue;
      best = { offsetMs: timeMs - (sentMs + answeredMs) / 2, uncertaintyMs };
    }
    return best;
  }

  /**
   * Closed candles that open at or after `fromMs` and close at or before `toMs`, page by page as they are fetched, the
   * newest page first: only the far end is unknown. The exchange keeps the newest 5,000 of an interval, so the first
   * may be later than asked for. Closed is what is closed by the exchange's clock; this machine's is not asked.
   *
   * @throws UsageError for an unknown coin, with the nearest names
   * @throws ExchangeUnreachableError
   * @throws DataError for an answer that is not what it should be
   */
  async *candlePages(
    coin: string,
    interval: Interval,
    fromMs: number,
    toMs: number,
    options: RequestOptions = {},
  ): AsyncGenerator<CandlePage, void, undefined> {
    await this.#requireCoin(coin, options);
    const stepMs = intervalMs(interval);
    const startMs = Math.ceil(fromMs / stepMs) * stepMs;
    const nowMs = await this.#exchangeTimeFor(floorTo(toMs, stepMs), options);
    let endMs = floorTo(Math.min(toMs, nowMs), stepMs);
    let oldestMs: number | undefined;
    while (endMs > startMs) {
      const pageMs = Math.max(startMs, endMs - CANDLES_PER_ANSWER * stepMs);
      const candles = await this.#candlePage({ coin, interval, fromMs: pageMs, toMs: endMs, nowMs }, options);
      // Where the exchange has no more, an answer is empty; but the newest may be missing alone.
      const isLast = pageMs === startMs || (candles.length === 0 && oldestMs !== undefined);
      oldestMs = candles[0]?.openTimeMs ?? oldestMs;
      const end = oldestMs === startMs ? 'asked' : 'served';
      yield { candles, fromMs: epochMs(pageMs), toMs: epochMs(endMs), end: isLast ? end : undefined };
      if (isLast) return;
      endMs = pageMs;
    }
  }

  /**
   * The candles of `candlePages` all at once, ascending.
   *
   * @throws as `candlePages`
   */
  async candles(
    coin: string,
    interval: Interval,
    fromMs: number,
    toMs: number,
    { onProgress, ...options }: FetchOptions = {},
  ): Promise<ClosedCandle[]> {
    const pages: (readonly ClosedCandle[])[] = [];
    let total = 0;
    let done = 0;
    for await (const page of this.candlePages(coin, interval, fromMs, toMs, options)) {
      pages.unshift(page.candles);
      if (pages.length === 1) total = Math.floor((page.toMs - fromMs) / intervalMs(interval));
      done += (page.toMs - page.fromMs) / intervalMs(interval);
      onProgress?.(done, total);
    }
    onProgress?.(total, total);
    return pages.flat();
  }

  /** Candles that open from `fromMs` and close by `toMs`, both on the grid, and by `nowMs` of the exchange. */
  async #candlePage(
    page: { coin: string; interval: Interval; fromMs: number; toMs: number; nowMs: number },
    options: RequestOptions,
  ): Promise<ClosedCandle[]> {
    const { coin, interval, fromMs, toMs, nowMs } = page;
    const request = { coin, interval, startTime: fromMs, endTime: toMs - 1 };
    const weight = candleRequestWeight((toMs - fromMs) / intervalMs(interval));
    const answer = await this.#requests.send((client, abort) => client.candleSnapshot(request, abort), weight, options);
    const { parseCandles, requireGrid } = await import('./wire.ts');
    const origin = `the exchange's answer to candleSnapshot ${coin} ${interval}`;
    const parsed = parseCandles(answer, origin, nowMs);
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
   * A time that has passed on the exchange: later than `wantedMs` if it is that late there. It is the exchange's own
   * word, so that no clock of this machine, wrong or just set right, makes a forming candle look closed. Only an
   * exchange that does not tell the time is judged by this machine's clock.
   */
  async #exchangeTimeFor(wantedMs: number, options: RequestOptions): Promise<number> {
    await this.#requests.reach(options);
    const known = this.#requests.exchangeTimeMs;
    if (known !== undefined && known >= wantedMs) return known;
    return (await this.serverTime(options)) ?? this.#requests.timer.nowMs();
  }

  /**
   * Funding settlements from `fromMs` to `toMs`, both included, page by page, ascending. To resume, begin one
   * millisecond after the last that there is.
   *
   * @throws as `candlePages`
   */
  async *fundingPages(
    coin: string,
    fromMs: number,
    toMs: number,
    options: RequestOptions = {},
  ): AsyncGenerator<readonly FundingSettlement[], void, undefined> {
    await this.#requireCoin(coin, options);
    const { parseFunding } = await import('./wire.ts');
    const origin = `the exchange's answer to fundingHistory ${coin}`;
    for (let startTime = fromMs; startTime <= toMs; ) {
      const request = { coin, startTime, endTime: toMs };
      const weight = fundingRequestWeight(toMs - startTime);
      const answer = await this.#requests.send(
        (client, abort) => client.fundingHistory(request, abort),
        weight,
        options,
      );
      const parsed = parseFunding(answer, origin);
      const last = parsed?.settlements.at(-1);
      if (parsed === undefined || last === undefined) return;
      if (parsed.coin !== coin) throw new DataError(`${origin} is about ${parsed.coin}`);
      if (last.timeMs < startTime) throw new DataError(`${origin} goes back in time`);
      yield parsed.settlements;
      // A page that is not full may be one all the same, unless it reaches the last hour that was asked for.
      if (toMs - last.timeMs < HOUR_MS) return;
      startTime = last.timeMs + 1;
    }
  }

  /**
   * The settlements of `fundingPages` all at once.
   *
   * @throws as `candlePages`
   */
  async funding(
    coin: string,
    fromMs: number,
    toMs: number,
    options: RequestOptions = {},
  ): Promise<FundingSettlement[]> {
    const pages: (readonly FundingSettlement[])[] = [];
    for await (const page of this.fundingPages(coin, fromMs, toMs, options)) pages.push(page);
    return pages.flat();
  }

  /**
   * When the coin was traded first and last, from its daily candles.
   *
   * @throws as `candlePages`
   */
  async listing(coin: string, options: RequestOptions = {}): Promise<Listing> {
    const isDelisted = (await this.#requireCoin(coin, options)).isDelisted;
    const nowMs = (await this.serverTime(options)) ?? this.#requests.timer.nowMs();
    const days = (await this.candles(coin, '1d', BEFORE_FIRST_LISTING_MS, nowMs, options)).filter(wasTraded);
    // Of a coin that is younger than a day no day has closed.
    const firstDayMs = days[0]?.openTimeMs ?? floorTo(nowMs, DAY_MS);
    const hours = await this.candles(coin, '1h', firstDayMs, Math.min(firstDayMs + DAY_MS, nowMs), options);
    const first = hours.find(wasTraded) ?? days[0];
    const last = days.at(-1) ?? first;
    return {
      coin,
      isDelisted,
      firstTradedMs: first?.openTimeMs ?? null,
      lastTradedMs: last === undefined ? null : epochMs(floorTo(last.openTimeMs, DAY_MS)),
    };
  }

  /** The rules of every perpetual; asked for once, unless they are to be `fresh`. */
  instruments(options: RequestOptions & { readonly fresh?: boolean } = {}): Promise<readonly Instrument[]> {
    if (options.fresh === true) this.#instruments = undefined;
    this.#instruments ??= this.#fetchInstruments(options).catch((error) => {
      this.#instruments = undefined;
      throw error;
    });
    return this.#instruments;
  }

  async #fetchInstruments(options: RequestOptions): Promise<readonly Instrument[]> {
    const answer = await this.#requests.send((client, abort) => client.meta(abort), BASE_WEIGHT, options);
    const { parseInstruments } = await import('./wire.ts');
    return parseInstruments(answer, "the exchange's answer to meta");
  }

  async #requireCoin(coin: string, options: RequestOptions): Promise<Instrument> {
    const instruments = await this.instruments(options);
    const found = instruments.find((instrument) => instrument.coin === coin);
    if (found !== undefined) return found;
    const coins = instruments.map((instrument) => instrument.coin);
    throw new UsageError(`the exchange has no perpetual '${coin}'`, { hint: didYouMean(coin, coins) });
  }
}

function wasTraded(candle: ClosedCandle): boolean {
  return (candle.trades ?? 0) > 0;
}

function floorTo(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs;
}
