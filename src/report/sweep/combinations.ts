import type { SweepMetric } from '../../optimize/contract.ts';
import { type MetricColumns, parseCondition } from '../../optimize/ranking.ts';
import type { Ranking, ResultBlock, SweepResult } from '../../optimize/result.ts';
import { formatCount } from '../format.ts';

/** Conditions on these ask how much a combination did; on any other metric, how well. */
const ACTIVITY: ReadonlySet<SweepMetric> = new Set(['signals', 'trades', 'exposure']);

/** Combinations that did enough to be compared. */
export interface Counted {
  /** The conditions of a ranking on how much a combination did. */
  readonly where: readonly string[];
  /** 1 for those that traded and meet these. */
  readonly isCounted: Uint8Array;
  readonly combinations: number;
}

export function countedOf(columns: MetricColumns, ranking: Pick<Ranking, 'where'>): Counted {
  const conditions = ranking.where.map(parseCondition).filter(({ metric }) => ACTIVITY.has(metric));
  const isCounted = Uint8Array.from(columns.expectancyR, (value, place) =>
    Number(!Number.isNaN(value) && conditions.every(({ metric, holds }) => holds(columns[metric][place] as number))),
  );
  const combinations = isCounted.reduce((sum, one) => sum + one, 0);
  return { where: conditions.map(({ text }) => text), isCounted, combinations };
}

/** The middle one of the counted combinations by a metric, whatever is asked of how well they did; null without one. */
export function middleOf(columns: MetricColumns, metric: SweepMetric, { isCounted }: Counted): number | null {
  const values = columns[metric].filter((value, place) => isCounted[place] === 1 && !Number.isNaN(value));
  return quantileOf(values.sort(), 0.5);
}

/** Combinations that wanted to enter, and were never let. */
export interface Refused {
  readonly combinations: number;
  /** Entries of theirs, all of them refused. */
  readonly entries: number;
}

export function refusedOf({ signals, trades, refusals }: MetricColumns): Refused {
  let [combinations, entries] = [0, 0];
  for (const [place, refused] of refusals.entries()) {
    if (signals[place] === 0 || trades[place] !== 0 || refused === 0) continue;
    combinations++;
    entries += refused;
  }
  return { combinations, entries };
}

/** Two sentences: what was refused, and what usually is the matter. None where nothing was. */
export function refusedInWords({ combinations, entries }: Refused): string[] {
  if (combinations === 0) return [];
  const [who, their] = [formatCount(combinations, 'combination'), formatCount(entries, 'entry', 'entries')];
  return [
    `${who} never traded: all ${their} were refused.`,
    'Look at the deposit (no order under $10) and at stops beyond the liquidation.',
  ];
}

/** Which combinations are counted: `that traded`, `with 30 trades or more`. */
export function activityInWords(where: readonly string[]): string {
  // One that never traded is not counted anyway.
  const telling = where.filter((text) => !/^trades(>=[01]|>0)$/.test(text));
  if (telling.length === 0) return 'that traded';
  return `with ${telling.map((text) => text.replace(/^trades>=(\d+)$/, '$1 trades or more')).join(', ')}`;
}

/**
 * The combinations of a sweep as the report reads them: by the values of their axes, and by their rank.
 *
 * Its medians and counts are about those that did enough, not about those that did well: medians of winners alone would
 * say that everything wins.
 */
export class Combinations {
  readonly result: SweepResult;
  readonly expectancyR: Float64Array;
  readonly counted: Counted;
  /** 1 for those that are counted. */
  readonly isCounted: Uint8Array;
  /** 1 for the best, 0 for those that do not meet the conditions of the ranking. */
  readonly rankOf: Uint32Array;

  constructor(result: SweepResult) {
    this.result = result;
    this.expectancyR = result.columns.expectancyR;
    this.counted = countedOf(result.columns, result.ranking);
    this.isCounted = this.counted.isCounted;
    this.rankOf = new Uint32Array(result.combinations);
    for (const [i, place] of result.ranking.places.entries()) this.rankOf[place] = i + 1;
  }

  /**
   * Expectancy of the counted combinations of some blocks, by group and sorted.
   *
   * @param groupOf a number below `groups`
   */
  grouped(
    blocks: readonly ResultBlock[],
    groups: number,
    groupOf: (place: number, block: ResultBlock) => number,
  ): Float64Array[] {
    const sizes = new Uint32Array(groups);
    this.#each(blocks, (place, block) => {
      const group = groupOf(place, block);
      sizes[group] = (sizes[group] as number) + 1;
    });
    const sorted = Array.from(sizes, (size) => new Float64Array(size));
    const filled = new Uint32Array(groups);
    this.#each(blocks, (place, block) => {
      const group = groupOf(place, block);
      const at = filled[group] as number;
      (sorted[group] as Float64Array)[at] = this.expectancyR[place] as number;
      filled[group] = at + 1;
    });
    for (const values of sorted) values.sort();
    return sorted;
  }

  #each(blocks: readonly ResultBlock[], visit: (place: number, block: ResultBlock) => void): void {
    for (const block of blocks) {
      for (let place = block.first; place < block.first + block.count; place++) {
        if (this.isCounted[place] === 1) visit(place, block);
      }
    }
  }
}

/** Combinations from one value of an axis to the next: the last axis moves fastest. */
export function strideOf({ axes }: ResultBlock, axis: number): number {
  return axes.slice(axis + 1).reduce((product, { labels }) => product * labels.length, 1);
}

/** What tells which value of an axis a combination has. */
export function valueIndexOf(block: ResultBlock, axis: number): (place: number) => number {
  const stride = strideOf(block, axis);
  const count = block.axes[axis]?.labels.length ?? 1;
  return (place) => Math.floor((place - block.first) / stride) % count;
}

/** The middle of sorted values, and its like; null without values. */
export function quantileOf(sorted: Float64Array, share: number): number | null {
  if (sorted.length === 0) return null;
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

export function countAboveZero(sorted: Float64Array): number {
  const first = sorted.findIndex((value) => value > 0);
  return first === -1 ? 0 : sorted.length - first;
}

/** NaN has no form in JSON. */
export function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
