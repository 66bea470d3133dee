import type { MeanMultiple } from './kernels/beyond-mean.ts';
import { isPointwise } from './kernels/pointwise.ts';
import type { Node, Op, WindowOp } from './node.ts';

/**
 * A node as it was some candles of its clock ago. Nodes are immutable; `ago` of `ago`, and `ago` of what is computed of
 * one candle alone, are the same thing with more of a shift, which a plan may then read where it pleases.
 */
export interface Term {
  readonly node: Node;
  readonly shift: number;
  /** Equal for equal terms. */
  readonly key: string;
}

/** Windows longer than this are never computed one by one: too much would have to be read for each. */
const LONGEST_WINDOW = 4_096;
const WINDOW_OPS: ReadonlySet<Op> = new Set<WindowOp>(['highest', 'lowest', 'sum', 'mean', 'deviation', 'rank']);

export function termOf(node: Node, shift = 0): Term {
  let seen = node;
  let candles = shift;
  while (seen.op === 'ago') {
    candles += seen.args[0] as number;
    seen = seen.inputs[0] as Node;
  }
  return { node: seen, shift: candles, key: `${seen.id}/${candles}` };
}

/** What a term is computed from, at the same instant. */
export function inputsOf({ node, shift }: Term): readonly Term[] {
  return node.inputs.map((input) => termOf(input, shift));
}

/**
 * How the value of a term at a single row is had: read or computed from the columns of the market; or, for what carries
 * a state from candle to candle or counts candles of another clock, only together with those of all rows before.
 */
export type Form = 'constant' | 'source' | 'pointwise' | 'window' | 'stateful';

export function formOf({ node }: Term): Form {
  if (node.clock.interval !== 'own') return 'stateful';
  if (node.op === 'constant') return 'constant';
  if (node.inputs.length === 0) return 'source';
  // What is made of constants alone has no start that it would wait for.
  if (isPointwise(node.op)) return node.inputs.some(({ op }) => op !== 'constant') ? 'pointwise' : 'stateful';
  const [input] = node.inputs as readonly [Node];
  const short = WINDOW_OPS.has(node.op) && (node.args[0] as number) <= LONGEST_WINDOW;
  return short && formOf(termOf(input)) === 'source' ? 'window' : 'stateful';
}

/** The term and what it is computed from, inputs first, down to what is read or, if `isKnown`, is there already. */
export function partsOf(term: Term, isKnown: (term: Term) => boolean): readonly Term[] {
  const parts = new Map<string, Term>();
  const visit = (part: Term): void => {
    if (parts.has(part.key)) return;
    if (formOf(part) === 'pointwise' && !isKnown(part)) for (const input of inputsOf(part)) visit(input);
    parts.set(part.key, part);
  };
  visit(term);
  return [...parts.values()];
}

/** The conditions that are all true where a condition is: those that it joins by `and`, or itself. */
export function factorsOf(condition: Term): readonly Term[] {
  const factors = new Map<string, Term>();
  const visit = (term: Term): void => {
    if (term.node.op === 'and') for (const input of inputsOf(term)) visit(input);
    else factors.set(term.key, term);
  };
  visit(condition);
  return [...factors.values()];
}

/** A comparison with the highest or the lowest of n values: x is beyond all of them. */
export interface Break {
  readonly x: Term;
  readonly source: Term;
  readonly n: number;
  readonly sign: 1 | -1;
  readonly orEqual: boolean;
  /** Equal for breaks of one range that differ in its length alone: who is beyond the longer is beyond the shorter. */
  readonly siblings: string;
}

const FLIPPED: Partial<Record<Op, Op>> = { gt: 'lt', gte: 'lte', lt: 'gt', lte: 'gte' };

export function breakOf(condition: Term): Break | undefined {
  const flipped = FLIPPED[condition.node.op];
  if (flipped === undefined) return undefined;
  const [left, right] = inputsOf(condition) as readonly [Term, Term];
  return breakBeyond(condition.node.op, left, right) ?? breakBeyond(flipped, right, left);
}

function breakBeyond(op: Op, x: Term, extreme: Term): Break | undefined {
  const upwards = op === 'gt' || op === 'gte';
  if (extreme.node.op !== (upwards ? 'highest' : 'lowest') || formOf(extreme) !== 'window') return undefined;
  const [source] = inputsOf(extreme) as readonly [Term];
  return {
    x,
    source,
    n: extreme.node.args[0] as number,
    sign: upwards ? 1 : -1,
    orEqual: op === 'gte' || op === 'lte',
    siblings: `${op}:${x.key}:${source.key}`,
  };
}

/** A comparison of x with a multiple of the mean of n values. */
export interface Excess extends MeanMultiple {
  readonly x: Term;
  readonly source: Term;
}

export function excessOf(condition: Term): Excess | undefined {
  const flipped = FLIPPED[condition.node.op];
  if (flipped === undefined) return undefined;
  const [left, right] = inputsOf(condition) as readonly [Term, Term];
  return excessOver(condition.node.op, left, right) ?? excessOver(flipped, right, left);
}

function excessOver(op: Op, x: Term, bound: Term): Excess | undefined {
  const [first, second] = bound.node.op === 'times' ? (inputsOf(bound) as readonly [Term, Term]) : [bound, undefined];
  if (first.node.op !== 'mean' || formOf(first) !== 'window') return undefined;
  if (second !== undefined && second.node.op !== 'constant') return undefined;
  const [source] = inputsOf(first) as readonly [Term];
  const factor = second === undefined ? 1 : (second.node.args[0] as number);
  return { x, source, n: first.node.args[0] as number, factor, sign: op === 'gt' || op === 'gte' ? 1 : -1 };
}
