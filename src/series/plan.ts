import { StrategyError } from '../domain/errors.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { reachable } from './horizon.ts';
import { Align, Column, Constant, Resample } from './kernels/clock.ts';
import { CustomKernel } from './kernels/custom.ts';
import type { Kernel } from './kernels/kernel.ts';
import { Delay } from './kernels/memory.ts';
import { Pointwise } from './kernels/pointwise.ts';
import { Ema, Wilder } from './kernels/recursive.ts';
import { Deviation, Extreme, Mean, Rank, Sum } from './kernels/window.ts';
import type { Custom, Node, PointwiseOp, SourceField } from './node.ts';

/**
 * Candles that pass through the whole graph at once: few enough that what passes between kernels stays in the cache.
 */
const BLOCK = 4_096;

/** The candles of one coin and interval, and whatever else is read beside them. */
export interface Ground {
  readonly interval: Interval;
  /** openTime / interval of row 0: slots are counted from 1970. */
  readonly firstSlot: number;
  /** @throws DataError when there is no such column. */
  column(coin: string, field: SourceField): Float64Array;
}

/** Where the values of a wanted node go, block after block. */
export type Keep = (block: Float64Array, from: number, count: number) => void;

interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly Float64Array[];
  readonly output: Float64Array;
  /** How many own candles make one of those that the kernel consumes. */
  readonly ratio: number;
}

/**
 * Nodes in the order in which they are computed, each with its kernel and the block that it writes. Only what is wanted
 * outlives a block.
 */
export class Plan {
  readonly #ground: Ground;
  readonly #steps: Step[] = [];
  readonly #blocks = new Map<Node, Float64Array>();
  readonly #wanted: { readonly block: Float64Array; readonly keep: Keep }[] = [];
  #end = 0;

  /**
   * @param wanted nodes of the own clock
   * @throws StrategyError for a node that is poisoned, or whose interval is no multiple of the own one
   */
  constructor(wanted: ReadonlyMap<Node, Keep>, ground: Ground) {
    this.#ground = ground;
    for (const node of reachable(wanted.keys())) {
      if (node.poison !== undefined) throw node.poison;
      this.#blocks.set(node, this.#add(node));
    }
    for (const [node, keep] of wanted) this.#wanted.push({ block: this.#blockOf(node), keep });
  }

  /** Computes the rows up to `end`, which is not included. */
  advanceTo(end: number): void {
    while (this.#end < end) {
      const from = this.#end;
      const to = Math.min(end, from + BLOCK);
      for (const { kernel, inputs, output, ratio } of this.#steps) {
        kernel.run(inputs, output, ratio === 1 ? to - from : this.#closedIn(from, to, ratio));
      }
      for (const { block, keep } of this.#wanted) keep(block, from, to - from);
      this.#end = to;
    }
  }

  /** How many candles of a slow clock close in the rows from … to−1. */
  #closedIn(from: number, to: number, ratio: number): number {
    const { firstSlot } = this.#ground;
    return Math.floor((firstSlot + to) / ratio) - Math.floor((firstSlot + from) / ratio);
  }

  #add(node: Node): Float64Array {
    const ratio = this.#ratioOf(node);
    const source = node.inputs.length === 0 && node.op !== 'constant';
    const column = source ? this.#ground.column(node.clock.coin, node.op as SourceField) : undefined;
    if (column === undefined)
      return this.#step(
        this.#kernelOf(node, ratio),
        node.inputs.map((input) => this.#blockOf(input)),
        ratio,
      );
    const read = this.#step(new Column(column), [], 1);
    if (ratio === 1) return read;
    return this.#step(new Resample(node.op as SourceField, ratio, this.#ground.firstSlot), [read], 1);
  }

  #step(kernel: Kernel, inputs: readonly Float64Array[], ratio: number): Float64Array {
    const output = new Float64Array(BLOCK);
    this.#steps.push({ kernel, inputs, output, ratio });
    return output;
  }

  #blockOf(node: Node): Float64Array {
    return this.#blocks.get(node) as Float64Array;
  }

  /** How many own candles make one candle of the node's clock. */
  #ratioOf({ clock }: Node): number {
    if (clock.interval === 'own') return 1;
    const ratio = intervalMs(clock.interval) / intervalMs(this.#ground.interval);
    if (Number.isInteger(ratio)) return ratio;
    const [slow, own] = [clock.interval, this.#ground.interval];
    throw new StrategyError(`every('${slow}') cannot be made from ${own} candles: ${slow} is no multiple of them`, {
      hint: `Run the strategy on an interval that divides ${slow}.`,
    });
  }

  #kernelOf(node: Node, ratio: number): Kernel {
    const n = node.args[0] ?? Number.NaN;
    const slot = Math.floor(this.#ground.firstSlot / ratio);
    switch (node.op) {
      case 'constant':
        return new Constant(n);
      case 'ago':
        return new Delay(n);
      case 'highest':
        return new Extreme(n, slot, 1);
      case 'lowest':
        return new Extreme(n, slot, -1);
      case 'sum':
        return new Sum(n, slot);
      case 'mean':
        return new Mean(n, slot);
      case 'deviation':
        return new Deviation(n, slot);
      case 'rank':
        return new Rank(n);
      case 'ema':
        return new Ema(n);
      case 'wilder':
        return new Wilder(n);
      case 'align':
        return new Align(this.#ratioOf(node.inputs[0] as Node) / ratio, slot);
      case 'custom':
        return new CustomKernel(node.custom as Custom, slot, ratio * intervalMs(this.#ground.interval));
      default:
        return new Pointwise(node.op as PointwiseOp);
    }
  }
}
