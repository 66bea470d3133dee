import type { RevisedSeries } from '../../backtest/candle-source.ts';
import type { Costs } from '../../domain/risk-rules.ts';
import type { Interval } from '../../domain/time.ts';
import type { Trade } from '../../domain/trade.ts';
import type { SweepMetric } from '../../optimize/contract.ts';
import type { Axis, BestCombination, SweepResult, SweptSeries, SweptStrategy } from '../../optimize/result.ts';
import type { AccountCurve } from '../curves.ts';
import type { Histogram } from '../schema.ts';
import type { Refused } from './combinations.ts';
import type { Fragility } from './fragility.ts';

/**
 * What is left of a sweep when it is read by people: its best combinations whole, all others in medians and counts. The
 * combinations themselves are in the database. Units stand in the names; a number that does not exist is null.
 */
export const SWEEP_SCHEMA_NAME = 'candor-sweep-report';
export const SWEEP_SCHEMA_VERSION = 1;

export interface SweepReport {
  readonly schema: { readonly name: typeof SWEEP_SCHEMA_NAME; readonly version: typeof SWEEP_SCHEMA_VERSION };
  readonly identity: string;
  /** sha256 of the columns of all combinations, as the sweep bears it. */
  readonly resultHash: string;
  readonly made: {
    readonly createdAtMs: number;
    readonly workers: number;
    readonly durationsMs: Readonly<Record<string, number>>;
    /** Candles that had been revised by then, where there were any. */
    readonly revised?: readonly RevisedSeries[];
  };
  readonly versions: SweepResult['versions'];
  readonly commit: SweepResult['commit'];
  readonly sweep: SweptGrid;
  readonly costs: Costs;
  readonly strategies: readonly SweptStrategy[];
  readonly data: Omit<SweepResult['data'], 'series'> & { readonly series: readonly SweptSeries[] };
  readonly combinations: number;
  readonly ranking: {
    readonly metric: SweepMetric;
    readonly order: 'highest' | 'lowest';
    readonly where: readonly string[];
    /** Combinations that meet the conditions. */
    readonly matching: number;
    /** Of the metric, over the counted ones, whatever is asked of how well they did; null without one. */
    readonly median: number | null;
  };
  /**
   * What all medians below are about: combinations that traded and meet the conditions on how much they did. Those on
   * how well they did are for the ranking alone.
   */
  readonly counted: { readonly where: readonly string[]; readonly combinations: number };
  readonly replays: SweepResult['replays'];
  readonly distribution: Distribution;
  readonly top: readonly TopCombination[];
  readonly best: readonly BestLook[];
  readonly markets: readonly MarketSummary[];
  /** By strategy, in the order of the sweep. */
  readonly effects: readonly { readonly strategy: string; readonly axes: readonly AxisEffect[] }[];
  readonly maps: readonly HeatMap[];
  /** Markets whose map was left out, so that the page stays light. */
  readonly mapsLeftOut: number;
  readonly silent: SweepResult['silent'];
  readonly refused: Refused;
  readonly limits: readonly { readonly what: string; readonly effect: string }[];
  readonly warnings: readonly string[];
}

/** The sweep as it was asked for. */
export interface SweptGrid {
  readonly name: string;
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  readonly account: 'each-coin' | 'shared';
  readonly depositUsd: number;
  readonly seed: number;
  readonly cell: SweepResult['sweep']['cell'];
  /** Rules that the grid varies, and the values of each. */
  readonly grid: Readonly<Record<string, readonly string[]>>;
  readonly strategies: SweepResult['sweep']['strategies'];
}

/** Strategy, account and interval of a combination: what its params and rules were tried on. */
export interface Market {
  readonly strategy: string;
  readonly coins: readonly string[];
  readonly interval: Interval;
}

/** What one combination tried. */
export interface Tried extends Market {
  readonly combination: number;
  readonly params: BestCombination['params'];
  /** The rules that the grid varies. */
  readonly rules: Readonly<Record<string, string>>;
}

/** One row of the table. */
export interface TopCombination extends Tried {
  /** 1 for the first. */
  readonly rank: number;
  readonly metrics: Readonly<Record<SweepMetric, number | null>>;
  readonly neighbours: Neighbours;
}

/** Combinations one step away along one axis, of the same strategy on the same candles. */
export interface Neighbours {
  readonly combinations: number;
  /** Of them, those that meet the same conditions on how much they did. */
  readonly counted: number;
  /** Expectancy of the counted ones. */
  readonly medianR: number | null;
  readonly lowestR: number | null;
}

/** One of the best, as the reference engine ran it. */
export interface BestLook {
  readonly rank: number;
  readonly trades: readonly SweptTrade[];
  readonly histogramR: Histogram | null;
  readonly expectancyR: number | null;
  readonly fragility: Fragility;
  /** Marked to market at the closes. */
  readonly curve: AccountCurve;
  readonly maxDrawdownFraction: number;
}

/** Money in dollars, size in lots of the coin. */
export interface SweptTrade
  extends Omit<Trade, 'leg' | 'initialRiskUsd' | 'grossPnlUsd' | 'feesUsd' | 'fundingUsd' | 'netPnlUsd'> {
  readonly initialRiskUsd: number;
  readonly grossPnlUsd: number;
  readonly feesUsd: number;
  readonly fundingUsd: number;
  readonly netPnlUsd: number;
}

/** Expectancy over all combinations. */
export interface Distribution {
  /** Combinations that traded at all. */
  readonly traded: number;
  /** Of the counted ones, those above zero. */
  readonly positive: number;
  readonly medianR: number | null;
  readonly bins: Bins | null;
  readonly luck: Luck | null;
}

/** Equal bins from `from` on; `below` and `above` count what lies beyond them. */
export interface Bins {
  readonly from: number;
  readonly binWidth: number;
  /** All that traded, and of them those that are counted. */
  readonly all: readonly number[];
  readonly counted: readonly number[];
  readonly below: number;
  readonly above: number;
}

/** How far the highest expectancy of the counted ones stands from zero, against what luck alone would show. */
export interface Luck {
  /** Of which a standard error is known. */
  readonly combinations: number;
  /** Of these, the ones whose t exceeds what the highest of so many would be without any edge. */
  readonly beyondReach: number;
  readonly best: LuckiestCombination;
  /** Why its t says nothing: null where it does. */
  readonly silence: 'few-trades' | 'no-spread' | 'wild' | 'one-trade' | null;
}

/** The counted combination with the highest expectancy, whatever the ranking is sorted by. */
export interface LuckiestCombination extends Tried {
  readonly expectancyR: number;
  readonly trades: number;
  /** Mean over its standard error; null where the spread is zero or unknown. */
  readonly t: number | null;
  /** The median of the highest t, with as many trades as this one, of so many combinations without any edge. */
  readonly reachT: number | null;
}

export interface MarketSummary extends Market {
  readonly combinations: number;
  readonly counted: number;
  readonly positive: number;
  readonly medianR: number | null;
  readonly bestR: number | null;
  /** Null where none meets the conditions of the ranking. */
  readonly bestRank: number | null;
}

/** How expectancy changes along one axis, over everything else. */
export interface AxisEffect {
  readonly kind: Axis['kind'] | 'interval' | 'coins';
  readonly name: string;
  readonly values: readonly AxisValue[];
  /** From the lowest median to the highest. */
  readonly spreadR: number;
}

export interface AxisValue {
  readonly label: string;
  readonly counted: number;
  readonly medianR: number | null;
  readonly lowerQuartileR: number | null;
  readonly upperQuartileR: number | null;
}

export interface MapAxis {
  readonly kind: Axis['kind'];
  readonly name: string;
  /** Neighbouring values are merged where there are too many. */
  readonly labels: readonly string[];
}

/** Expectancy of one market over two axes, a panel for each value of a third; further axes are within the cells. */
export interface HeatMap extends Market {
  readonly rows: MapAxis;
  readonly columns: MapAxis | null;
  readonly panelAxis: Pick<MapAxis, 'kind' | 'name'> | null;
  readonly panels: readonly MapPanel[];
  readonly within: readonly string[];
}

export interface MapPanel {
  /** Of the axis of the panels; empty for the only one. */
  readonly value: string;
  /** Row after row. */
  readonly cells: readonly MapCell[];
}

export interface MapCell {
  readonly combinations: number;
  readonly counted: number;
  readonly medianR: number | null;
  readonly bestR: number | null;
  /** Of the best of the whole sweep, those that lie here. */
  readonly ranks: readonly number[];
}
