import { columnOf, type Ground } from './dense.ts';
import { gather, type Rows } from './kernels/at-rows.ts';
import { Pointwise } from './kernels/pointwise.ts';
import { windowAtRows } from './kernels/window-at-rows.ts';
import type { PointwiseOp, WindowOp } from './node.ts';
import { formOf, inputsOf, partsOf, type Term } from './terms.ts';

/** Computes the values of a term at rows, which are counted from row `at` of the columns. */
export type Step = (rows: Rows, at: number) => void;

/** Where values that are computed at all rows are read, from the first row of the block on. */
export type Whole = (term: Term) => Float64Array | undefined;

/**
 * The values of terms at chosen rows of a block: read from columns, windows computed one by one, the rest by the
 * kernels of everybody. Arrays are used again when what they hold is released.
 */
export class Sampler {
  readonly #ground: Ground;
  readonly #capacity: number;
  readonly #whole: Whole;
  readonly #free: Float64Array[] = [];
  readonly #constants = new Map<number, Float64Array>();

  /** @param capacity the largest number of rows */
  constructor(ground: Ground, capacity: number, whole: Whole) {
    this.#ground = ground;
    this.#capacity = capacity;
    this.#whole = whole;
  }

  /** Samples of what all these terms need: what two of them need is computed once. */
  samplesOf(wanted: readonly Term[]): Samples {
    return new Samples(this, wanted);
  }

  partsOf(term: Term): readonly Term[] {
    return partsOf(term, (part) => this.#whole(part) !== undefined);
  }

  /** An array for the values of a term and, unless they are constant, the step that computes them. */
  add(term: Term, steps: Step[], inputs: readonly Float64Array[]): Float64Array {
    if (formOf(term) === 'constant') return this.#constant(term.node.args[0] as number);
    const output = this.#free.pop() ?? new Float64Array(this.#capacity);
    steps.push(this.#stepOf(term, inputs, output));
    return output;
  }

  release(term: Term, values: Float64Array): void {
    if (formOf(term) !== 'constant') this.#free.push(values);
  }

  #stepOf(term: Term, inputs: readonly Float64Array[], output: Float64Array): Step {
    const { node, shift } = term;
    const block = this.#whole(term);
    if (block !== undefined) return (rows) => gather(block, rows, 0, output);
    switch (formOf(term)) {
      case 'source': {
        const column = columnOf(node, this.#ground);
        return (rows, at) => gather(column, rows, at - shift, output);
      }
      case 'window': {
        const [source] = inputsOf(term) as readonly [Term];
        const column = columnOf(source.node, this.#ground);
        // A window counts its blocks by its own slots, whatever lag its input has.
        const slot = this.#ground.firstSlot + source.shift - shift;
        const window = windowAtRows(node.op as WindowOp, column, node.args[0] as number, slot);
        return (rows, at) => window.run(rows, at - source.shift, output);
      }
      default: {
        const kernel = new Pointwise(node.op as PointwiseOp);
        return (rows) => kernel.run(inputs, output, rows.count);
      }
    }
  }

  #constant(value: number): Float64Array {
    const known = this.#constants.get(value);
    if (known !== undefined) return known;
    const values = new Float64Array(this.#capacity).fill(value);
    this.#constants.set(value, values);
    return values;
  }
}

/** The values of some terms at the same rows, while they are needed. */
class Samples {
  readonly #sampler: Sampler;
  readonly #values = new Map<string, Float64Array>();
  /** How many of the terms that are still to come need it. */
  readonly #uses = new Map<string, number>();

  constructor(sampler: Sampler, wanted: readonly Term[]) {
    this.#sampler = sampler;
    for (const part of wanted.flatMap((term) => sampler.partsOf(term))) {
      this.#uses.set(part.key, (this.#uses.get(part.key) ?? 0) + 1);
    }
  }

  /**
   * Where the values of one of the terms are when `steps` have run. Each is taken once, and read before later steps
   * run: those may write over what none of the terms that are still to come needs.
   */
  takeOnce(term: Term, steps: Step[]): Float64Array {
    const parts = this.#sampler.partsOf(term);
    for (const part of parts) {
      if (this.#values.has(part.key)) continue;
      const inputs = inputsOf(part).flatMap((input) => this.#values.get(input.key) ?? []);
      this.#values.set(part.key, this.#sampler.add(part, steps, inputs));
    }
    const values = this.#values.get(term.key) as Float64Array;
    for (const part of parts) this.#release(part);
    return values;
  }

  #release(part: Term): void {
    const left = (this.#uses.get(part.key) as number) - 1;
    this.#uses.set(part.key, left);
    if (left > 0) return;
    this.#sampler.release(part, this.#values.get(part.key) as Float64Array);
    this.#values.delete(part.key);
  }
}
