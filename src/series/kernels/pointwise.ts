import type { Op, PointwiseOp } from '../node.ts';
import type { Kernel } from './kernel.ts';

type Loop = (a: Float64Array, b: Float64Array, output: Float64Array, count: number) => void;

/** An operation on the values of one candle, without memory. Operations of one input ignore b. */
export class Pointwise implements Kernel {
  readonly #loop: Loop;

  constructor(op: PointwiseOp) {
    this.#loop = LOOPS[op];
  }

  run(inputs: readonly Float64Array[], output: Float64Array, count: number): void {
    const a = inputs[0] as Float64Array;
    this.#loop(a, inputs[1] ?? a, output, count);
  }
}

/** Whether it is computed of one candle alone. */
export function isPointwise(op: Op): op is PointwiseOp {
  return op in LOOPS;
}

/** Unknown: what a condition is where a value is missing. */
const U = Number.NaN;

/**
 * One loop per operation: a function called per value through a shared site would cost ten times as much. Comparisons
 * are turned into numbers without a branch on the outcome, which nobody can predict; a branch on NaN always goes the
 * same way.
 */
const LOOPS: Readonly<Record<PointwiseOp, Loop>> = {
  plus(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = (a[i] as number) + (b[i] as number);
  },
  minus(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = (a[i] as number) - (b[i] as number);
  },
  times(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = (a[i] as number) * (b[i] as number);
  },
  over(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = b[i] === 0 ? U : (a[i] as number) / (b[i] as number);
  },
  min(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = Math.min(a[i] as number, b[i] as number);
  },
  max(a, b, output, count) {
    for (let i = 0; i < count; i++) output[i] = Math.max(a[i] as number, b[i] as number);
  },
  abs(a, _, output, count) {
    for (let i = 0; i < count; i++) output[i] = Math.abs(a[i] as number);
  },
  negate(a, _, output, count) {
    for (let i = 0; i < count; i++) output[i] = -(a[i] as number);
  },
  log(a, _, output, count) {
    for (let i = 0; i < count; i++) output[i] = a[i] === 0 ? U : Math.log(a[i] as number);
  },
  dominant(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      // (x + |x|) / 2 is x where it is above 0, else 0, and exact.
      output[i] = Number.isNaN(x - y) ? U : Number(x > y) * ((x + Math.abs(x)) / 2);
    }
  },
  balance(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const sum = (a[i] as number) + (b[i] as number);
      output[i] = sum === 0 ? 0 : ((a[i] as number) - (b[i] as number)) / sum;
    }
  },
  gt(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      output[i] = Number.isNaN(x - y) ? U : Number(x > y);
    }
  },
  gte(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      output[i] = Number.isNaN(x - y) ? U : Number(x >= y);
    }
  },
  lt(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      output[i] = Number.isNaN(x - y) ? U : Number(x < y);
    }
  },
  lte(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      output[i] = Number.isNaN(x - y) ? U : Number(x <= y);
    }
  },
  eq(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const x = a[i] as number;
      const y = b[i] as number;
      output[i] = Number.isNaN(x - y) ? U : Number(x === y);
    }
  },
  // Kleene's logic: what is false whatever the unknown part may be is false, and likewise for true.
  and(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const product = (a[i] as number) * (b[i] as number);
      output[i] = Number.isNaN(product) && (a[i] === 0 || b[i] === 0) ? 0 : product;
    }
  },
  or(a, b, output, count) {
    for (let i = 0; i < count; i++) {
      const sum = (a[i] as number) + (b[i] as number);
      output[i] = Number.isNaN(sum) && (a[i] === 1 || b[i] === 1) ? 1 : Math.min(sum, 1);
    }
  },
  not(a, _, output, count) {
    for (let i = 0; i < count; i++) output[i] = 1 - (a[i] as number);
  },
};
