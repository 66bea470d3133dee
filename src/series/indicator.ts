import { createRequire } from 'node:module';
import { didYouMean, StrategyError } from '../domain/errors.ts';
import { Prng } from '../domain/prng.ts';
import { type Custom, type CustomRun, OWN_CLOCK, operation, poisoned } from './node.ts';
import { misuse, type Poison } from './poison.ts';
import { Series } from './series.ts';

/** Inputs of the library's classes by their names there; `values` is the close unless a series is given. */
type InputName = 'values' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'lineA' | 'lineB';
type MarketInputs = Readonly<Partial<Record<InputName, Series>>>;

/**
 * Options of the library's own (`period`, `fastPeriod`, …), and ours: a series in place of an input (`values`, `high`,
 * …), the field of an indicator that has several (`output`), and `settle`.
 */
export interface IndicatorOptions {
  readonly output?: string;
  /** Candles until the value is independent of the start; measured by experiment unless it is given. */
  readonly settle?: number;
  readonly [option: string]: number | boolean | string | Series | undefined;
}

const VALUES: readonly InputName[] = ['values'];
const HIGH_LOW: readonly InputName[] = ['high', 'low'];
const HIGH_LOW_CLOSE: readonly InputName[] = ['high', 'low', 'close'];
const LINES: readonly InputName[] = ['lineA', 'lineB'];

/**
 * The streaming classes of technicalindicators 3.1 and what each reads. (VolumeProfile and Renko cannot be streamed.)
 */
const INDICATORS: Readonly<Record<string, readonly InputName[]>> = {
  SMA: VALUES,
  EMA: VALUES,
  WMA: VALUES,
  WEMA: VALUES,
  MACD: VALUES,
  RSI: VALUES,
  BollingerBands: VALUES,
  ROC: VALUES,
  KST: VALUES,
  TRIX: VALUES,
  StochasticRSI: VALUES,
  AverageGain: VALUES,
  AverageLoss: VALUES,
  SD: VALUES,
  Highest: VALUES,
  Lowest: VALUES,
  Sum: VALUES,
  PSAR: HIGH_LOW,
  AwesomeOscillator: HIGH_LOW,
  IchimokuCloud: HIGH_LOW,
  ADX: HIGH_LOW_CLOSE,
  ATR: HIGH_LOW_CLOSE,
  TrueRange: HIGH_LOW_CLOSE,
  Stochastic: HIGH_LOW_CLOSE,
  WilliamsR: HIGH_LOW_CLOSE,
  CCI: HIGH_LOW_CLOSE,
  KeltnerChannels: HIGH_LOW_CLOSE,
  ChandelierExit: HIGH_LOW_CLOSE,
  HeikinAshi: ['open', 'high', 'low', 'close', 'volume'],
  ADL: ['high', 'low', 'close', 'volume'],
  VWAP: ['high', 'low', 'close', 'volume'],
  MFI: ['high', 'low', 'close', 'volume'],
  OBV: ['close', 'volume'],
  ForceIndex: ['close', 'volume'],
  CrossUp: LINES,
  CrossDown: LINES,
};

/**
 * Streams an indicator class of `technicalindicators` candle by candle through its `nextValue`. It starts anew after a
 * gap. When it has settled is measured once, on a seeded random walk, from several starts: the number of candles after
 * which runs that began at different candles agree. One that never forgets its start (OBV) is refused unless `settle`
 * is given; one that forgets it at an event and not by time (PSAR) may need a longer `settle` than was measured.
 */
export function indicator(market: MarketInputs, name: string, options: IndicatorOptions = {}): Series {
  const names = Object.hasOwn(INDICATORS, name) ? (INDICATORS[name] as readonly InputName[]) : [];
  const series = names.map((input) => options[input] ?? market[input]).filter((input) => input instanceof Series);
  const nodes = series.map((input) => input.node);
  try {
    if (names.length === 0) throw unknownIndicator(name);
    if (nodes.length < names.length) throw lacksInput(name, names);
    return new Series(operation('custom', nodes, [], customOf(name, names, options)));
  } catch (error) {
    return new Series(poisoned(refusal(name, error), 'custom', nodes, nodes[0]?.clock ?? OWN_CLOCK));
  }
}

function unknownIndicator(name: string): StrategyError {
  return new StrategyError(`there is no indicator '${name}' that can be streamed`, {
    hint: didYouMean(name, Object.keys(INDICATORS)),
  });
}

function lacksInput(name: string, names: readonly InputName[]): StrategyError {
  return new StrategyError(`indicator('${name}') lacks an input`, { hint: `It reads the series ${names.join(', ')}.` });
}

/** What was thrown while the indicator was built and tried; the library throws texts as well as errors. */
function refusal(name: string, error: unknown): Poison {
  if (error instanceof StrategyError) return misuse(error.message, error.hint ?? '');
  const reason = error instanceof Error ? error.message : String(error);
  return misuse(`indicator('${name}') refuses its options: ${reason}`, 'Its options are those of technicalindicators.');
}

const customs = new Map<string, Custom>();

/** @throws StrategyError, or whatever the library throws at options that it cannot use. */
function customOf(name: string, names: readonly InputName[], options: IndicatorOptions): Custom {
  const { output, settle, ...rest } = options;
  const plain = Object.entries(rest)
    .filter(([option]) => !(names as readonly string[]).includes(option))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const key = `indicator ${name} ${JSON.stringify([plain, output, settle])}`;
  const known = customs.get(key);
  if (known !== undefined) return known;
  if (settle !== undefined && (!Number.isInteger(settle) || settle < 0)) {
    throw new StrategyError(`indicator('${name}') settles after ${settle} candles`, {
      hint: 'settle is a whole number of candles, 0 or more.',
    });
  }
  const start = (): CustomRun => streamed(name, names, Object.fromEntries(plain), output);
  const custom = { key, name: `indicator ${name}`, settle: settle ?? settleByExperiment(name, names, start), start };
  customs.set(key, custom);
  return custom;
}

type Streaming = { nextValue(...inputs: unknown[]): unknown };
type StreamingClass = new (input: Record<string, unknown>) => Streaming;

/** Loading the library takes a moment, so the first strategy that names one of its indicators does. */
function classOf(name: string): StreamingClass {
  const library = createRequire(import.meta.url)('technicalindicators') as Readonly<Record<string, StreamingClass>>;
  return library[name] as StreamingClass;
}

const NO_HISTORY = {
  open: [],
  high: [],
  low: [],
  close: [],
  volume: [],
  timestamp: [],
  values: [],
  lineA: [],
  lineB: [],
};

function streamed(
  name: string,
  names: readonly InputName[],
  options: Readonly<Record<string, unknown>>,
  output: string | undefined,
): CustomRun {
  const instance = new (classOf(name))({ ...NO_HISTORY, ...options });
  const takesNumbers = names === VALUES || names === LINES;
  return {
    next(values): number {
      const result = takesNumbers
        ? instance.nextValue(...values)
        : instance.nextValue(Object.fromEntries(names.map((input, i) => [input, values[i]])));
      return numberIn(result, name, output);
    },
  };
}

function numberIn(result: unknown, name: string, output: string | undefined): number {
  if (typeof result === 'number') return result;
  if (typeof result === 'boolean') return result ? 1 : 0;
  if (result === undefined || result === null) return Number.NaN;
  const fields = result as Readonly<Record<string, unknown>>;
  const has = Object.keys(fields);
  if (output === undefined) {
    throw new StrategyError(`indicator('${name}') has several outputs`, {
      hint: `Choose one: output: '${has.join("' | '")}'.`,
    });
  }
  if (!has.includes(output)) {
    throw new StrategyError(`indicator('${name}') has no output '${output}'`, { hint: didYouMean(output, has) });
  }
  // Some fields have their first value later than others (the signal line of MACD).
  return typeof fields[output] === 'number' ? fields[output] : Number.NaN;
}

/** Short walks settle most indicators in a few milliseconds; the long one is for lengths of hundreds of candles. */
const WALKS = [1_500, 24_000] as const;
const STARTS = [101, 198, 250, 333, 404] as const;
/** Far below the 1e-9 that is promised, because a market may move more than the walk does. */
const AGREEMENT = 1e-11;

function settleByExperiment(name: string, names: readonly InputName[], start: () => CustomRun): number {
  let varies = false;
  for (const length of WALKS) {
    const walk = candlesOfWalk(names, length);
    const valuesFrom = (from: number): number[] => {
      const run = start();
      return walk.slice(from).map((inputs) => run.next(inputs));
    };
    const whole = valuesFrom(0);
    const numbers = whole.filter((value) => !Number.isNaN(value));
    varies ||= new Set(numbers).size > 1;
    const tolerance = AGREEMENT * numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const settle = Math.max(...STARTS.map((from) => agreesFrom(whole.slice(from), valuesFrom(from), tolerance)));
    if (varies && settle <= length / 2) return settle;
  }
  const problem = varies ? `still depends on its start after ${WALKS[1] / 2} candles` : 'gives no value that changes';
  throw new StrategyError(`indicator('${name}') ${problem}`, {
    hint: varies
      ? 'If it adds up for ever, say settle: N and use only its changes.'
      : 'Are its options complete and spelt as technicalindicators does?',
  });
}

/** The first candle from which two runs agree to the end. */
function agreesFrom(whole: readonly number[], later: readonly number[], tolerance: number): number {
  const differs = (value: number, i: number): boolean => {
    const other = whole[i] as number;
    return Number.isNaN(value) || Number.isNaN(other)
      ? Number.isNaN(value) !== Number.isNaN(other)
      : Math.abs(value - other) > tolerance;
  };
  return later.findLastIndex(differs) + 1;
}

/** Candles of a seeded random walk, only the inputs that are read. */
function candlesOfWalk(names: readonly InputName[], length: number): number[][] {
  const prng = new Prng(20_240_229);
  let price = 100;
  return Array.from({ length }, () => {
    const open = price;
    price *= Math.exp(0.01 * prng.normal());
    const candle: Record<InputName, number> = {
      open,
      close: price,
      high: Math.max(open, price) * (1 + 0.004 * prng.uniform()),
      low: Math.min(open, price) * (1 - 0.004 * prng.uniform()),
      volume: 1_000 * Math.exp(prng.normal()),
      values: price,
      lineA: price,
      lineB: 100 + prng.normal(),
    };
    return names.map((input) => candle[input]);
  });
}
