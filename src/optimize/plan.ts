import type { RiskCell } from '../domain/study.ts';
import type { Sweep } from '../domain/sweep.ts';
import type { Interval } from '../domain/time.ts';
import type { Strategy } from '../strategy/define.ts';
import { combinationAt, type ParamValues, parseParams, sweepValues } from '../strategy/params.ts';
import type { Chunk } from './contract.ts';

/** Values of one param in the order in which they are tried. */
export interface ParamList {
  readonly name: string;
  readonly values: readonly (number | string)[];
}

/**
 * All combinations of one strategy on one account and one interval: `first` … `first + sets × cells − 1` of the
 * sweep. The sets are its params, and each set meets every cell before the next one comes.
 */
export interface SweepBlock {
  readonly interval: Interval;
  /** The coins that share an account: all of the sweep's, or one. */
  readonly coins: readonly string[];
  /** Its place in the sweep. */
  readonly strategy: number;
  readonly name: string;
  readonly first: number;
  readonly sets: number;
  readonly cells: number;
}

export interface Combination {
  readonly index: number;
  readonly block: SweepBlock;
  readonly params: ParamValues;
  readonly cell: RiskCell;
}

/** A chunk of more would hold back the bar, Ctrl-C, and the other workers at the end of the sweep. */
const CHUNK_COMBINATIONS = 1024;
/** Candles × sets; more would leave some workers without a chunk. */
const CHUNK_ROWS = 3.2 * 1024 * 1024;
/** The same, of sets whose signals are found together: so many share all rolling windows that are worth it. */
const HEARD_ROWS = 4 * CHUNK_ROWS;
/** Every set takes a bitmap for each side of each coin, and for each of its conditions about another one. */
const BITMAPS_OF_A_SET = 8;
/** Bitmaps of more are let go of before new ones are made. */
export const CHUNK_BITMAP_BYTES = 64 * 1024 * 1024;

/**
 * Every combination of a sweep in its one order: intervals, coins, strategies, params, cells, the last moving fastest.
 * The order is part of a sweep's identity: results are kept by place.
 */
export class SweepPlan {
  readonly sweep: Sweep;
  /** The values of every param of each strategy, whether it varies or not. */
  readonly params: readonly (readonly ParamList[])[];
  readonly blocks: readonly SweepBlock[];
  readonly count: number;

  /** @param sweep one that names every param: see `withEveryParam` */
  constructor(sweep: Sweep) {
    this.sweep = sweep;
    this.params = sweep.strategies.map(({ params }) =>
      Object.entries(params).map(([name, values]) => ({ name, values })),
    );
    const accounts = sweep.account === 'shared' ? [sweep.coins] : sweep.coins.map((coin) => [coin]);
    const cells = sweep.grid.length;
    const blocks: SweepBlock[] = [];
    let first = 0;
    for (const interval of sweep.intervals) {
      for (const coins of accounts) {
        for (const [i, { name }] of sweep.strategies.entries()) {
          const sets = this.setsOf(i);
          blocks.push({ interval, coins, strategy: i, name, first, sets, cells });
          first += sets * cells;
        }
      }
    }
    this.blocks = blocks;
    this.count = first;
  }

  /** How many sets of params of one strategy are tried. */
  setsOf(strategy: number): number {
    return (this.params[strategy] ?? []).reduce((product, { values }) => product * values.length, 1);
  }

  paramsAt(strategy: number, set: number): ParamValues {
    return combinationAt(this.params[strategy] as readonly ParamList[], set);
  }

  /** @throws RangeError for a place outside the sweep */
  combinationAt(index: number): Combination {
    const block = this.blockAt(index);
    const within = index - block.first;
    return {
      index,
      block,
      params: this.paramsAt(block.strategy, Math.floor(within / block.cells)),
      cell: this.sweep.grid[within % block.cells] as RiskCell,
    };
  }

  blockAt(index: number): SweepBlock {
    if (!(Number.isInteger(index) && index >= 0 && index < this.count)) {
      throw new RangeError(`there is no combination ${index} of ${this.count}`);
    }
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.blocks[middle] as SweepBlock).first <= index) low = middle;
      else high = middle - 1;
    }
    return this.blocks[low] as SweepBlock;
  }

  /**
   * The sweep in pieces that are worth handing over. They depend on the sweep and its candles alone, never on who
   * works on them, so that a sweep that was stopped can go on elsewhere.
   *
   * @param rowsOf candles of an interval, settling included
   */
  chunks(rowsOf: (interval: Interval) => number): Chunk[] {
    return this.blocks.flatMap((block) => {
      const { first, sets, cells } = block;
      const pieces = cells > CHUNK_COMBINATIONS ? split(cells, CHUNK_COMBINATIONS) : undefined;
      if (pieces !== undefined) {
        return Array.from({ length: sets }, (_, set) =>
          pieces.map((piece) => ({ first: first + set * cells + piece.first, count: piece.count })),
        ).flat();
      }
      return split(sets, setsAtOnce(block, rowsOf(block.interval))).map((piece) => ({
        first: first + piece.first * cells,
        count: piece.count * cells,
      }));
    });
  }
}

/** What the bitmaps of one set take on one coin. */
export function bitmapBytesOfSet(rows: number): number {
  return (rows / 8) * BITMAPS_OF_A_SET;
}

function setsAtOnce(block: SweepBlock, rows: number): number {
  const sets = Math.min(CHUNK_COMBINATIONS / block.cells, CHUNK_ROWS / rows, setsHeardAtOnce(block, rows));
  return Math.max(1, Math.floor(sets));
}

/** How many sets it is worth to find the signals of in one go. */
export function setsHeardAtOnce({ coins }: SweepBlock, rows: number): number {
  const bitmapBytes = coins.length * bitmapBytesOfSet(rows);
  return Math.max(1, Math.floor(Math.min(HEARD_ROWS / rows, CHUNK_BITMAP_BYTES / bitmapBytes)));
}

/** As few pieces as there must be, of as even a size as they can be. */
function split(total: number, most: number): Chunk[] {
  const pieces = Math.ceil(total / most);
  const at = (piece: number): number => Math.floor((piece * total) / pieces);
  return Array.from({ length: pieces }, (_, piece) => ({ first: at(piece), count: at(piece + 1) - at(piece) }));
}

/**
 * The sweep with the values of every param of its strategies, in the order in which the strategies define them: those
 * that it does not name are tried with the values that the strategy proposes.
 *
 * @param strategies those of the sweep, in its order
 * @throws UsageError for params that a strategy does not have, and values that it does not allow
 */
export function withEveryParam(sweep: Sweep, strategies: readonly Strategy[]): Sweep {
  return {
    ...sweep,
    strategies: strategies.map((strategy, i) => {
      const chosen = sweep.strategies[i]?.params ?? {};
      for (const [name, values] of Object.entries(chosen)) {
        for (const value of values) parseParams(strategy.name, strategy.params, { [name]: value });
      }
      const params = Object.entries(strategy.params).map(([name, param]) => [name, chosen[name] ?? sweepValues(param)]);
      return { name: strategy.name, params: Object.fromEntries(params) };
    }),
  };
}
