import { CandorError } from '../domain/errors.ts';
import { settleOf } from '../strategy/define.ts';
import type { Param, ParamValues } from '../strategy/params.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalBits } from '../strategy/signals.ts';
import { contenderOf } from './choice.ts';
import type { StrategyBench } from './strategy-bench.ts';
import type { Cut, Untried } from './variation.ts';

/** The strategy with one or two of its params one step of their sweep away. */
export interface Neighbour extends Cut {
  /** Those that differ. */
  readonly changed: ParamValues;
  /** Why there is no such run. */
  readonly absent?: string;
}

/** A step away, each way. */
const STEPS = [-1, 1] as const;

/** Every param that has a sweep, one step of it up and down, and every pair of them. */
export function neighboursOf(bench: StrategyBench): Neighbour[] | Untried {
  const { params } = bench.loaded.strategy;
  const moves = Object.entries(params).map(([name, param]) => movesOf(name, param, bench.built.params[name]));
  const singles = moves.flat();
  if (singles.length === 0) return { reason: 'none of its params has a range to sweep' };
  const pairs = moves.flatMap((one, i) =>
    moves.slice(i + 1).flatMap((other) => one.flatMap((a) => other.map((b) => ({ ...a, ...b })))),
  );
  return [...singles, ...pairs].map((changed) => neighbour(bench, changed));
}

function movesOf(name: string, param: Param, value: number | string | undefined): ParamValues[] {
  if (param.kind === 'choice' || param.sweep === undefined || typeof value !== 'number') return [];
  const { min, max, sweep } = param;
  return STEPS.map((sign) => Number((value + sign * sweep.step).toPrecision(12)))
    .filter((moved) => moved >= min && moved <= max)
    .map((moved) => ({ [name]: moved }));
}

function neighbour(bench: StrategyBench, changed: ParamValues): Neighbour {
  try {
    const bits = bitsWith(bench, { ...bench.built.params, ...changed });
    return { changed, ...contenderOf(bench.draw(bench.study.cell, bits)) };
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    return { changed, trades: 0, expectancyR: Number.NaN, absent: error.message };
  }
}

/** @throws CandorError for params that cannot be, or that take longer to settle than there are candles */
function bitsWith({ loaded, study, room }: StrategyBench, params: ParamValues): SignalBits[] {
  const { interval, coins } = study;
  const built = loaded.strategy.build(params);
  const { from, to } = room.grid(interval);
  const settling = settleOf(built, interval);
  if (settling > from) {
    throw new CandorError(`it takes ${settling} candles to settle, and ${from} precede the span`);
  }
  return coins.map((coin) => signalBits([built], room.evaluation(interval, coin), to)[0] as SignalBits);
}
