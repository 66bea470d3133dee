import type { RiskRules } from './risk-rules.ts';
import type { SweepStrategy } from './sweep.ts';
import type { Interval } from './time.ts';
import type { MicroUsd } from './units.ts';

/**
 * Which params are chosen anew, and on what they are compared. Read from backtests/optimize/NAME.yaml; every value is
 * explicit.
 */
export interface Optimization {
  readonly name: string;
  /** Each is optimised for itself; params that are not named are tried with the values that the strategy proposes. */
  readonly strategies: readonly SweepStrategy[];
  /** One set of params trades all of them, from one account. */
  readonly coins: readonly string[];
  readonly interval: Interval;
  /** Finer intervals on which a verdict must hold (rule 30). */
  readonly confirm: readonly Interval[];
  /** What every candidate wears: its sizing is a share of the cash at risk, and its `maxHold` the embargo. */
  readonly cell: OptimizedCell;
  readonly windows: WindowDays;
  /** Sets of params that are compared at most, the incumbent among them. */
  readonly candidates: number;
  readonly controls: { readonly draws: number; readonly seed: number };
  readonly depositUsd: MicroUsd;
}

/** Scores are compared at an equal risk budget, and nothing is held for longer than is known beforehand. */
export interface OptimizedCell extends RiskRules {
  readonly sizing: { readonly riskFraction: number };
  readonly maxHold: number;
}

/** Of a walk forward, in whole days (UTC). */
export interface WindowDays {
  readonly trainDays: number;
  readonly testDays: number;
  readonly folds: number;
}

/** When to ask. */
export interface ScheduleTimes {
  /** Five fields: minute, hour, day of the month, month, day of the week. */
  readonly schedule: string;
  /** Of the schedule, by its IANA name: 'UTC', 'Europe/Berlin'. */
  readonly timeZone: string;
}

/** What a swap takes, and when to ask: the section `optimizer` of the config. */
export interface OptimizerSettings extends ScheduleTimes {
  /** An improvement of more than this share of what the incumbent earns. */
  readonly threshold: number;
  /** And of more than this edge, in R a trade: a share of nothing is nothing (rule 34). */
  readonly floorR: number;
}
