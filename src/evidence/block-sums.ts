import type { Prng } from '../domain/prng.ts';
import type { ReturnMatrix } from './return-matrix.ts';

/** Where returns hardly vary about their mean, rounding decides; no Sharpe ratio is larger than a million. */
const LEAST_VARIANCE = 1e-12;

/** Returns of all trials, added up over equal blocks of time: all that a Sharpe ratio of any set of blocks needs. */
export interface BlockSums {
  readonly blocks: number;
  readonly trials: number;
  readonly periodsPerBlock: number;
  /** sums[block × trials + trial] */
  readonly sums: Float64Array;
  /** Sums of the squares, in the same places. */
  readonly squares: Float64Array;
}

/** Cuts the newest periods into equal blocks; the oldest that do not fit are left out. */
export function blockSums({ periods, trials, values }: ReturnMatrix, blocks: number): BlockSums {
  const periodsPerBlock = Math.floor(periods / blocks);
  const sums = new Float64Array(blocks * trials);
  const squares = new Float64Array(blocks * trials);
  let from = (periods - periodsPerBlock * blocks) * trials;
  for (let block = 0; block < blocks; block++) {
    for (let period = 0; period < periodsPerBlock; period++) {
      for (let trial = 0; trial < trials; trial++) {
        const value = values[from++] as number;
        const at = block * trials + trial;
        sums[at] = (sums[at] as number) + value;
        squares[at] = (squares[at] as number) + value * value;
      }
    }
  }
  return { blocks, trials, periodsPerBlock, sums, squares };
}

/**
 * All ways to cut an even number of blocks into two halves, as bits: those that are set are the first half. The first
 * block is always in it, for the same cut with the halves exchanged is not another one: C(S, S / 2) / 2 of them.
 */
export function halvings(blocks: number): Int32Array {
  const masks: number[] = [];
  for (let mask = 1; mask < 2 ** blocks; mask += 2) if (bitsOf(mask) === blocks / 2) masks.push(mask);
  return Int32Array.from(masks);
}

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Sharpe ratios of all trials on both halves of a cut; the arrays are written again with each. */
export class Halves {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly #blockSums: BlockSums;
  /** Sums and squares of the two halves, in the order of time. */
  readonly #sums: readonly [Float64Array, Float64Array];
  readonly #squares: readonly [Float64Array, Float64Array];

  constructor(blockSums: BlockSums) {
    const column = (): Float64Array => new Float64Array(blockSums.trials);
    this.#blockSums = blockSums;
    this.#sums = [column(), column()];
    this.#squares = [column(), column()];
    this.first = column();
    this.second = column();
  }

  /** @param halving one of `halvings(blocks)` */
  cut(halving: number): void {
    const { blocks, trials, periodsPerBlock, sums, squares } = this.#blockSums;
    for (const column of [...this.#sums, ...this.#squares]) column.fill(0);
    for (let block = 0; block < blocks; block++) {
      const half = ((halving >> block) & 1) === 1 ? 0 : 1;
      addTo(this.#sums[half], sums, block * trials);
      addTo(this.#squares[half], squares, block * trials);
    }
    const periods = (periodsPerBlock * blocks) / 2;
    sharpeRatios(this.first, this.#sums[0], this.#squares[0], periods);
    sharpeRatios(this.second, this.#sums[1], this.#squares[1], periods);
  }
}

function addTo(total: Float64Array, values: Float64Array, from: number): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (values[from + i] as number);
}

/** Mean / standard deviation with the divisor n − 1; 0 without any return. */
function sharpeRatios(output: Float64Array, sums: Float64Array, squares: Float64Array, periods: number): void {
  for (let i = 0; i < output.length; i++) {
    const mean = (sums[i] as number) / periods;
    const meanSquare = (squares[i] as number) / periods;
    const variance = Math.max(meanSquare - mean * mean, LEAST_VARIANCE * meanSquare);
    output[i] = variance === 0 ? 0 : mean / Math.sqrt((variance * periods) / (periods - 1));
  }
}

/**
 * The same blocks, in each of which the trials have changed names at random; each trial is first scaled to a mean
 * square of one over all blocks, so that a block of a nervous trial does not outweigh the rest of a calm one.
 */
export function shuffledTrials(blockSums: BlockSums, rng: Prng): BlockSums {
  const { blocks, trials, periodsPerBlock } = blockSums;
  const sums = new Float64Array(blocks * trials);
  const squares = new Float64Array(blocks * trials);
  const scales = scalesOf(blockSums);
  const names = Array.from({ length: trials }, (_, trial) => trial);
  for (let block = 0; block < blocks; block++) {
    rng.shuffle(names);
    for (let trial = 0; trial < trials; trial++) {
      const scale = scales[trial] as number;
      const from = block * trials + trial;
      const to = block * trials + (names[trial] as number);
      sums[to] = (blockSums.sums[from] as number) * scale;
      squares[to] = (blockSums.squares[from] as number) * scale * scale;
    }
  }
  return { blocks, trials, periodsPerBlock, sums, squares };
}

function scalesOf({ blocks, trials, periodsPerBlock, squares }: BlockSums): Float64Array {
  const totals = new Float64Array(trials);
  for (let block = 0; block < blocks; block++) addTo(totals, squares, block * trials);
  return totals.map((total) => (total === 0 ? 1 : Math.sqrt((periodsPerBlock * blocks) / total)));
}
