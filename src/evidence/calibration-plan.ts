import type { MadeUpMarket } from '../backtest/synthetic-source.ts';
import { Prng } from '../domain/prng.ts';
import type { CalibrationTerms } from './calibration-market.ts';

/**
 * Where the judge is judged. `no-edge`: synthetic, and nothing can be known. `planted`: the same with an edge of known
 * size for one strategy. `shuffled`: real candles in another order, block by block, jointly for all coins.
 */
export const WORLDS = ['no-edge', 'planted', 'shuffled'] as const;
export type World = (typeof WORLDS)[number];

/** The strategy that the synthetic market plants its edge for. */
export const PLANTED_STRATEGY = 'breakout-volume';

/** Sizes of the planted edge (`syntheticMarket`): the drift of half a day, as a fraction of the price. */
export const EDGES = [0.006, 0.012, 0.018, 0.024, 0.03] as const;

/** One market of a calibration: made anew from this, on whatever machine. */
export interface MarketSpec {
  readonly world: World;
  readonly index: number;
  /** Null where none is planted. */
  readonly edge: number | null;
}

/**
 * So many markets of each world, sizes of the edge in turn. The worlds take turns too, so that a calibration that is
 * stopped has seen something of all; and more markets begin with the same ones as fewer.
 */
export function marketSpecs(worlds: readonly World[], markets: number): MarketSpec[] {
  return Array.from({ length: markets }, (_, index) =>
    worlds.map((world): MarketSpec => {
      return { world, index, edge: world === 'planted' ? (EDGES[index % EDGES.length] as number) : null };
    }),
  ).flat();
}

export function marketKey({ world, index }: Pick<MarketSpec, 'world' | 'index'>): string {
  return `${world} ${index}`;
}

/** The streams of one market: adding a market, or a world, changes no other. */
export function marketStream(seed: number, spec: MarketSpec): Prng {
  return new Prng(seed).fork(`calibration/${marketKey(spec)}`);
}

/** What the workers of a calibration are told once. */
export interface CalibrationSetting {
  readonly terms: CalibrationTerms;
  readonly seed: number;
  /** Of the synthetic market: the span and what it takes to settle. */
  readonly days: number;
  /** Where there are real candles to be put in another order. */
  readonly real?: MadeUpMarket;
}
