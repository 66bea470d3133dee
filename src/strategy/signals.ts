import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import type { Evaluation } from '../series/evaluation.ts';
import { type BuiltStrategy, conditionsOf, SIDE_NAMES, type SideName } from './define.ts';

const FLAGS: Readonly<Record<SideName, number>> = {
  long: LONG,
  short: SHORT,
  exitLong: EXIT_LONG,
  exitShort: EXIT_SHORT,
};

/**
 * What a strategy says at the close of each row from … to−1, as flags of domain/signal.ts; element 0 is row `from`.
 * A side speaks where all of its conditions are true. Evaluates as far as `to`, if that was not done.
 *
 * @throws StrategyError when code of the strategy fails on these candles; DataError when candles that it reads are
 *   absent.
 */
export function signalFlags(built: BuiltStrategy, evaluation: Evaluation, from: number, to: number): Uint8Array {
  evaluation.request(...conditionsOf(built).map(({ condition }) => condition));
  if (evaluation.end < to) evaluation.advanceTo(to);
  const flags = new Uint8Array(to - from);
  for (const side of SIDE_NAMES) {
    const conditions = built.sides[side];
    if (conditions === undefined) continue;
    const bitmaps = conditions.map(({ condition }) => evaluation.bits(condition));
    markAll(flags, bitmaps, from, to, FLAGS[side]);
  }
  return flags;
}

/** Signals are rare: whole words without one are passed over. */
function markAll(flags: Uint8Array, bitmaps: readonly Uint32Array[], from: number, to: number, flag: number): void {
  for (let word = from >>> 5; word << 5 < to; word++) {
    let bits = 0xffffffff;
    for (const bitmap of bitmaps) bits &= bitmap[word] as number;
    while (bits !== 0) {
      const row = (word << 5) + 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      if (row >= from && row < to) flags[row - from] = (flags[row - from] as number) | flag;
    }
  }
}
