import type { MicroUsd } from '../../domain/units.ts';
import type { SignalBits } from '../../strategy/signal-bits.ts';
import type { Leg, RunSpec } from '../run.ts';
import type { FastMarket } from './market.ts';
import type { TradeTable } from './trade-table.ts';

/** A leg whose signals are bitmaps: strategies that share a set of conditions share the very same array. */
export interface FastLeg extends Omit<Leg, 'signals'> {
  readonly bits: SignalBits;
}

export interface FastSpec extends Omit<RunSpec, 'legs'> {
  readonly legs: readonly FastLeg[];
}

/** What a run came to. The trades belong to the engine and are overwritten by its next run. */
export interface FastRun {
  readonly spec: FastSpec;
  /** Of each leg. */
  readonly markets: readonly FastMarket[];
  readonly trades: TradeTable;
  readonly realisedUsd: MicroUsd;
  readonly feesUsd: MicroUsd;
  readonly fundingUsd: MicroUsd;
  /** Rows with a position, over all legs. */
  readonly heldRows: number;
  /** By the place of the reason among REFUSALS. */
  readonly refusals: Int32Array;
  readonly conflicts: number;
  readonly lapses: number;
}
