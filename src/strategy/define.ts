import { didYouMean, LookAheadError, StrategyError } from '../domain/errors.ts';
import type { Interval } from '../domain/time.ts';
import { coinsOf, settleOf as settleOfNode } from '../series/horizon.ts';
import { type Market, ownMarket } from '../series/market.ts';
import { type Bet, Condition, Series } from '../series/series.ts';
import { type Params, type ParamValues, parseParams, scaleValues, type Values } from './params.ts';
import { describeParams, placeOf } from './place.ts';

/** What moves the price after the signal: more of the same, or the way back. */
export type Thesis = 'continuation' | 'reversal';

/** The conditions of one side by name; the side speaks when all of them are true. */
export type Side<P> = (market: Market, params: Values<P>) => Readonly<Record<string, Condition>>;

export interface StrategyInput<P> {
  /** Lower case with hyphens; the file is strategies/NAME.ts. */
  readonly name: string;
  /** What every condition bets on that does not say otherwise with `.as(…)`. */
  readonly thesis: Thesis;
  /** One sentence for tables and reports. */
  readonly summary: string;
  readonly params: P;
  readonly long?: Side<P>;
  readonly short?: Side<P>;
  /** Closes a long at the next open; like an entry, when all of its conditions are true. */
  readonly exitLong?: Side<P>;
  readonly exitShort?: Side<P>;
}

export type SideName = 'long' | 'short' | 'exitLong' | 'exitShort';
export const SIDE_NAMES: readonly SideName[] = ['long', 'short', 'exitLong', 'exitShort'];

/** A strategy whose params are not yet chosen. */
export interface Strategy {
  readonly name: string;
  readonly thesis: Thesis;
  readonly summary: string;
  readonly params: Params;
  /**
   * The expressions of the strategy for these params; what is left out takes its default.
   *
   * @throws UsageError for an unknown or impossible param; LookAheadError or StrategyError, with file, line and
   *   condition, for an expression that cannot be computed.
   */
  readonly build: (params?: unknown) => BuiltStrategy;
}

export interface NamedCondition {
  readonly name: string;
  readonly condition: Condition;
  readonly bet: Bet;
}

/** A strategy with its params: expressions only, no data. */
export interface BuiltStrategy {
  readonly strategy: string;
  readonly params: ParamValues;
  readonly sides: { readonly [S in SideName]?: readonly NamedCondition[] };
  /** The coins that must be there beside the strategy's own. */
  readonly coins: readonly string[];
}

const KEYS: ReadonlySet<string> = new Set(['name', 'thesis', 'summary', 'params', ...SIDE_NAMES]);
const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const THESES: readonly Thesis[] = ['continuation', 'reversal'];

const defined = new WeakSet<object>();

/**
 * Defines a strategy: the default export of strategies/NAME.ts.
 *
 * @throws StrategyError when the definition contradicts itself.
 */
export function defineStrategy<const P extends Params>(input: StrategyInput<P>): Strategy {
  // A strategy of any params: its sides only ever receive what was parsed by these params.
  const erased = input as unknown as StrategyInput<Params>;
  checkDefinition(erased);
  const { name, thesis, summary, params } = erased;
  const strategy: Strategy = Object.freeze({
    name,
    thesis,
    summary,
    params: Object.freeze({ ...params }),
    build: (values?: unknown) => buildStrategy(erased, parseParams(name, params, values)),
  });
  defined.add(strategy);
  return strategy;
}

/** Whether it was made by `defineStrategy`; a strategy file may export anything. */
export function isStrategy(value: unknown): value is Strategy {
  return typeof value === 'object' && value !== null && defined.has(value);
}

/** The named conditions of all sides, with the side of each. */
export function conditionsOf(built: BuiltStrategy): readonly (NamedCondition & { readonly side: SideName })[] {
  return SIDE_NAMES.flatMap((side) => (built.sides[side] ?? []).map((named) => ({ ...named, side })));
}

/** Candles of that interval that must precede the first decision, so that no value depends on where the data began. */
export function settleOf(built: BuiltStrategy, interval: Interval): number {
  return Math.max(...conditionsOf(built).map(({ condition }) => settleOfNode(condition.node, interval)));
}

/**
 * The params for candles that are `factor` times shorter: counts of candles are multiplied, so that they stay the
 * same clock time (20 × 1h = 40 × 30m), and the others keep their values (rule 30 ii). The result may lie outside the
 * sweep.
 */
export function scaleToInterval(strategy: Strategy, params: unknown, factor: number): ParamValues {
  return scaleValues(strategy.params, parseParams(strategy.name, strategy.params, params), factor);
}

/** Strategies run without the compiler having seen them, so what it would refuse is refused again here. */
function checkDefinition(input: StrategyInput<Params>): void {
  const { name, thesis } = input;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new StrategyError(`'${String(name)}' is no name for a strategy`, {
      hint: 'Lower-case words with hyphens, like breakout-volume; the file has the same name.',
    });
  }
  if (!THESES.includes(thesis)) {
    throw new StrategyError(`'${name}' has the thesis '${String(thesis)}'`, {
      hint: `A thesis is ${THESES.join(' or ')}.`,
    });
  }
  for (const key of Object.keys(input)) {
    if (!KEYS.has(key)) {
      throw new StrategyError(`'${name}' has an unknown part '${key}'`, { hint: didYouMean(key, KEYS) });
    }
  }
  if (typeof input.params !== 'object' || input.params === null) {
    throw new StrategyError(`'${name}' has no params`, { hint: 'Write params: {} where there is nothing to choose.' });
  }
  if (input.long === undefined && input.short === undefined) {
    throw new StrategyError(`'${name}' has neither long nor short, so it would never trade`, {
      hint: 'Give it long: (market, params) => ({ name: condition }), or short, or both.',
    });
  }
}

function buildStrategy(input: StrategyInput<Params>, params: ParamValues): BuiltStrategy {
  const sides: { [S in SideName]?: readonly NamedCondition[] } = {};
  for (const side of SIDE_NAMES) {
    const conditionsAt = input[side];
    if (conditionsAt !== undefined) sides[side] = buildSide(input, side, conditionsAt, params);
  }
  refuseMixedBets(input, sides);
  const nodes = Object.values(sides).flatMap((side) => side.map(({ condition }) => condition.node));
  return Object.freeze({
    strategy: input.name,
    params,
    sides: Object.freeze(sides),
    coins: Object.freeze([...coinsOf(nodes)].sort()),
  });
}

function buildSide(
  { name, thesis }: StrategyInput<Params>,
  side: SideName,
  conditionsAt: Side<Params>,
  params: ParamValues,
): readonly NamedCondition[] {
  const details = describeParams(params);
  const record = callSide(name, side, conditionsAt, params);
  const entries = Object.entries(record ?? {});
  if (entries.length === 0) {
    throw new StrategyError(`${side} of '${name}' has no conditions`, {
      details,
      hint: 'Return at least one by name: ({ breakout: close.gt(high.ago(1).highest(20)) }).',
    });
  }
  return Object.freeze(
    entries.map(([label, condition]: [string, unknown]) => {
      const where = `condition '${label}' (${side}) of '${name}'`;
      if (!(condition instanceof Condition)) {
        const what = condition instanceof Series ? 'a series of numbers' : `of type ${typeof condition}`;
        throw new StrategyError(`${where} is no condition, but ${what}`, {
          details,
          hint: 'Compare it with something: close.gt(open).',
        });
      }
      refusePoison(condition, where, details);
      // An exit ends a bet and makes none.
      return Object.freeze({ name: label, condition, bet: condition.bet ?? (isEntry(side) ? thesis : 'filter') });
    }),
  );
}

function callSide(name: string, side: SideName, conditionsAt: Side<Params>, params: ParamValues): unknown {
  try {
    return conditionsAt(ownMarket, params as Values<Params>);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StrategyError(`${placeOf(cause)}${side} of '${name}' throws: ${reason}`, {
      details: describeParams(params),
      cause,
    });
  }
}

function refusePoison(condition: Condition, where: string, params: readonly string[]): void {
  const { poison } = condition.node;
  if (poison === undefined) return;
  const message = `${placeOf(poison)}${where}: ${poison.message}`;
  const parts = { details: params, ...(poison.hint === undefined ? {} : { hint: poison.hint }), cause: poison };
  throw poison instanceof LookAheadError ? new LookAheadError(message, parts) : new StrategyError(message, parts);
}

/** A strategy is one bet: conditions that contradict each other cannot be judged together. */
function refuseMixedBets(
  { name, thesis }: StrategyInput<Params>,
  sides: { readonly [S in SideName]?: readonly NamedCondition[] },
): void {
  const entries = SIDE_NAMES.filter(isEntry).flatMap((side) =>
    (sides[side] ?? []).map((named) => ({ bet: named.bet, label: `'${named.name}' (${side})` })),
  );
  const other = entries.find(({ bet }) => bet !== thesis && bet !== 'filter');
  if (other === undefined) return;
  const betsOnThesis = entries.find(({ bet }) => bet === thesis);
  const first = betsOnThesis === undefined ? `its thesis is ${thesis}` : `${betsOnThesis.label} bets on ${thesis}`;
  throw new StrategyError(`'${name}' mixes bets: ${first}, ${other.label} on ${other.bet}`, {
    hint: "A condition that only says when to look is marked .as('filter'); two bets are two strategies.",
  });
}

function isEntry(side: SideName): boolean {
  return side === 'long' || side === 'short';
}
