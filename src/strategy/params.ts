import { didYouMean, StrategyError, UsageError } from '../domain/errors.ts';

/** Values to try: from, from + step, … up to and including `to`. */
export interface Sweep {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export interface NumberParam {
  readonly kind: 'int' | 'real';
  /** A count of candles is a length of time: on a finer interval it is scaled, so that it stays the same time. */
  readonly unit?: 'candles';
  readonly default: number;
  readonly sweep?: Sweep;
  /** What has a meaning at all, inclusive; -Infinity and Infinity where nothing was said. */
  readonly min: number;
  readonly max: number;
}

export interface ChoiceParam<T extends string = string> {
  readonly kind: 'choice';
  readonly options: readonly T[];
  readonly default: T;
}

export type Param = NumberParam | ChoiceParam;
export type Params = Readonly<Record<string, Param>>;
export type ParamValues = Readonly<Record<string, number | string>>;

/** The values that a strategy's sides receive: numbers, and for a choice the union of its options. */
export type Values<P> = { readonly [K in keyof P]: P[K] extends ChoiceParam<infer T> ? T : number };

export interface RealInput {
  readonly default: number;
  readonly sweep?: Sweep;
  readonly min?: number;
  readonly max?: number;
}

/**
 * A count of candles has no `max`: 60 candles of 1h are 120 of 30m, and those must be as good. It is at least 1
 * unless `min` says otherwise.
 */
export type IntInput =
  | (RealInput & { readonly unit?: never })
  | { readonly unit: 'candles'; readonly default: number; readonly sweep?: Sweep; readonly min?: number };

/**
 * A whole number. `sweep` is what an optimizer tries; `min` and `max` are what is allowed at all.
 *
 * @throws StrategyError when the default, the range and the sweep contradict each other.
 */
export function int(input: IntInput): NumberParam {
  requireKeys('int', input, ['unit', 'default', 'sweep', 'min', 'max']);
  const counts = input.unit === 'candles';
  if (counts && 'max' in input) {
    throw new StrategyError('a param that counts candles has no max', {
      hint: 'On a finer interval the same time is more candles. Leave max out; sweep bounds what is tried.',
    });
  }
  return numberParam({
    kind: 'int',
    ...(counts ? { unit: 'candles' } : {}),
    default: input.default,
    ...(input.sweep === undefined ? {} : { sweep: input.sweep }),
    min: input.min ?? (counts ? 1 : Number.NEGATIVE_INFINITY),
    max: ('max' in input ? input.max : undefined) ?? Number.POSITIVE_INFINITY,
  });
}

/**
 * A real number.
 *
 * @throws StrategyError when the default, the range and the sweep contradict each other.
 */
export function real(input: RealInput): NumberParam {
  requireKeys('real', input, ['default', 'sweep', 'min', 'max']);
  return numberParam({
    kind: 'real',
    default: input.default,
    ...(input.sweep === undefined ? {} : { sweep: input.sweep }),
    min: input.min ?? Number.NEGATIVE_INFINITY,
    max: input.max ?? Number.POSITIVE_INFINITY,
  });
}

/**
 * One of several names; all of them are tried in a sweep.
 *
 * @throws StrategyError when the options repeat or the default is none of them.
 */
export function choice<const T extends string>(
  options: readonly T[],
  input: { readonly default: NoInfer<T> },
): ChoiceParam<T> {
  requireKeys('choice', input, ['default']);
  if (new Set(options).size !== options.length) throw new StrategyError(`a choice repeats: ${options.join(', ')}`);
  if (!options.includes(input.default)) {
    throw new StrategyError(`the default '${input.default}' is none of the options`, {
      hint: didYouMean(input.default, options),
    });
  }
  return Object.freeze({ kind: 'choice', options: Object.freeze([...options]), default: input.default });
}

/**
 * Values of a sweep, in order: from + i × step, rounded to 12 digits and never accumulated. Without a sweep, the
 * default.
 */
export function sweepValues(param: Param): readonly (number | string)[] {
  if (param.kind === 'choice') return param.options;
  return param.sweep === undefined ? [param.default] : stepValues(param.sweep);
}

/** The values at the ends of a sweep: where a rule that holds in the middle first breaks. A choice is all corners. */
export function cornerValues(param: Param): readonly (number | string)[] {
  const values = sweepValues(param);
  if (param.kind === 'choice' || values.length < 3) return values;
  return [values[0] as number, values[values.length - 1] as number];
}

/** Every combination of one value for each param, the last param moving fastest. */
export function* combinations(
  params: Params,
  valuesOf: (param: Param) => readonly (number | string)[],
): Generator<ParamValues> {
  const lists = Object.entries(params).map(([name, param]) => ({ name, values: valuesOf(param) }));
  const total = countCombinations(params, valuesOf);
  for (let index = 0; index < total; index++) yield combinationAt(lists, index);
}

/** One value of each list: the combination at that place, counted with the last list moving fastest. */
export function combinationAt(
  lists: readonly { readonly name: string; readonly values: readonly (number | string)[] }[],
  index: number,
): ParamValues {
  const combination: Record<string, number | string> = {};
  // Named in their own order first: whoever prints them reads them in it.
  for (const { name } of lists) combination[name] = '';
  let rest = index;
  for (const { name, values } of lists.toReversed()) {
    combination[name] = values[rest % values.length] as number | string;
    rest = Math.floor(rest / values.length);
  }
  return combination;
}

/** How many combinations there are, without making them. */
export function countCombinations(params: Params, valuesOf: (param: Param) => readonly unknown[]): number {
  return Object.values(params).reduce((product, param) => product * valuesOf(param).length, 1);
}

/**
 * Reads values for the params, with the defaults for those that are left out. A value may lie outside the sweep, which
 * says what is tried, but not outside min and max, which say what has a meaning.
 *
 * @throws UsageError naming the param, its range or the nearest name.
 */
export function parseParams(strategy: string, params: Params, input: unknown): ParamValues {
  const given = input ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new UsageError(`params of '${strategy}' must be names with values, not ${JSON.stringify(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(params, name)) {
      throw new UsageError(`'${strategy}' has no param '${name}'`, { hint: didYouMean(name, Object.keys(params)) });
    }
  }
  const values: Record<string, number | string> = {};
  for (const [name, param] of Object.entries(params)) {
    const value: unknown = (given as Record<string, unknown>)[name];
    values[name] = value === undefined ? param.default : parseValue(`param '${name}' of '${strategy}'`, param, value);
  }
  return Object.freeze(values);
}

/** What a param accepts, in words: `a whole number from 1 to 99`. */
export function describeRange(param: Param): string {
  if (param.kind === 'choice') return `one of ${param.options.join(', ')}`;
  const noun = param.kind === 'int' ? 'a whole number' : 'a number';
  const { min, max } = param;
  if (min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY) return noun;
  if (max === Number.POSITIVE_INFINITY) return `${noun} from ${min} up`;
  if (min === Number.NEGATIVE_INFINITY) return `${noun} up to ${max}`;
  return `${noun} from ${min} to ${max}`;
}

/**
 * Whole numbers of candles × factor, to the nearest: 20 of 1h are 40 of 30m (rule 30 ii). Other params keep their
 * value.
 */
export function scaleValues(params: Params, values: ParamValues, factor: number): ParamValues {
  return Object.freeze(
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const param = params[name];
        const counts = param !== undefined && param.kind !== 'choice' && param.unit === 'candles';
        return [name, counts && typeof value === 'number' ? Math.round(value * factor) : value];
      }),
    ),
  );
}

function parseValue(where: string, param: Param, value: unknown): number | string {
  if (param.kind === 'choice') {
    if (typeof value === 'string' && param.options.includes(value)) return value;
    throw new UsageError(`${where} is ${describeRange(param)}, not ${JSON.stringify(value)}`, {
      hint: didYouMean(String(value), param.options),
    });
  }
  const fits =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (param.kind === 'real' || Number.isSafeInteger(value)) &&
    value >= param.min &&
    value <= param.max;
  if (!fits) {
    const shown = typeof value === 'number' ? String(value) : JSON.stringify(value);
    throw new UsageError(`${where} is ${describeRange(param)}, not ${shown}`, {
      hint: `Its default is ${param.default}.`,
    });
  }
  return value;
}

/** Node runs a strategy without looking at its types, so a slip in a key is found here or nowhere. */
function requireKeys(maker: string, input: object, keys: readonly string[]): void {
  for (const key of Object.keys(input)) {
    if (keys.includes(key)) continue;
    throw new StrategyError(`${maker}(…) has no key '${key}'`, { hint: didYouMean(key, keys) });
  }
  if (Object.hasOwn(input, 'default')) return;
  throw new StrategyError(`${maker}(…) has no default`, { hint: 'Every param has one: default: 20.' });
}

function numberParam(param: NumberParam): NumberParam {
  const numbers = [param.default, ...(param.sweep === undefined ? [] : stepValues(param.sweep))];
  for (const value of numbers) {
    const whole = param.kind === 'real' || Number.isSafeInteger(value);
    if (!Number.isFinite(value) || !whole || value < param.min || value > param.max) {
      const what = value === param.default ? 'the default' : 'the sweep reaches';
      throw new StrategyError(`${what} ${value}, but the param is ${describeRange(param)}`);
    }
  }
  return Object.freeze({
    ...param,
    ...(param.sweep === undefined ? {} : { sweep: Object.freeze({ ...param.sweep }) }),
  });
}

const MOST_SWEEP_VALUES = 10_000;

/**
 * The values of a range, in order.
 *
 * @throws StrategyError for a range that is empty, has too many values, or steps over its own end.
 */
export function stepValues({ from, to, step }: Sweep): readonly number[] {
  const shown = `sweep from ${from} to ${to} by ${step}`;
  const steps = (to - from) / step;
  if (!(Number.isFinite(steps) && step > 0 && to >= from)) {
    throw new StrategyError(`${shown}: the step must be above zero, and 'to' not below 'from'`);
  }
  if (steps > MOST_SWEEP_VALUES) throw new StrategyError(`${shown} has more than ${MOST_SWEEP_VALUES} values`);
  const count = Math.round(steps) + 1;
  const largest = Math.max(Math.abs(from), Math.abs(to));
  const values = Array.from({ length: count }, (_, i) => twelveDigits(from + i * step, largest));
  // A sweep that stops short of its end would claim to have tried a value that it never saw.
  const last = values[count - 1] as number;
  if (last !== twelveDigits(to)) {
    throw new StrategyError(`${shown} does not meet its end`, {
      hint: `Steps of ${step} lead to ${twelveDigits(from + Math.floor(steps) * step)}.`,
    });
  }
  return values;
}

/** @param largest of the values around it: what is left of zero beside it is zero */
function twelveDigits(value: number, largest = 0): number {
  return Math.abs(value) < 1e-12 * largest ? 0 : Number(value.toPrecision(12));
}
