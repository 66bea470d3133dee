import type { RiskRules } from './risk-rules.ts';
import type { RiskCell, Span } from './study.ts';
import type { Interval } from './time.ts';
import type { MicroUsd } from './units.ts';

/**
 * What to try, on what: every strategy × its params × every cell × interval × coin. Read from
 * backtests/sweeps/NAME.yaml.
 */
export interface Sweep {
  readonly name: string;
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  readonly span: Span;
  readonly strategies: readonly SweepStrategy[];
  /** What the grid does not vary. */
  readonly cell: RiskRules;
  /** Every risk cell that is tried: at least one. */
  readonly grid: readonly RiskCell[];
  /** Whether each coin is a combination with an account of its own, or all coins of a combination share one. */
  readonly account: 'each-coin' | 'shared';
  readonly depositUsd: MicroUsd;
  /** Of the sample that is replayed through the reference engine. */
  readonly seed: number;
}

export interface SweepStrategy {
  /** Name of the strategy: its file is strategies/NAME.ts. */
  readonly name: string;
  /** Values to try instead of the ones that the strategy proposes, by param; complete once a sweep is planned. */
  readonly params: Readonly<Record<string, readonly (number | string)[]>>;
}
