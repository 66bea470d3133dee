import { BLOCK, columnOf, Dense, type Ground, ratioOf } from './dense.ts';
import { reachable } from './horizon.ts';
import type { Node } from './node.ts';
import { Sieve } from './sieve.ts';
import { type Branch, frequentWindows, planSieve, readsOf } from './sieve-plan.ts';
import { formOf, partsOf, type Term, termOf } from './terms.ts';

/** What a plan computes, and where it goes: nodes of the own clock, with an element or a bit for each row. */
export interface Wanted {
  readonly values: readonly (readonly [Node, Float64Array])[];
  /** Conditions: a bit is set where it is true, and not where it is false or unknown. */
  readonly bits: readonly (readonly [Node, Uint32Array])[];
}

interface Parts {
  readonly dense: Dense;
  readonly sieve: Sieve;
  readonly values: readonly { readonly block: Float64Array; readonly values: Float64Array }[];
}

/**
 * How what is wanted together is computed, block after block. Series are computed at every row. Of a condition only
 * the rows matter at which it is true: of the conditions that it joins by `and` the cheap and rare ones are looked at
 * first, and the others only where those are true. Whatever is chosen here, the bits are the same.
 */
export class Plan {
  readonly #wanted: Wanted;
  readonly #ground: Ground;
  #parts: Parts | undefined;
  #end = 0;

  /**
   * @throws StrategyError for a node that is poisoned, or whose interval is no multiple of the own one; DataError when
   *   candles are absent that it reads
   */
  constructor(wanted: Wanted, ground: Ground) {
    this.#wanted = wanted;
    this.#ground = ground;
    for (const node of reachable([...wanted.values, ...wanted.bits].map(([wantedNode]) => wantedNode))) {
      if (node.poison !== undefined) throw node.poison;
      ratioOf(node, ground);
      if (node.inputs.length === 0 && node.op !== 'constant') columnOf(node, ground);
    }
  }

  /** Computes the rows up to `end`, which is not included. */
  advanceTo(end: number): void {
    if (end === this.#end) return;
    // Not before there are rows: they tell which conditions are rare.
    this.#parts ??= makeParts(this.#wanted, this.#ground, end);
    const { dense, sieve, values } = this.#parts;
    while (this.#end < end) {
      const from = this.#end;
      const to = Math.min(end, from + BLOCK);
      dense.run(from, to);
      sieve.run(from, to);
      for (const kept of values) keep(kept.block, kept.values, from, to);
      this.#end = to;
    }
  }
}

function makeParts(wanted: Wanted, ground: Ground, end: number): Parts {
  const branches = planSieve(wanted.bits, ground, end);
  const terms = [
    ...wanted.values.map(([node]) => termOf(node)),
    // At the root every row is looked at.
    ...branches.flatMap(readsOf),
    ...frequentWindows(branches),
    ...statefulBelow(branches),
  ];
  const dense = new Dense(ground, reachable(terms.map(({ node }) => node)));
  for (const term of terms) dense.blockOf(term);
  const values = wanted.values.map(([node, values]) => ({ block: dense.blockOf(termOf(node)), values }));
  return { dense, sieve: new Sieve(branches, dense, ground), values };
}

/** What branches read that has no value at a single row. */
function statefulBelow(branches: readonly Branch[]): readonly Term[] {
  return branches.flatMap(({ branches: below }) => [
    ...below
      .flatMap(readsOf)
      .flatMap((term) => partsOf(term, () => false).filter((part) => formOf(part) === 'stateful')),
    ...statefulBelow(below),
  ]);
}

function keep(block: Float64Array, values: Float64Array, from: number, to: number): void {
  for (let i = 0; i < to - from; i++) values[from + i] = block[i] as number;
}
