import { INTERVALS_MS, type Interval } from '../domain/time.ts';
import { misuse, type Poison } from './poison.ts';

/**
 * Whose candles a node counts. 'own' is the coin or the interval that the strategy runs on, known when it is evaluated.
 */
export interface Clock {
  readonly coin: string;
  readonly interval: Interval | 'own';
}

export const OWN_CLOCK: Clock = { coin: 'own', interval: 'own' };

export type SourceField = 'open' | 'high' | 'low' | 'close' | 'volume' | 'funding';
export type PointwiseOp =
  | 'plus'
  | 'minus'
  | 'times'
  | 'over'
  | 'min'
  | 'max'
  | 'abs'
  | 'negate'
  | 'log'
  /** a where a > b and a > 0, else 0: Wilder's directional movement. */
  | 'dominant'
  /** (a − b) / (a + b) of what is never negative: −1 … 1, and 0 where both are 0. */
  | 'balance'
  | 'gt'
  | 'gte'
  | 'lt'
  | 'lte'
  | 'eq'
  | 'and'
  | 'or'
  | 'not';
export type WindowOp = 'highest' | 'lowest' | 'sum' | 'mean' | 'deviation' | 'rank';
export type RecursiveOp = 'ema' | 'wilder';
export type Op =
  | SourceField
  | PointwiseOp
  | WindowOp
  | RecursiveOp
  | 'constant'
  | 'ago'
  /** The last closed value of a slow clock, seen from a faster one. */
  | 'align'
  /** Code that has no name yet: `scan` and `indicator`. */
  | 'custom';

/** A computation that carries a state from candle to candle; it sees one candle at a time, in order. */
export interface CustomRun {
  /** NaN where there is no value yet. */
  next(inputs: readonly number[]): number;
}

export interface Custom {
  /** Two nodes with the same key, inputs and clock are the same node. Never leaves the process. */
  readonly key: string;
  /** What to call it in messages. */
  readonly name: string;
  /** Candles of its clock that must pass before its value no longer depends on where it began. */
  readonly settle: number;
  /** A fresh run, for each evaluation and again after a gap. */
  start(): CustomRun;
}

/**
 * One operation of the dependency graph. Nodes are immutable and interned by their structure: the same expression
 * written twice is one node, and is computed once. A condition is a node whose values are 1, 0, or NaN where it cannot
 * be known.
 */
export interface Node {
  readonly id: number;
  readonly op: Op;
  readonly inputs: readonly Node[];
  readonly args: readonly number[];
  readonly clock: Clock;
  readonly custom?: Custom;
  readonly poison?: Poison;
}

const interned = new Map<string, Node>();
let made = 0;

/** A value of the market itself. */
export function sourceNode(field: SourceField, clock: Clock, poison?: Poison): Node {
  return poison === undefined ? intern(field, [], [], clock) : poisoned(poison, field, [], clock);
}

/** A number as a series, on the clock of what it is combined with. */
export function constantNode(value: number, clock: Clock): Node {
  if (!Number.isFinite(value)) {
    const poison = misuse(`${value} is not a finite number`, 'Is a param missing, or a name misspelt?');
    return poisoned(poison, 'constant', [], clock);
  }
  return intern('constant', [], [value === 0 ? 0 : value], clock);
}

/** An operation on nodes, which are first brought to the fastest of their clocks. */
export function operation(op: Op, inputs: readonly Node[], args: readonly number[] = [], custom?: Custom): Node {
  const onOneClock = aligned(inputs);
  const [first] = onOneClock;
  if (first === undefined) throw new RangeError(`${op} has no input`);
  const clock = { coin: commonCoin(onOneClock), interval: first.clock.interval };
  const poison = onOneClock.find((input) => input.poison !== undefined)?.poison;
  return poison === undefined ? intern(op, onOneClock, args, clock, custom) : poisoned(poison, op, onOneClock, clock);
}

/** A node that nothing may be computed from. Each has its own error, and so none is interned. */
export function poisoned(poison: Poison, op: Op, inputs: readonly Node[], clock: Clock): Node {
  return Object.freeze({ id: made++, op, inputs, args: [], clock, poison });
}

/** The inputs on the fastest of their clocks; slower ones are seen through their last closed candle. */
export function aligned(inputs: readonly Node[]): readonly Node[] {
  const fastest = inputs.map((node) => node.clock.interval).reduce((a, b) => (lengthOf(b) < lengthOf(a) ? b : a));
  return inputs.map((node) => onInterval(node, fastest));
}

/** A node as it is seen from a clock: a slow one through its last closed candle. */
export function onInterval(node: Node, interval: Interval | 'own'): Node {
  if (node.clock.interval === interval) return node;
  const clock = { coin: node.clock.coin, interval };
  if (node.poison !== undefined) return poisoned(node.poison, 'align', [node], clock);
  if (interval !== 'own' && lengthOf(node.clock.interval) % lengthOf(interval) !== 0) {
    const slow = node.clock.interval;
    const poison = misuse(
      `${slow} and ${interval} candles cannot be combined: ${slow} is no multiple of ${interval}`,
      'Choose intervals of which one divides the other.',
    );
    return poisoned(poison, 'align', [node], clock);
  }
  return intern('align', [node], [], clock);
}

/** Every interval is a multiple of the strategy's own, so the own one is the fastest. */
function lengthOf(interval: Interval | 'own'): number {
  return interval === 'own' ? 0 : INTERVALS_MS[interval];
}

function commonCoin(nodes: readonly Node[]): string {
  const coins = new Set(nodes.map((node) => node.clock.coin));
  const [only] = coins;
  return coins.size === 1 && only !== undefined ? only : OWN_CLOCK.coin;
}

function intern(op: Op, inputs: readonly Node[], args: readonly number[], clock: Clock, custom?: Custom): Node {
  const ids = inputs.map((input) => input.id).join(',');
  const key = `${op}:${args.join(',')}#${ids}@${clock.coin}/${clock.interval}=${custom?.key ?? ''}`;
  const known = interned.get(key);
  if (known !== undefined) return known;
  const node: Node = Object.freeze({
    id: made++,
    op,
    inputs,
    args,
    clock,
    ...(custom === undefined ? {} : { custom }),
  });
  interned.set(key, node);
  return node;
}
