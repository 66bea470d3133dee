import { serialize } from 'node:v8';
import { StrategyError } from '../domain/errors.ts';
import { type Custom, type CustomRun, OWN_CLOCK, operation, poisoned } from './node.ts';
import { misuse, type Poison } from './poison.ts';
import { Series } from './series.ts';

export type ScanArgs = Readonly<Record<string, number | string | boolean>>;

/**
 * Custom logic over candles, one at a time and in order: `step` receives the state that it returned at the candle
 * before, the inputs of the candle that just closed, and `args`; it returns the next state and the value of this
 * candle.
 *
 * `step` is a top-level function of its module (the scan is known by its identity: an inline closure would be another
 * scan each time the strategy is built); params reach it through `args`. `initial` is plain data, copied for every
 * evaluation and after every gap: where an input is NaN the value is NaN, and the state starts anew.
 *
 * @example
 * const sinceHigh = (age: number, { high, top }: { high: number; top: number }) => {
 *   const state = high >= top ? 0 : age + 1;
 *   return { state, value: state };
 * };
 * scan({ initial: 0, inputs: { high, top: high.highest(50) }, step: sinceHigh, settle: 50 });
 */
export interface Scan<State, Name extends string, Args extends ScanArgs> {
  readonly initial: State;
  /** The series that it reads, by the names under which `step` receives them. */
  readonly inputs: Readonly<Record<Name, Series>>;
  readonly args?: Args;
  /** The value must be a number; NaN says that there is none. */
  readonly step: (
    state: State,
    inputs: Readonly<Record<Name, number>>,
    args: Args,
  ) => { readonly state: State; readonly value: number };
  /**
   * Candles of its clock after which the value no longer depends on where the scan began; it is NaN until then. 0, the
   * default, says that it never does: a claim that `candor prove` puts to the test.
   */
  readonly settle?: number;
}

/** Builds the series of a scan; whatever is wrong with it is found when the strategy loads. */
export function scan<State, const Name extends string, const Args extends ScanArgs = Record<never, never>>(
  spec: Scan<State, Name, Args>,
): Series {
  const names = Object.keys(spec.inputs ?? {}) as Name[];
  const series = names.map((name) => spec.inputs[name]);
  const nodes = series.filter((input) => input instanceof Series).map((input) => input.node);
  const problem = problemOf(spec, series.length > 0 && nodes.length === series.length);
  if (problem !== undefined) return new Series(poisoned(problem, 'custom', nodes, nodes[0]?.clock ?? OWN_CLOCK));
  return new Series(operation('custom', nodes, [], customOf(spec, names)));
}

function problemOf<State, Name extends string, Args extends ScanArgs>(
  spec: Scan<State, Name, Args>,
  hasInputs: boolean,
): Poison | undefined {
  if (typeof spec.step !== 'function') {
    return misuse('scan has no step', 'Give it step: a top-level function (state, inputs, args) → { state, value }.');
  }
  if (!hasInputs)
    return misuse('scan reads no series', 'Give it inputs, for example { close }; each must be a series.');
  const settle = spec.settle ?? 0;
  if (!Number.isInteger(settle) || settle < 0) {
    return misuse(`scan settles after ${settle} candles`, 'settle is a whole number of candles, 0 or more.');
  }
  try {
    structuredClone(spec.initial);
    serialize(spec.args);
    return undefined;
  } catch (cause) {
    return misuse(
      'scan starts from what cannot be copied',
      'initial and args are plain data, without functions.',
      cause,
    );
  }
}

function customOf<State, Name extends string, Args extends ScanArgs>(
  { initial, args, step, settle = 0 }: Scan<State, Name, Args>,
  names: readonly Name[],
): Custom {
  // A copy: the strategy may keep the object that it passed, and change it.
  const start = structuredClone(initial);
  const given = Object.freeze({ ...args }) as Args;
  const name = step.name === '' ? 'scan' : `scan ${step.name}`;
  return {
    key: `scan ${identityOf(step)} ${serialize([start, given, names, settle]).toString('base64')}`,
    name,
    settle,
    start(): CustomRun {
      let state = structuredClone(start);
      return {
        next(values): number {
          const inputs = Object.fromEntries(names.map((input, i) => [input, values[i]])) as Record<Name, number>;
          const result = step(state, inputs, given);
          if (typeof result?.value !== 'number') {
            throw new StrategyError(`${name} returned no number as its value`, {
              hint: 'step returns { state, value }; NaN is the value where there is none.',
            });
          }
          state = result.state;
          return result.value;
        },
      };
    },
  };
}

const identities = new WeakMap<object, number>();
let identified = 0;

function identityOf(step: object): number {
  const known = identities.get(step);
  if (known !== undefined) return known;
  identities.set(step, identified);
  return identified++;
}
