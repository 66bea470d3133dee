import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import type { Evaluation } from '../series/evaluation.ts';
import type { Condition } from '../series/series.ts';
import { type BuiltStrategy, type NamedCondition, SIDE_NAMES, type SideName } from './define.ts';
import type { SignalBits } from './signal-bits.ts';

const FLAGS: Readonly<Record<SideName, number>> = {
  long: LONG,
  short: SHORT,
  exitLong: EXIT_LONG,
  exitShort: EXIT_SHORT,
};

/**
 * What each strategy says at the close of the rows 0 … to−1 of the evaluation, in the order of `builds`; a side speaks
 * where all of its conditions are true. Rows before the span of a study or sweep are said too: callers read those of
 * the span alone. Everything is requested together, so that what strategies and sides share is computed once.
 *
 * The same set of conditions, of whatever strategy and side, is the same array. The arrays are those of the evaluation:
 * they are not to be changed, and they have a bit for each of its rows, also for those that are not reached.
 *
 * @throws StrategyError when code of a strategy fails on these candles; DataError when candles that it reads are
 *   absent.
 */
export function signalBits(builds: readonly BuiltStrategy[], evaluation: Evaluation, to: number): SignalBits[] {
  const spoken = builds.map(sidesOf);
  evaluation.request(...spoken.flatMap((sides) => [...sides.values()]));
  if (evaluation.end < to) evaluation.advanceTo(to);
  return spoken.map((sides) => {
    const bits: { -readonly [S in SideName]?: Uint32Array } = {};
    for (const [side, condition] of sides) bits[side] = evaluation.bits(condition);
    return bits;
  });
}

/**
 * What a strategy says at the close of each row from … to−1, as flags of domain/signal.ts; element 0 is row `from`.
 * A side speaks where all of its conditions are true. Evaluates as far as `to`, if that was not done.
 *
 * @throws StrategyError when code of the strategy fails on these candles; DataError when candles that it reads are
 *   absent.
 */
export function signalFlags(built: BuiltStrategy, evaluation: Evaluation, from: number, to: number): Uint8Array {
  const [bits] = signalBits([built], evaluation, to) as [SignalBits];
  const flags = new Uint8Array(to - from);
  for (const side of SIDE_NAMES) {
    const bitmap = bits[side];
    if (bitmap !== undefined) markAll(flags, bitmap, from, to, FLAGS[side]);
  }
  return flags;
}

function sidesOf(built: BuiltStrategy): ReadonlyMap<SideName, Condition> {
  const sides = new Map<SideName, Condition>();
  for (const side of SIDE_NAMES) {
    const conditions = built.sides[side];
    if (conditions !== undefined) sides.set(side, allOf(conditions));
  }
  return sides;
}

/** One condition for a set of them. Their order and their names do not matter, so the same set is the same node. */
function allOf(named: readonly NamedCondition[]): Condition {
  const byNode = new Map(named.map(({ condition }) => [condition.node, condition]));
  const [first, ...others] = [...byNode.values()].sort((a, b) => a.node.id - b.node.id) as [Condition, ...Condition[]];
  return first.and(...others);
}

/** Signals are rare: whole words without one are passed over. */
function markAll(flags: Uint8Array, bitmap: Uint32Array, from: number, to: number, flag: number): void {
  for (let word = from >>> 5; word << 5 < to; word++) {
    let bits = bitmap[word] as number;
    while (bits !== 0) {
      const row = (word << 5) + 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      if (row >= from && row < to) flags[row - from] = (flags[row - from] as number) | flag;
    }
  }
}
