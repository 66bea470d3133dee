import { StrategyError } from '../domain/errors.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { Align, Column, Constant, Resample } from './kernels/clock.ts';
import { CustomKernel } from './kernels/custom.ts';
import type { Kernel } from './kernels/kernel.ts';
import { Delay } from './kernels/memory.ts';
import { Pointwise } from './kernels/pointwise.ts';
import { Ema, Wilder } from './kernels/recursive.ts';
import { Deviation, Extreme, Mean, Rank, Sum, WiderExtreme } from './kernels/window.ts';
import type { Custom, Node, PointwiseOp, SourceField } from './node.ts';
import { type Term, termOf } from './terms.ts';

/**
 * Candles that pass through the whole graph at once: few enough that what passes between kernels stays in the cache.
 */
export const BLOCK = 4_096;

/** The candles of one coin and interval, and whatever else is read beside them. */
export interface Ground {
  readonly interval: Interval;
  /** openTime / interval of row 0: slots are counted from 1970. */
  readonly firstSlot: number;
  /** @throws DataError when there is no such column. */
  column(coin: string, field: SourceField): Float64Array;
}

/** How many own candles make one candle of the node's clock. @throws StrategyError if that is no whole number. */
export function ratioOf({ clock }: Node, ground: Ground): number {
  if (clock.interval === 'own') return 1;
  const ratio = intervalMs(clock.interval) / intervalMs(ground.interval);
  if (Number.isInteger(ratio)) return ratio;
  const [slow, own] = [clock.interval, ground.interval];
  throw new StrategyError(`every('${slow}') cannot be made from ${own} candles: ${slow} is no multiple of them`, {
    hint: `Run the strategy on an interval that divides ${slow}.`,
  });
}

/** The column that a source reads. @throws DataError when there is none. */
export function columnOf({ clock, op }: Node, ground: Ground): Float64Array {
  return ground.column(clock.coin, op as SourceField);
}

interface Step {
  readonly kernel: Kernel;
  readonly inputs: readonly Float64Array[];
  readonly output: Float64Array;
  /** How many own candles make one of those that the kernel consumes. */
  readonly ratio: number;
}

/**
 * Terms that are computed at every row, block after block, each by its kernel into the block that it writes: in the
 * order in which they are asked for, what they need before them.
 */
export class Dense {
  readonly #ground: Ground;
  readonly #steps: Step[] = [];
  readonly #blocks = new Map<string, Float64Array>();
  /** Rolling extremes by what they differ in beside their length, shortest first. */
  readonly #extremes = new Map<string, Node[]>();

  /** @param nodes all that will be asked for, with all that it is computed from */
  constructor(ground: Ground, nodes: Iterable<Node>) {
    this.#ground = ground;
    for (const node of nodes) {
      if (node.op !== 'highest' && node.op !== 'lowest') continue;
      const siblings = this.#extremes.get(extremeKey(node));
      if (siblings === undefined) this.#extremes.set(extremeKey(node), [node]);
      else siblings.push(node);
    }
    for (const siblings of this.#extremes.values()) siblings.sort((a, b) => lengthOf(a) - lengthOf(b));
  }

  /** The values of the current block, as they are after each `run`. */
  blockOf(term: Term): Float64Array {
    const known = this.#blocks.get(term.key);
    if (known !== undefined) return known;
    const block = this.#add(term);
    this.#blocks.set(term.key, block);
    return block;
  }

  /** The same, if it was asked for before. */
  find(term: Term): Float64Array | undefined {
    return this.#blocks.get(term.key);
  }

  /** Computes the rows from … to−1, which follow those of the last call and are at most a block. */
  run(from: number, to: number): void {
    for (const { kernel, inputs, output, ratio } of this.#steps) {
      kernel.run(inputs, output, ratio === 1 ? to - from : this.#closedIn(from, to, ratio));
    }
  }

  /** How many candles of a slow clock close in the rows from … to−1. */
  #closedIn(from: number, to: number, ratio: number): number {
    const { firstSlot } = this.#ground;
    return Math.floor((firstSlot + to) / ratio) - Math.floor((firstSlot + from) / ratio);
  }

  #add({ node, shift }: Term): Float64Array {
    const ratio = ratioOf(node, this.#ground);
    if (node.inputs.length === 0 && node.op !== 'constant') {
      if (ratio === 1) return this.#step(new Column(columnOf(node, this.#ground), shift), [], 1);
      if (shift === 0) return this.#resampled(node, ratio);
    }
    if (shift > 0) return this.#step(new Delay(shift), [this.blockOf(termOf(node))], ratio);
    const shorter = this.#halfOf(node);
    if (shorter !== undefined) {
      const wider = new WiderExtreme(lengthOf(node), lengthOf(shorter), node.op === 'highest' ? 1 : -1);
      return this.#step(wider, [this.blockOf(termOf(shorter))], ratio);
    }
    const inputs = node.inputs.map((input) => this.blockOf(termOf(input)));
    return this.#step(this.#kernelOf(node, ratio), inputs, ratio);
  }

  #resampled(source: Node, ratio: number): Float64Array {
    const parts = this.#step(new Column(columnOf(source, this.#ground), 0), [], 1);
    return this.#step(new Resample(source.op as SourceField, ratio, this.#ground.firstSlot), [parts], 1);
  }

  #step(kernel: Kernel, inputs: readonly Float64Array[], ratio: number): Float64Array {
    const output = new Float64Array(BLOCK);
    this.#steps.push({ kernel, inputs, output, ratio });
    return output;
  }

  /** The longest other window of which two cover that of an extreme. */
  #halfOf(node: Node): Node | undefined {
    const n = lengthOf(node);
    return this.#extremes.get(extremeKey(node))?.findLast((other) => lengthOf(other) < n && 2 * lengthOf(other) >= n);
  }

  #kernelOf(node: Node, ratio: number): Kernel {
    const n = node.args[0] ?? Number.NaN;
    const slot = Math.floor(this.#ground.firstSlot / ratio);
    switch (node.op) {
      case 'constant':
        return new Constant(n);
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
        return new Align(ratioOf(node.inputs[0] as Node, this.#ground) / ratio, slot);
      case 'custom':
        return new CustomKernel(node.custom as Custom, slot, ratio * intervalMs(this.#ground.interval));
      default:
        return new Pointwise(node.op as PointwiseOp);
    }
  }
}

function lengthOf(extreme: Node): number {
  return extreme.args[0] as number;
}

function extremeKey({ op, inputs }: Node): string {
  return `${op}:${inputs[0]?.id}`;
}
