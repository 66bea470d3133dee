import type { BothTouched } from '../core/fills.ts';
import type { Ledger } from '../core/ledger.ts';
import type { CandleColumns } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { Costs, RiskRules } from '../domain/risk-rules.ts';
import type { Refusal, Trade } from '../domain/trade.ts';
import type { MicroUsd } from '../domain/units.ts';
import type { FundingColumns } from './funding.ts';

/**
 * One coin of a run: candles, and what a strategy says at their closes. All legs of a run are filled on one grid of
 * candles; each decides on its own: on those candles, or on ones that are made of them.
 */
export interface Leg {
  readonly coin: string;
  readonly instrument: Instrument;
  readonly candles: CandleColumns;
  readonly funding: FundingColumns;
  /** Length of the candles on which the strategy decides: that of the columns, or a multiple of it. */
  readonly decisionIntervalMs: number;
  /** LONG, SHORT, EXIT_LONG, EXIT_SHORT, or-ed, one byte a row; read where those candles close. */
  readonly signals: Uint8Array;
  /** Average true range for the stop and for the trail, one value a row; only where the rules ask for one. */
  readonly stopAtr?: Float64Array;
  readonly trailAtr?: Float64Array;
}

/** Everything that a run depends on: the same run gives the same trades, to the last bit, on every machine. */
export interface RunSpec {
  readonly legs: readonly Leg[];
  readonly rules: RiskRules;
  readonly costs: Costs;
  readonly depositUsd: MicroUsd;
  /** Rows from (the first whose close may signal) … to − 1 (the last that is traded). */
  readonly from: number;
  readonly to: number;
  /** How a candle that touched both stop and target is read; 'stop' unless the upper bound is asked for. */
  readonly bothTouched?: BothTouched;
}

export interface RunResult {
  readonly trades: readonly Trade[];
  readonly ledger: Ledger;
  /** Account value at each close of rows from … to − 1, in dollars: cash, and what is open at the last stored close. */
  readonly equityUsd: Float64Array;
  /** Rows with a position, over all legs. */
  readonly heldRows: number;
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  /** Long and short at once. */
  readonly conflicts: number;
  /** Entries whose candle did not exist. */
  readonly lapses: number;
}
