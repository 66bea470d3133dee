import type { Prng } from '../domain/prng.ts';

/** Steps in which a candle's path is drawn: its high and low come from them. */
export const STEPS_PER_CANDLE = 6;

/** Volatility of a regime, as a multiple of the usual, and how likely it ends with a candle. */
const REGIMES = [
  { level: 0.7, endChance: 1 / (48 * 5) },
  { level: 1, endChance: 1 / (48 * 4) },
  { level: 1.5, endChance: 1 / (48 * 2) },
] as const;
/** Clusters within a regime: their logarithm forgets half of itself in about twelve hours. */
const CLUSTER_PERSISTENCE = 0.972;
const CLUSTER_DEVIATION = 0.25;
/** Single candles out of line: their logarithm's deviation. This makes the tails fat. */
const SHOCK_DEVIATION = 0.35;

/** What all coins share: how stormy it is, and where the whole market goes. */
export class VolatilityWeather {
  readonly #rng: Prng;
  #regime: number;
  #cluster = 0;
  #shock = 1;
  readonly #commonMoves = new Float64Array(STEPS_PER_CANDLE);

  constructor(rng: Prng) {
    this.#rng = rng;
    this.#regime = rng.below(REGIMES.length);
  }

  /** The weather of the next candle. */
  next(): void {
    const rng = this.#rng;
    const regime = REGIMES[this.#regime] as (typeof REGIMES)[number];
    if (rng.uniform() < regime.endChance)
      this.#regime = (this.#regime + 1 + rng.below(REGIMES.length - 1)) % REGIMES.length;
    const innovation = CLUSTER_DEVIATION * Math.sqrt(1 - CLUSTER_PERSISTENCE ** 2);
    this.#cluster = CLUSTER_PERSISTENCE * this.#cluster + innovation * rng.normal();
    this.#shock = Math.exp(SHOCK_DEVIATION * rng.normal() - SHOCK_DEVIATION ** 2);
    for (let i = 0; i < STEPS_PER_CANDLE; i++) this.#commonMoves[i] = rng.normal();
  }

  /** Slow volatility, 1 on average: volume follows it. */
  get level(): number {
    return (REGIMES[this.#regime] as (typeof REGIMES)[number]).level * Math.exp(this.#cluster);
  }

  /** Volatility of this very candle. */
  get volatility(): number {
    return this.level * this.#shock;
  }

  /** Standard normal: what every coin feels in that step. */
  commonMove(step: number): number {
    return this.#commonMoves[step] as number;
  }
}
