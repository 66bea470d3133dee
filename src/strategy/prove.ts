import { Prng } from '../domain/prng.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import { formatTime, type Interval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import type { Evaluation } from '../series/evaluation.ts';
import { type BuiltStrategy, conditionsOf, type SideName, settleOf } from './define.ts';
import { bitAt, isKnifeEdge } from './knife-edge.ts';
import type { LoadedStrategy } from './load.ts';
import type { ParamValues } from './params.ts';
import { cutMarkets, doublePrices, InventedFuture, type Markets, type Said, Stage } from './proof-stage.ts';
import { signalFlags } from './signals.ts';

export interface ProofInput {
  readonly loaded: LoadedStrategy;
  /** What differs from the defaults. */
  readonly params?: unknown;
  readonly coin: string;
  readonly interval: Interval;
  /** Candles by coin, those that the strategy names by `of` included, all on one grid. */
  readonly markets: Markets;
  /** How many of the newest candles are replayed, each of them; 300 unless said otherwise. */
  readonly candles?: number;
}

/**
 * - `again`: the same candles a second time, with the module as the first time left it.
 * - `stream`: candle by candle instead of in one block.
 * - `prefix`: the data cut after each candle.
 * - `missing-future`, `wild-future`: everything after each candle replaced by NaN, or by absurd numbers.
 * - `other-start`: data that begins later.
 * - `double-prices`: every price twice as high, which leaves the bits of ratios and comparisons as they are.
 */
export type Experiment =
  | 'again'
  | 'stream'
  | 'prefix'
  | 'missing-future'
  | 'wild-future'
  | 'other-start'
  | 'double-prices';

/** A condition that said one thing with all the data and another without: it knew what it could not have known. */
export interface Difference {
  readonly experiment: Experiment;
  readonly side: SideName;
  readonly condition: string;
  /** The candle at whose close the two disagree. */
  readonly openTimeMs: EpochMs;
  /** The last candle that the replay could see; undefined where it saw all of them. */
  readonly seenUntilMs: EpochMs | undefined;
  readonly withAllData: boolean;
  readonly replayed: boolean;
}

/** Values from two starts agree within 1e-9, yet a comparison falls differently: its two sides were that close. */
export interface KnifeEdge {
  readonly side: SideName;
  readonly condition: string;
  readonly openTimeMs: EpochMs;
}

export interface Proof {
  readonly strategy: string;
  readonly params: ParamValues;
  /** Open of the first and of the last candle that was replayed. */
  readonly firstOpenMs: EpochMs;
  readonly lastOpenMs: EpochMs;
  readonly candles: number;
  /** How often the strategy was evaluated from its start. */
  readonly replays: number;
  /** On how many of these candles each side spoke: a proof about a strategy that said nothing says nothing. */
  readonly signals: Readonly<Record<SideName, number>>;
  readonly knifeEdges: readonly KnifeEdge[];
  /** The first difference; undefined is what was to be proven. */
  readonly difference: Difference | undefined;
  /**
   * The first difference at double prices. It refuses nothing: a fixed price level is no crime. But code that knows
   * prices by heart, and finds its place by their values, shows in no other experiment.
   */
  readonly absolutePrices: Difference | undefined;
}

const CANDLES = 300;
const SEED = 1;

/**
 * Replays a strategy on every candle of a stretch, and compares what each condition said with all the data with what
 * it says when it can have seen no more than what lay before. Expressions pass by construction; on trial is the code
 * in a `scan`, which could keep what an earlier evaluation showed it, or count its way through data of its own. So
 * each experiment begins with a fresh copy of the module, which remembers no more than that experiment let it see.
 *
 * @throws DataError when there are too few candles; UsageError for the params; and whatever the strategy throws.
 */
export async function proveStrategy(input: ProofInput): Promise<Proof> {
  const { loaded, params, coin, interval, markets, candles = CANDLES } = input;
  const fresh = async (): Promise<BuiltStrategy> => (await loaded.reload()).build(params);
  const built = await fresh();
  const stage = new Stage({ coin, interval, markets, candles, settle: settleOf(built, interval) });
  const said = stage.evaluate(built);
  const trial = new Trial(stage, built, said);
  const signals = countSignals(stage, await fresh());

  const difference =
    trial.compare('again', stage.evaluate(built)) ??
    trial.compare('stream', stage.evaluate(await fresh(), stage.markets, 1)) ??
    trial.withPrefixes(await fresh()) ??
    trial.withInventedFutures(await fresh(), 'missing-future', () => Number.NaN) ??
    trial.withInventedFutures(await fresh(), 'wild-future', absurdNumbers()) ??
    trial.withOtherStart(await fresh());
  return {
    strategy: built.strategy,
    params: built.params,
    firstOpenMs: stage.timeAt(stage.from),
    lastOpenMs: stage.timeAt(stage.to - 1),
    candles,
    replays: stage.evaluations,
    signals,
    knifeEdges: trial.knifeEdges,
    difference,
    absolutePrices: trial.compare('double-prices', stage.evaluate(await fresh(), doublePrices(stage.markets))),
  };
}

/** The difference in words, for a terminal. */
export function describeDifference({ experiment, ...found }: Difference): string {
  const how = {
    again: 'when the same candles are evaluated a second time',
    stream: 'when candles come one by one',
    prefix: 'when the data is cut',
    'missing-future': 'when nothing comes',
    'wild-future': 'when other prices come',
    'other-start': 'when the data begins later',
    'double-prices': 'when all prices are doubled',
  }[experiment];
  const seen = found.seenUntilMs === undefined ? '' : ` after the candle of ${formatTime(found.seenUntilMs)}`;
  return (
    `condition '${found.condition}' (${found.side}) at the candle of ${formatTime(found.openTimeMs)} ` +
    `is ${found.withAllData}, but ${found.replayed} ${how}${seen}`
  );
}

/** Compares replays with what was said at first, condition by condition, and keeps the knife edges. */
class Trial {
  readonly knifeEdges: KnifeEdge[] = [];
  readonly #stage: Stage;
  readonly #built: BuiltStrategy;
  readonly #said: Said;

  constructor(stage: Stage, built: BuiltStrategy, said: Said) {
    this.#stage = stage;
    this.#built = built;
    this.#said = said;
  }

  withPrefixes(built: BuiltStrategy): Difference | undefined {
    const { from, to, markets } = this.#stage;
    for (let row = from; row < to; row++) {
      const replayed = this.#stage.evaluate(built, cutMarkets(markets, 0, row + 1));
      const difference = this.compare('prefix', replayed, row);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  withInventedFutures(built: BuiltStrategy, experiment: Experiment, invent: () => number): Difference | undefined {
    const { from, to, markets } = this.#stage;
    const invented = new InventedFuture(markets, from, invent);
    for (let row = from; row < to; row++) {
      invented.reveal(row);
      const replayed = this.#stage.evaluate(built, invented.markets);
      const difference = this.compare(experiment, replayed, row);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }

  /** Every row up to the last that the replay could see, those before the stretch included; all rows if it saw all. */
  compare(experiment: Experiment, replayed: Said, lastSeen?: number): Difference | undefined {
    const rows = (lastSeen ?? this.#stage.length - 1) + 1;
    let first: { readonly index: number; readonly row: number } | undefined;
    for (const [index, bits] of this.#said.entries()) {
      const row = firstDifferentRow(bits, replayed[index] as Uint32Array, first?.row ?? rows);
      if (row !== undefined) first = { index, row };
    }
    return first && this.#difference(experiment, first.index, first.row, lastSeen);
  }

  /**
   * From another start windows give the same bits, and recursive values agree within 1e-9: only a knife edge may tip.
   */
  withOtherStart(built: BuiltStrategy): Difference | undefined {
    const stage = this.#stage;
    const later = cutMarkets(stage.markets, stage.later, stage.length);
    const replayed = stage.evaluate(built, later);
    for (let row = stage.from; row < stage.length; row++) {
      for (const [index, { condition, name, side }] of conditionsOf(built).entries()) {
        const here = bitAt(this.#said[index] as Uint32Array, row);
        if (here === bitAt(replayed[index] as Uint32Array, row - stage.later)) continue;
        const a = { evaluation: this.#evaluated(stage.markets), row };
        const b = { evaluation: this.#evaluated(later), row: row - stage.later };
        if (!isKnifeEdge(condition, stage.interval, a, b)) return this.#difference('other-start', index, row);
        this.knifeEdges.push({ side, condition: name, openTimeMs: stage.timeAt(row) });
      }
    }
    return undefined;
  }

  #evaluated(markets: Markets): Evaluation {
    const evaluation = this.#stage.evaluation(markets);
    evaluation.advanceTo(markets.get(this.#stage.coin)?.candles.length ?? 0);
    return evaluation;
  }

  #difference(experiment: Experiment, index: number, row: number, lastSeen?: number): Difference {
    const { name, side } = conditionsOf(this.#built)[index] as ReturnType<typeof conditionsOf>[number];
    const withAllData = bitAt(this.#said[index] as Uint32Array, row);
    return {
      experiment,
      side,
      condition: name,
      openTimeMs: this.#stage.timeAt(row),
      seenUntilMs: lastSeen === undefined ? undefined : this.#stage.timeAt(lastSeen),
      withAllData,
      replayed: !withAllData,
    };
  }
}

/** The first row below `rows` at which two bitmaps differ. */
function firstDifferentRow(a: Uint32Array, b: Uint32Array, rows: number): number | undefined {
  for (let word = 0; word << 5 < rows; word++) {
    const changed = ((a[word] as number) ^ (b[word] as number)) >>> 0;
    if (changed === 0) continue;
    const row = (word << 5) + 31 - Math.clz32(changed & -changed);
    return row < rows ? row : undefined;
  }
  return undefined;
}

/** Any price may come next: far above, far below, and in no order of high and low. */
function absurdNumbers(): () => number {
  const prng = new Prng(SEED);
  return () => 10 ** (18 * prng.uniform() - 9);
}

function countSignals(stage: Stage, built: BuiltStrategy): Readonly<Record<SideName, number>> {
  const flags = signalFlags(built, stage.evaluation(stage.markets), stage.from, stage.to);
  const count = (flag: number): number => flags.reduce((sum, row) => sum + ((row & flag) === 0 ? 0 : 1), 0);
  return { long: count(LONG), short: count(SHORT), exitLong: count(EXIT_LONG), exitShort: count(EXIT_SHORT) };
}
