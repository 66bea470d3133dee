/** A distance from a price: a fraction of it, or a multiple of the average true range over `period` candles. */
export type Distance = { readonly fraction: number } | { readonly atr: number; readonly period: number };

/**
 * One risk cell: how a position is sized, protected and left. It belongs to the study or to the live configuration,
 * never to the strategy, so that a control with random entries can wear exactly the same.
 */
export interface RiskRules {
  /** Initial stop, from the fill. */
  readonly stop: Distance;
  /** Target in R, from the fill; null leaves by stop, signal or time alone. */
  readonly target: number | null;
  /** Once the position has been ahead by `at` R, the stop moves to the fill price. */
  readonly breakEven: { readonly at: number } | null;
  /** The stop follows the best price since entry at this distance, once the position has been ahead by `after` R. */
  readonly trail: { readonly distance: Distance; readonly after: number } | null;
  /** Leave after this many full candles. */
  readonly maxHold: number | null;
  readonly sizing: { readonly riskFraction: number } | 'allEquity';
  /** Set on the exchange for every coin; the tier of the coin may allow less. */
  readonly leverage: number;
  /** Positions, with pending entries, at one time. */
  readonly maxOpen: number | null;
  /** Sum of entry notionals at one time, as a multiple of cash. */
  readonly maxExposure: number | null;
  /** The same for each coin, which bounds a single position, and for longs and for shorts alone. */
  readonly maxCoinExposure: number | null;
  readonly maxSideExposure: number | null;
  /** A stop moves only by at least this much, in basis points of the current stop: each move costs a request. */
  readonly minStopMoveBps: number;
}

/** What trading costs; fractions of notional, basis points of price. */
export interface Costs {
  readonly takerFee: number;
  readonly makerFee: number;
  readonly slippageBps: number;
}
