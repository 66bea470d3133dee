import { type CandleColumns, closeTimeAt } from '../domain/candle.ts';
import { floorToLots, type Instrument, quantityOf, roundPrice } from '../domain/instrument.ts';
import type { Prng } from '../domain/prng.ts';
import type { EpochMs } from '../domain/units.ts';
import { STEPS_PER_CANDLE, type VolatilityWeather } from './synthetic-weather.ts';

/** An hour after which the price drifts. */
export interface PlantedEvent {
  readonly coin: string;
  /** Close of the hour. */
  readonly timeMs: EpochMs;
  /** +1 broke out upwards, −1 downwards. */
  readonly direction: 1 | -1;
  /** The hour's volume surged, and the price drifts on. Else it falls back. */
  readonly isSurge: boolean;
}

interface Character {
  readonly startPrice: number;
  /** Standard deviation of half an hour's return in usual weather. */
  readonly volatility: number;
  /** Usual turnover of half an hour. */
  readonly turnoverUsd: number;
}

const CHARACTERS: Readonly<Record<string, Character>> = {
  BTC: { startPrice: 95_000, volatility: 0.0028, turnoverUsd: 40_000_000 },
  ETH: { startPrice: 3_400, volatility: 0.0034, turnoverUsd: 25_000_000 },
  SOL: { startPrice: 190, volatility: 0.004, turnoverUsd: 9_000_000 },
};

/** Correlation of two coins' moves. */
const CORRELATION = 0.5;

const ROWS_PER_HOUR = 2;
/** Hours of the range that is broken. */
export const RANGE_HOURS = 20;
const SURGE_CHANCE = 0.5;
/** The drift after a surge, and the fall back after a breakout without one. */
const DRIFT_ROWS = 12 * ROWS_PER_HOUR;
const FALL_BACK_ROWS = 4 * ROWS_PER_HOUR;
/**
 * What surges give, the other breakouts take: at 1, the breakouts that begin something are worth nothing together. More
 * is needed because the drift breaks further ranges, on ordinary volume, which a follower of breakouts also catches.
 * Measured over seeds 1 to 12 at the default edge, 90 days each: the mean R of nine well-known strategies that do not
 * look at the volume lies between −0.12 and −0.01 after costs, that of breakouts on volume is 0.5.
 */
const FALL_BACK_EXCESS = 1.6;
/** A surge multiplies an hour's volume by 2.2 … 3.4; ordinary volume scatters by some per cent. */
const SURGE_LEAST = 2.2;
const SURGE_SPREAD = 1.2;
const VOLUME_SCATTER = 0.13;
/** A surge that means nothing: chance per hour without a breakout. */
const IDLE_SURGE_CHANCE = 0.01;
/** Afternoon over night, as a fraction of the usual volume. */
const DAILY_SWING = 0.1;

/** One coin's path, candle after candle, on the exchange's ticks. */
export class CoinWalk {
  readonly columns: CandleColumns;
  readonly events: PlantedEvent[] = [];
  readonly #instrument: Instrument;
  readonly #character: Character;
  readonly #rng: Prng;
  readonly #edge: number;
  #logPrice: number;
  /** Drift per candle while it lasts. */
  #drift = 0;
  #driftRowsLeft = 0;

  constructor(instrument: Instrument, columns: CandleColumns, rng: Prng, edge: number) {
    const character = CHARACTERS[instrument.coin];
    if (character === undefined) throw new RangeError(`there is no synthetic ${instrument.coin}`);
    this.columns = columns;
    this.#instrument = instrument;
    this.#character = character;
    this.#rng = rng;
    this.#edge = edge;
    this.#logPrice = Math.log(character.startPrice);
  }

  /** Draws the candle of that row. */
  next(row: number, weather: VolatilityWeather): void {
    this.#drawPath(row, weather);
    this.#drawVolume(row, weather);
    if (row % ROWS_PER_HOUR === ROWS_PER_HOUR - 1) this.#closeHour(row);
  }

  #drawPath(row: number, weather: VolatilityWeather): void {
    const { open, high, low, close } = this.columns;
    const isDrifting = this.#driftRowsLeft > 0;
    const deviation = (this.#character.volatility * weather.volatility) / Math.sqrt(STEPS_PER_CANDLE);
    const drift = isDrifting ? this.#drift / STEPS_PER_CANDLE : 0;
    let price = row === 0 ? this.#tickPrice() : (close[row - 1] as number);
    open[row] = price;
    high[row] = price;
    low[row] = price;
    for (let step = 0; step < STEPS_PER_CANDLE; step++) {
      const own = this.#rng.normal();
      const move = Math.sqrt(CORRELATION) * weather.commonMove(step) + Math.sqrt(1 - CORRELATION) * own;
      // Less half the variance, so that the price itself, not its logarithm, is the martingale.
      this.#logPrice += drift + deviation * move - deviation ** 2 / 2;
      price = this.#tickPrice();
      high[row] = Math.max(high[row] as number, price);
      low[row] = Math.min(low[row] as number, price);
    }
    close[row] = price;
    if (isDrifting) this.#driftRowsLeft--;
  }

  #tickPrice(): number {
    return roundPrice(this.#instrument, Math.exp(this.#logPrice), 'down');
  }

  #drawVolume(row: number, weather: VolatilityWeather): void {
    const { close, volume } = this.columns;
    const season = 1 + DAILY_SWING * Math.sin((2 * Math.PI * row) / (24 * ROWS_PER_HOUR));
    const scatter = Math.exp(VOLUME_SCATTER * this.#rng.normal());
    const turnoverUsd = this.#character.turnoverUsd * weather.level * season * scatter;
    volume[row] = this.#wholeLots(turnoverUsd / (close[row] as number));
  }

  #wholeLots(quantity: number): number {
    return quantityOf(this.#instrument, floorToLots(this.#instrument, quantity));
  }

  /** Did the hour that ends with this row break out, on what volume, and what follows from it? */
  #closeHour(row: number): void {
    const direction = this.#breakoutOf(row);
    const isFree = this.#driftRowsLeft === 0;
    if (direction === 0 || !isFree) {
      if (direction === 0 && this.#rng.uniform() < IDLE_SURGE_CHANCE) this.#surge(row);
      return;
    }
    const isSurge = this.#rng.uniform() < SURGE_CHANCE;
    if (isSurge) this.#surge(row);
    const rows = isSurge ? DRIFT_ROWS : FALL_BACK_ROWS;
    const total = isSurge ? this.#edge : (-this.#edge * FALL_BACK_EXCESS * SURGE_CHANCE) / (1 - SURGE_CHANCE);
    this.#drift = (direction * total) / rows;
    this.#driftRowsLeft = rows;
    const { coin } = this.#instrument;
    this.events.push({ coin, timeMs: closeTimeAt(this.columns, row), direction, isSurge });
  }

  /** +1 where the hour closed above the highest high of the hours before it, −1 where below the lowest low. */
  #breakoutOf(row: number): 1 | -1 | 0 {
    const hourStart = row - ROWS_PER_HOUR + 1;
    const rangeStart = hourStart - RANGE_HOURS * ROWS_PER_HOUR;
    if (rangeStart < 0) return 0;
    const { high, low, close } = this.columns;
    const last = close[row] as number;
    if (last > Math.max(...high.subarray(rangeStart, hourStart))) return 1;
    if (last < Math.min(...low.subarray(rangeStart, hourStart))) return -1;
    return 0;
  }

  /** Multiplies the volume of the hour that ends with this row. */
  #surge(row: number): void {
    const factor = SURGE_LEAST + SURGE_SPREAD * this.#rng.uniform();
    const { volume } = this.columns;
    for (let part = row - ROWS_PER_HOUR + 1; part <= row; part++) {
      volume[part] = this.#wholeLots((volume[part] as number) * factor);
    }
  }
}
