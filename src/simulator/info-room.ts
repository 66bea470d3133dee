import { isInterval } from '../domain/time.ts';
import type { ExchangeLimits } from './limits.ts';
import type { PlayedMarket } from './played-market.ts';
import { candleRow, contextOf, decimal, fundingRow, metaOf } from './wire.ts';

/** An answer of `POST /info`: JSON, or the text with which the exchange refuses what it cannot read. */
export interface InfoAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly isText?: true;
  readonly weight: number;
}

export const UNREADABLE: InfoAnswer = {
  status: 422,
  body: 'Failed to deserialize the JSON body into the target type',
  isText: true,
  weight: 20,
};

const USUAL_WEIGHT = 20;
const LIGHT_WEIGHT = 2;
const CANDLES_PER_WEIGHT = 60;
const ROWS_PER_WEIGHT = 20;

export interface InfoRoomOptions {
  readonly market: PlayedMarket;
  readonly limits: ExchangeLimits;
  /** Whether an unknown coin is answered with 500 or 200 is not known; the body is `null`. */
  readonly unknownCoinStatus: 200 | 500;
}

/** Answers what can be asked without a key. */
export class InfoRoom {
  readonly #market: PlayedMarket;
  readonly #limits: ExchangeLimits;
  readonly #unknownCoin: InfoAnswer;

  constructor({ market, limits, unknownCoinStatus }: InfoRoomOptions) {
    this.#market = market;
    this.#limits = limits;
    this.#unknownCoin = { status: unknownCoinStatus, body: null, weight: USUAL_WEIGHT };
  }

  /** @param request any JSON at all */
  answer(request: unknown, nowMs: number): InfoAnswer {
    if (!isRecord(request)) return UNREADABLE;
    switch (request['type']) {
      case 'meta':
        return ok(metaOf(this.#market.instruments));
      case 'metaAndAssetCtxs':
        return ok([metaOf(this.#market.instruments), this.#contexts(nowMs)]);
      case 'allMids':
        return ok(this.#mids(nowMs), LIGHT_WEIGHT);
      case 'exchangeStatus':
        return ok({ time: nowMs, specialStatuses: null }, LIGHT_WEIGHT);
      case 'candleSnapshot':
        return isRecord(request['req']) ? this.#candles(request['req'], nowMs) : UNREADABLE;
      case 'fundingHistory':
        return this.#funding(request, nowMs);
      default:
        return UNREADABLE;
    }
  }

  #mids(nowMs: number): Record<string, string> {
    return Object.fromEntries([...this.#market.mids(nowMs)].map(([coin, price]) => [coin, decimal(price)]));
  }

  #contexts(nowMs: number): unknown[] {
    return this.#market.instruments.map(({ coin }) => contextOf(this.#market.context(coin, nowMs)));
  }

  #candles({ coin, interval, startTime, endTime }: Record<string, unknown>, nowMs: number): InfoAnswer {
    if (typeof coin !== 'string' || typeof interval !== 'string' || !isInterval(interval)) return UNREADABLE;
    if (!isTime(startTime) || !(isTime(endTime) || endTime === undefined || endTime === null)) return UNREADABLE;
    if (!this.#market.isListed(coin)) return this.#unknownCoin;
    const { candlesKept, candlesPerAnswer } = this.#limits;
    const kept = this.#market.tape(coin)?.candles(interval, startTime, nowMs, nowMs, candlesKept) ?? [];
    const rows = kept
      .filter(({ openTimeMs }) => openTimeMs <= (endTime ?? nowMs))
      .slice(-candlesPerAnswer)
      .map((candle) => candleRow(coin, interval, candle));
    return ok(rows, USUAL_WEIGHT + Math.floor(rows.length / CANDLES_PER_WEIGHT));
  }

  #funding({ coin, startTime, endTime }: Record<string, unknown>, nowMs: number): InfoAnswer {
    if (typeof coin !== 'string' || !isTime(startTime)) return UNREADABLE;
    if (!(isTime(endTime) || endTime === undefined || endTime === null)) return UNREADABLE;
    if (!this.#market.isListed(coin)) return this.#unknownCoin;
    const rows = this.#market
      .settlements(coin, startTime, Math.min(endTime ?? nowMs, nowMs))
      .slice(0, this.#limits.ratesPerAnswer)
      .map((settlement) => fundingRow(coin, settlement));
    return ok(rows, USUAL_WEIGHT + Math.floor(rows.length / ROWS_PER_WEIGHT));
  }
}

function ok(body: unknown, weight = USUAL_WEIGHT): InfoAnswer {
  return { status: 200, body, weight };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
