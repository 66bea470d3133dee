import { BLOCK, type Dense, type Ground } from './dense.ts';
import { beyond, passing, type Rows } from './kernels/at-rows.ts';
import { rangeOf } from './odds.ts';
import { Sampler, type Step } from './sampler.ts';
import { type Branch, readBy } from './sieve-plan.ts';
import type { Term } from './terms.ts';

/** The rows at which a condition is true among those above it, written to `passed`. */
type Filter = (rows: Rows, at: number, passed: Rows) => void;

/** Keeps of the rows above it those at which its condition is true. */
interface Frame {
  /** What its filter reads is first computed at the rows above. */
  readonly steps: readonly Step[];
  readonly filter: Filter;
  /** Of this block; frames of one depth share them, since each is done with what is below it before the next begins. */
  readonly rows: Rows;
  readonly kept: readonly Uint32Array[];
  readonly frames: readonly Frame[];
}

/** Finds the rows at which conditions are true, in blocks, and writes them into the bitmaps that are kept. */
export class Sieve {
  readonly #ground: Ground;
  readonly #dense: Dense;
  readonly #sampler: Sampler;
  readonly #rows: Rows[] = [];
  readonly #frames: readonly Frame[];
  readonly #all: Rows = { list: Int32Array.from({ length: BLOCK }, (_, i) => i), count: 0 };

  /** @param dense computes already whatever has no value at a single row */
  constructor(branches: readonly Branch[], dense: Dense, ground: Ground) {
    this.#ground = ground;
    this.#dense = dense;
    this.#sampler = new Sampler(ground, BLOCK, (term) => dense.find(term));
    this.#frames = branches.map((branch) => {
      const values = this.#dense.blockOf(readBy(branch));
      return this.#frame(branch, [], values, 0);
    });
  }

  /** Looks at rows from … to−1, when the dense terms are computed there. */
  run(from: number, to: number): void {
    this.#all.count = to - from;
    for (const frame of this.#frames) runFrame(frame, this.#all, from);
  }

  #frame(branch: Branch, steps: readonly Step[], values: Float64Array, depth: number): Frame {
    const rows = this.#rows[depth] ?? { list: new Int32Array(BLOCK), count: 0 };
    this.#rows[depth] = rows;
    const filter = this.#filterOf(branch, values);
    return { steps, filter, rows, kept: branch.kept, frames: this.#framesBelow(branch, depth + 1) };
  }

  #framesBelow({ branches }: Branch, depth: number): readonly Frame[] {
    const samples = this.#sampler.samplesOf(branches.map(readBy));
    return branches.map((branch) => {
      const term: Term = readBy(branch);
      const steps: Step[] = [];
      const values = samples.take(term, steps);
      // What the filter has read may be written over below it.
      samples.release(term);
      return this.#frame(branch, steps, values, depth);
    });
  }

  #filterOf({ condition, search }: Branch, values: Float64Array): Filter {
    if (search === undefined || condition.search === undefined)
      return (rows, _, passed) => passing(values, rows, passed);
    const range = rangeOf(condition.search.range, this.#ground, search.beaten);
    return (rows, at, passed) => beyond(range, values, rows, at, passed);
  }
}

function runFrame({ steps, filter, rows, kept, frames }: Frame, above: Rows, from: number): void {
  for (const step of steps) step(above, from);
  filter(above, from, rows);
  if (rows.count === 0) return;
  for (const bits of kept) mark(bits, rows, from);
  for (const frame of frames) runFrame(frame, rows, from);
}

function mark(bits: Uint32Array, { list, count }: Rows, from: number): void {
  for (let i = 0; i < count; i++) {
    const row = from + (list[i] as number);
    bits[row >>> 5] = (bits[row >>> 5] as number) | (1 << (row & 31));
  }
}
