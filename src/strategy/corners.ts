import { StrategyError } from '../domain/errors.ts';
import { type BuiltStrategy, conditionsOf, type Strategy } from './define.ts';
import { combinations, cornerValues, countCombinations, type ParamValues } from './params.ts';
import { describeParams } from './place.ts';

/** Twelve swept params have so many corners; a strategy with more could not be judged on any market anyway. */
export const MOST_CORNERS = 4_096;

/**
 * Builds the strategy at its defaults and at every corner of its sweeps, each twice.
 *
 * `ago(lookback - 30)` passes at 40 and reads ahead at 20, and is found here, before anything runs; what hides
 * between the corners is found when that combination is built. Two builds that differ would be two strategies under
 * one name.
 *
 * @throws LookAheadError or StrategyError of the first combination that cannot be built; StrategyError when there are
 *   more corners than MOST_CORNERS, or when two builds differ.
 */
export function checkCorners(strategy: Strategy, file: string): void {
  const corners = countCombinations(strategy.params, cornerValues);
  if (corners > MOST_CORNERS) {
    throw new StrategyError(`${file}: the sweeps of '${strategy.name}' have ${corners} corners`, {
      hint: `At most ${MOST_CORNERS} can be checked for look-ahead. Leave the sweep of some params out.`,
    });
  }
  buildTwice(strategy, {}, file);
  for (const corner of combinations(strategy.params, cornerValues)) buildTwice(strategy, corner, file);
}

function buildTwice(strategy: Strategy, params: ParamValues, file: string): void {
  const first = strategy.build(params);
  const difference = firstDifference(first, strategy.build(params));
  if (difference === undefined) return;
  throw new StrategyError(`${file}: '${strategy.name}' is another strategy each time it is built: ${difference}`, {
    details: describeParams(first.params),
    hint: 'The step of a scan must be a top-level function that gets params through args; chance has no place here.',
  });
}

function firstDifference(first: BuiltStrategy, second: BuiltStrategy): string | undefined {
  const after = conditionsOf(second);
  const before = conditionsOf(first);
  for (const [i, { name, side, condition, bet }] of before.entries()) {
    const other = after[i];
    // Nodes are interned: the same expression is the same object.
    const same =
      other?.name === name && other.side === side && other.bet === bet && other.condition.node === condition.node;
    if (!same) return `condition '${name}' (${side}) differs`;
  }
  const extra = after[before.length];
  return extra === undefined ? undefined : `condition '${extra.name}' (${extra.side}) is not always there`;
}
