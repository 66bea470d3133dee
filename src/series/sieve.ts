import { BLOCK, columnOf, type Dense, type Ground } from './dense.ts';
import { passing, type Rows, reaching, search } from './kernels/at-rows.ts';
import { RunningSums } from './kernels/beyond-mean.ts';
import { rangeOf } from './odds.ts';
import { Sampler, type Step } from './sampler.ts';
import { type Branch, readsOf } from './sieve-plan.ts';
import type { Excess, Term } from './terms.ts';

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
  readonly #sampler: Sampler;
  /** Of conditions that sums leave a doubt about; apart, because what the others read is still needed then. */
  readonly #doubts: Sampler;
  readonly #sums = new Map<string, RunningSums>();
  readonly #rows: Rows[] = [];
  readonly #frames: readonly Frame[];
  readonly #all: Rows = { list: Int32Array.from({ length: BLOCK }, (_, i) => i), count: 0 };

  /** @param dense computes already what the first branches read, and whatever has no value at a single row */
  constructor(branches: readonly Branch[], dense: Dense, ground: Ground) {
    this.#ground = ground;
    this.#sampler = new Sampler(ground, BLOCK, (term) => dense.find(term));
    this.#doubts = new Sampler(ground, BLOCK, (term) => dense.find(term));
    this.#frames = branches.map((branch) =>
      // Every row is looked at, and so the blocks themselves are read.
      this.#frame(branch, [], (term) => dense.blockOf(term), new Int32Array(0), 0),
    );
  }

  /** Looks at rows from … to−1, when the dense terms are computed there. */
  run(from: number, to: number): void {
    this.#all.count = to - from;
    for (const frame of this.#frames) runFrame(frame, this.#all, from);
  }

  /**
   * @param valuesOf where the values of a term at the rows above are, when `steps` have run
   * @param reach how far the search above came at those rows
   */
  #frame(
    branch: Branch,
    steps: readonly Step[],
    valuesOf: (term: Term) => Float64Array,
    reach: Int32Array,
    depth: number,
  ): Frame {
    const rows = this.#rows[depth] ?? { list: new Int32Array(BLOCK), count: 0 };
    this.#rows[depth] = rows;
    const reached = new Int32Array(branch.look.by === 'search' ? BLOCK : 0);
    const filter = this.#filterOf(branch, valuesOf, reach, reached);
    return { steps, filter, rows, kept: branch.kept, frames: this.#framesBelow(branch, reached, depth + 1) };
  }

  #framesBelow({ branches }: Branch, reach: Int32Array, depth: number): readonly Frame[] {
    const samples = this.#sampler.samplesOf(branches.flatMap(readsOf));
    return branches.map((branch) => {
      const steps: Step[] = [];
      return this.#frame(branch, steps, (term) => samples.takeOnce(term, steps), reach, depth);
    });
  }

  #filterOf(
    { condition, look, branches }: Branch,
    valuesOf: (term: Term) => Float64Array,
    reach: Int32Array,
    reached: Int32Array,
  ): Filter {
    if (look.by === 'reach') return (rows, _, passed) => reaching(reach, look.least, rows, passed);
    const values = valuesOf(look.reads);
    if (look.by === 'value') return (rows, _, passed) => passing(values, rows, passed);
    if (look.by === 'sums') return this.#filterBySums(condition.term, look.excess, values);
    const lengths = branches.map(({ look: below }) => (below.by === 'reach' ? below.least : 0));
    const range = rangeOf(look.range, Math.max(look.range.n, ...lengths), this.#ground);
    return (rows, at, passed) => search(range, values, rows, at, passed, reached);
  }

  #filterBySums(condition: Term, excess: Excess, x: Float64Array): Filter {
    const sums = this.#sumsOf(excess.source);
    sums.reserve(excess.n, BLOCK);
    const steps: Step[] = [];
    const truth = this.#doubts.samplesOf([condition]).takeOnce(condition, steps);
    return (rows, at, passed) => {
      const exact = (doubtful: Rows, certain: Rows): void => {
        for (const step of steps) step(doubtful, at);
        passing(truth, doubtful, certain);
      };
      sums.pass(excess, x, rows, at - excess.source.shift, exact, passed);
    };
  }

  #sumsOf(source: Term): RunningSums {
    const known = this.#sums.get(source.key) ?? new RunningSums(columnOf(source.node, this.#ground));
    this.#sums.set(source.key, known);
    return known;
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
