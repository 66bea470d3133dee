import {
  aligned,
  constantNode,
  type Node,
  operation,
  type PointwiseOp,
  poisoned,
  type RecursiveOp,
  type WindowOp,
} from './node.ts';
import { badLag, badLength, misuse, type Poison } from './poison.ts';

/** What a condition bets on when it is true. A filter bets on neither: it says when to look. */
export type Bet = 'continuation' | 'reversal' | 'filter';

const BETS: readonly Bet[] = ['continuation', 'reversal', 'filter'];

/**
 * A number for each candle: an immutable expression, not an array. It knows the candle that just closed and those
 * before it; nothing in it can reach forward. A missing value is NaN, and whatever is computed from it is NaN too.
 */
export class Series {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }

  /**
   * The value k candles ago, of this series' own clock. `ago(0)` is the series itself.
   * Anything but a whole number ≥ 0 is refused when the strategy loads (LookAheadError).
   */
  ago(k: number): Series {
    return new Series(lagged('ago', this.node, k));
  }

  /** The difference from the value k candles ago. */
  change(k = 1): Series {
    return new Series(operation('minus', [this.node, lagged('change', this.node, k)]));
  }

  plus(x: Series | number): Series {
    return this.#with('plus', x);
  }

  minus(x: Series | number): Series {
    return this.#with('minus', x);
  }

  times(x: Series | number): Series {
    return this.#with('times', x);
  }

  /** The quotient; NaN where x is 0, so that a division by zero never makes a signal. */
  over(x: Series | number): Series {
    return this.#with('over', x);
  }

  /** The smaller of the two. */
  min(x: Series | number): Series {
    return this.#with('min', x);
  }

  /** The larger of the two. */
  max(x: Series | number): Series {
    return this.#with('max', x);
  }

  abs(): Series {
    return new Series(operation('abs', [this.node]));
  }

  negate(): Series {
    return new Series(operation('negate', [this.node]));
  }

  /** The natural logarithm; NaN where the value is not above 0. */
  log(): Series {
    return new Series(operation('log', [this.node]));
  }

  gt(x: Series | number): Condition {
    return this.#compare('gt', x);
  }

  gte(x: Series | number): Condition {
    return this.#compare('gte', x);
  }

  lt(x: Series | number): Condition {
    return this.#compare('lt', x);
  }

  lte(x: Series | number): Condition {
    return this.#compare('lte', x);
  }

  eq(x: Series | number): Condition {
    return this.#compare('eq', x);
  }

  /** At or below x one candle ago, above it now. */
  crossesAbove(x: Series | number): Condition {
    return this.#cross('lte', 'gt', 'crossesAbove', x);
  }

  /** At or above x one candle ago, below it now. */
  crossesBelow(x: Series | number): Condition {
    return this.#cross('gte', 'lt', 'crossesBelow', x);
  }

  /** The highest of the last n values, the current one included. */
  highest(n: number): Series {
    return this.#window('highest', n);
  }

  /** The lowest of the last n values, the current one included. */
  lowest(n: number): Series {
    return this.#window('lowest', n);
  }

  /** The mean of the last n values; of equal values exactly that value. */
  mean(n: number): Series {
    return this.#window('mean', n);
  }

  /** The sum of the last n values. */
  sum(n: number): Series {
    return this.#window('sum', n);
  }

  /** The standard deviation (of the population) of the last n values; of equal values exactly 0. */
  deviation(n: number): Series {
    return this.#window('deviation', n);
  }

  /**
   * The share of the last n values, itself left out, that lie below the current one: 0 lowest, 1 highest; ties count
   * half.
   */
  rank(n: number): Series {
    return this.#window('rank', n, 2);
  }

  /** How many deviations the value lies from the mean of the last n; NaN where they are all equal. */
  zScore(n: number): Series {
    return this.minus(this.mean(n)).over(this.deviation(n));
  }

  /** The exponential moving average, α = 2 / (n + 1), that starts at the first value; NaN until it has settled. */
  ema(n: number): Series {
    return new Series(withLength('ema', this.node, n));
  }

  /** Wilder's smoothing, α = 1 / n, that starts at the mean of the first n values; NaN until it has settled. */
  wilder(n: number): Series {
    return new Series(withLength('wilder', this.node, n));
  }

  /**
   * Wilder's relative strength index (New Concepts in Technical Trading Systems, 1978): 100 × gains / (gains + losses),
   * both smoothed by his method. 50 where nothing moves; NaN until it has settled.
   */
  rsi(n: number): Series {
    const change = this.change(1);
    return balance(dominant(change, 0), dominant(change.negate(), 0), n, 'rsi').times(50).plus(50);
  }

  #with(op: PointwiseOp, x: Series | number): Series {
    return new Series(operation(op, [this.node, operand(op, x, this.node)]));
  }

  #compare(op: PointwiseOp, x: Series | number): Condition {
    return new Condition(operation(op, [this.node, operand(op, x, this.node)]));
  }

  #window(op: WindowOp, n: number, least = 1): Series {
    return new Series(withLength(op, this.node, n, op, least));
  }

  #cross(before: PointwiseOp, now: PointwiseOp, method: string, x: Series | number): Condition {
    // On one clock first: 'one candle ago' means a candle of the faster of the two.
    const [mine, theirs] = aligned([this.node, operand(method, x, this.node)]) as readonly [Node, Node];
    const earlier = operation(before, [lagged(method, mine, 1), lagged(method, theirs, 1)]);
    return new Condition(operation('and', [earlier, operation(now, [mine, theirs])]));
  }
}

/**
 * True or false for each candle: an immutable expression. Where a value that it needs is missing it is *unknown*, and
 * stays so through `not()`: `a.gt(b).not()` is `a.lte(b)`, gaps included. What is unknown at the end counts as false,
 * so a missing value never makes a signal.
 */
export class Condition {
  readonly node: Node;
  /** What the strategy says that it bets on; undefined: the thesis of the strategy. */
  readonly bet: Bet | undefined;

  constructor(node: Node, bet?: Bet) {
    this.node = node;
    this.bet = bet;
  }

  and(...others: readonly Condition[]): Condition {
    return this.#join('and', others);
  }

  or(...others: readonly Condition[]): Condition {
    return this.#join('or', others);
  }

  not(): Condition {
    return new Condition(operation('not', [this.node]), this.bet);
  }

  /** The condition as it was k candles ago, of its own clock; k is a whole number ≥ 0. */
  ago(k: number): Condition {
    return new Condition(lagged('ago', this.node, k), this.bet);
  }

  /** In how many of the last n candles, the current one included, it was true. */
  count(n: number): Series {
    return new Series(withLength('sum', this.node, n, 'count'));
  }

  /** The same condition, with what it bets on said in words. */
  as(bet: Bet): Condition {
    if (BETS.includes(bet)) return new Condition(this.node, bet);
    const poison = misuse(`as('${String(bet)}') is no bet`, `A condition bets on one of: ${BETS.join(', ')}.`);
    return new Condition(poisoned(this.node.poison ?? poison, this.node.op, this.node.inputs, this.node.clock));
  }

  #join(op: 'and' | 'or', others: readonly Condition[]): Condition {
    const joined = others.reduce((left, other) => {
      if (other instanceof Condition) return operation(op, [left, other.node]);
      return spoiled(
        misuse(`${op} takes conditions, not ${describe(other)}`, 'Compare it first: close.gt(open).'),
        left,
      );
    }, this.node);
    return new Condition(joined);
  }
}

/** The right side of an operation as a node. Strategies run unchecked by the compiler, so a wrong type is met here. */
function operand(method: string, x: Series | number, beside: Node): Node {
  if (x instanceof Series) return x.node;
  if (typeof x === 'number') return constantNode(x, beside.clock);
  return spoiled(misuse(`${method} takes a series or a number, not ${describe(x)}`, 'Is a name misspelt?'), beside);
}

function lagged(method: string, node: Node, k: number): Node {
  const poison = badLag(method, k);
  if (poison !== undefined) return spoiled(poison, node);
  return k === 0 || node.op === 'constant' ? node : operation('ago', [node], [k]);
}

/** The first where it is above 0 and above the second, else 0. */
export function dominant(one: Series, other: Series | number): Series {
  return new Series(operation('dominant', [one.node, operand('dominant', other, one.node)]));
}

/**
 * How far one of two movements outweighs the other, −1 … 1, each smoothed by Wilder's method over n candles; 0 where
 * nothing moves. Neither is ever negative.
 */
export function balance(up: Series, down: Series, n: number, method: string): Series {
  const smoothed = [up, down].map((movement) => withLength('wilder', movement.node, n, method));
  return new Series(operation('balance', smoothed));
}

/** A rolling or recursive operation of n candles. */
function withLength(op: WindowOp | RecursiveOp, input: Node, n: number, method: string = op, least = 1): Node {
  const poison = badLength(method, n, least);
  return poison === undefined ? operation(op, [input], [n]) : spoiled(poison, input);
}

function spoiled(poison: Poison, node: Node): Node {
  return poisoned(node.poison ?? poison, node.op, node.inputs, node.clock);
}

function describe(value: unknown): string {
  if (value instanceof Series) return 'a series';
  if (value instanceof Condition) return 'a condition';
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}
