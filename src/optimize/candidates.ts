import { UsageError } from '../domain/errors.ts';
import type { SweepStrategy } from '../domain/sweep.ts';
import type { Strategy } from '../strategy/define.ts';
import { combinationAt, type ParamValues, parseParams, sweepValues } from '../strategy/params.ts';
import type { ParamList } from './plan.ts';
import { MOST_DIMENSIONS, sobolPoints } from './sobol.ts';

/** Sets of params to compare; the first is the incumbent, and none is there twice. */
export interface Candidates {
  readonly sets: readonly [ParamValues, ...ParamValues[]];
  /** Every combination of the values, or so many of them, spread evenly. */
  readonly drawn: 'grid' | 'sobol';
  /** Combinations of all values. */
  readonly combinations: number;
}

/**
 * The incumbent, and every combination of the params' values; of more than are wanted, those that a Sobol sequence
 * meets first, so that each param's whole range is tried and pairs of them too. Values are those of the lists: counts
 * of candles keep to their steps.
 *
 * @param incumbent complete params, which need not be among the values
 * @param wanted so many sets at most, the incumbent included
 * @throws UsageError for params that the strategy does not have, values that it does not allow, for a strategy that has
 *   nothing to choose, and for one with more params to choose than the sequence has dimensions
 */
export function candidatesOf(
  strategy: Strategy,
  chosen: SweepStrategy['params'],
  incumbent: ParamValues,
  wanted: number,
): Candidates {
  const lists = valueLists(strategy, chosen);
  const varied = lists.filter(({ values }) => values.length > 1);
  const combinations = varied.reduce((product, { values }) => product * values.length, 1);
  if (combinations === 1) {
    const none = Object.keys(strategy.params).length === 0 ? 'it has no params' : 'each of its params has one value';
    throw new UsageError(`there is nothing to choose for '${strategy.name}': ${none}`, {
      hint: 'Give a param a range, in the strategy or in backtests/optimize/: { from: 10, to: 60, step: 5 }.',
    });
  }
  if (varied.length > MOST_DIMENSIONS) {
    throw new UsageError(
      `'${strategy.name}' has ${varied.length} params with a range, and ${MOST_DIMENSIONS} are the most`,
      {
        hint: 'Give some of them one value in the file of backtests/optimize/.',
      },
    );
  }
  const sets = new Map([[keyOf(incumbent), incumbent]]);
  const isGrid = combinations <= wanted - (isAmong(incumbent, lists) ? 0 : 1);
  for (const set of isGrid ? all(lists, combinations) : spread(lists, varied)) {
    if (!sets.has(keyOf(set))) sets.set(keyOf(set), set);
    if (!isGrid && sets.size === wanted) break;
  }
  const [first, ...others] = sets.values();
  return { sets: [first as ParamValues, ...others], drawn: isGrid ? 'grid' : 'sobol', combinations };
}

function* all(lists: readonly ParamList[], combinations: number): Generator<ParamValues> {
  for (let i = 0; i < combinations; i++) yield combinationAt(lists, i);
}

/** The values of every param: those that were chosen for it, else those that the strategy proposes. */
export function valueLists(strategy: Strategy, chosen: SweepStrategy['params']): ParamList[] {
  for (const [name, values] of Object.entries(chosen)) {
    for (const value of values) parseParams(strategy.name, strategy.params, { [name]: value });
  }
  return Object.entries(strategy.params).map(([name, param]) => ({ name, values: chosen[name] ?? sweepValues(param) }));
}

/** Every combination sooner or later: each is a box of the unit cube, and the sequence leaves out none. */
function* spread(lists: readonly ParamList[], varied: readonly ParamList[]): Generator<ParamValues> {
  for (const point of sobolPoints(varied.length)) {
    const places = new Map(
      varied.map(({ name, values }, i) => [name, Math.floor((point[i] as number) * values.length)]),
    );
    yield Object.fromEntries(lists.map(({ name, values }) => [name, values[places.get(name) ?? 0] as number | string]));
  }
}

function isAmong(set: ParamValues, lists: readonly ParamList[]): boolean {
  return lists.every(({ name, values }) => values.includes(set[name] as number | string));
}

/** The same for the same values, however they are ordered. */
export function keyOf(set: ParamValues): string {
  return JSON.stringify(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)));
}
