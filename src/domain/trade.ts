import type { EpochMs, Lots, MicroUsd, Price } from './units.ts';

export type Side = 'long' | 'short';

/** +1 for a long, −1 for a short: multiplies price differences into profit. */
export function directionOf(side: Side): 1 | -1 {
  return side === 'long' ? 1 : -1;
}

export const EXIT_REASONS = [
  'stop',
  'target',
  'break-even',
  'trail',
  'signal',
  'time',
  'liquidation',
  'liquidation-distance',
  'end',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** Why an entry signal did not become an order. Tested in this order (rule 45). */
export const REFUSALS = [
  'no-cash',
  'no-atr',
  'stop-below-zero',
  'below-one-lot',
  'below-minimum',
  'liquidation-distance',
  'coin-occupied',
  'max-open',
  'max-exposure',
  'max-coin-exposure',
  'max-side-exposure',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** A closed trade. Times are stamped as rule 42 says; money is exact. */
export interface Trade {
  readonly leg: number;
  readonly coin: string;
  readonly side: Side;
  /** Close of the signal candle. */
  readonly signalTimeMs: EpochMs;
  readonly entryTimeMs: EpochMs;
  readonly exitTimeMs: EpochMs;
  readonly lots: Lots;
  readonly entryPrice: Price;
  readonly exitPrice: Price;
  /** Where the stop was placed at the entry; R is the distance to it. */
  readonly stopPrice: Price;
  readonly targetPrice: Price | null;
  readonly reason: ExitReason;
  readonly initialRiskUsd: MicroUsd;
  readonly grossPnlUsd: MicroUsd;
  readonly feesUsd: MicroUsd;
  /** Signed receipt: negative where the position paid. */
  readonly fundingUsd: MicroUsd;
  /** gross − fees + funding */
  readonly netPnlUsd: MicroUsd;
  /** netPnlUsd / initialRiskUsd */
  readonly rMultiple: number;
  /**
   * Furthest against and furthest in favour, in R without costs, over the candles that the position survived and its
   * exit.
   */
  readonly maeR: number;
  readonly mfeR: number;
  /** The fill was more than 10 % beyond its trigger: on the exchange the stop order might not have filled (rule 11). */
  readonly beyondTolerance: boolean;
}
