import type { RiskRules } from './risk-rules.ts';
import type { Interval } from './time.ts';
import type { EpochMs, MicroUsd } from './units.ts';

/** The newest so many days that all series of the study have, or two instants. */
export type Span = { readonly days: number } | { readonly fromMs: EpochMs; readonly toMs: EpochMs };

/** What to judge, on what, by which rules. Read from backtests/NAME.yaml; every value is explicit. */
export interface Study {
  readonly name: string;
  readonly coins: readonly string[];
  readonly interval: Interval;
  /** Finer intervals on which the verdict must hold (rule 30). */
  readonly confirm: readonly Interval[];
  readonly span: Span;
  readonly strategies: readonly StudyStrategy[];
  /** The risk cell that carries the verdict, named before the run (rule 25). */
  readonly cell: RiskRules;
  /** All risk cells of the heat map, the carrying one included if it lies on the grid. */
  readonly grid: readonly RiskCell[];
  readonly controls: { readonly draws: number; readonly seed: number };
  readonly depositUsd: MicroUsd;
}

export interface StudyStrategy {
  /** Name of the strategy: its file is strategies/NAME.ts. */
  readonly name: string;
  /** Params that differ from the defaults. */
  readonly params: Readonly<Record<string, unknown>>;
  /**
   * Params that are chosen on the very candles of the study, each from a short list: every combination is run, the best
   * is judged, and every draw of the controls repeats the choice (rule 25). Absent where nothing is chosen.
   */
  readonly choose?: Readonly<Record<string, readonly (number | string)[]>>;
}

/** One cell of the grid: its coordinates as text (`stop` → `2 %`), and the rules that they make. */
export interface RiskCell {
  readonly at: Readonly<Record<string, string>>;
  readonly rules: RiskRules;
}

/** Thresholds of the gates; they are written down before the run. */
export interface GateThresholds {
  /** Family-wise error of the α-gate, and the level of one-sided bounds. */
  readonly alpha: number;
  /** The edge, in R a trade, that a study should be able to find; the minimum number of trades follows from it. */
  readonly targetEdgeR: number;
  readonly minTrades: number;
  readonly minWeeks: number;
}
