import type { CandleColumns } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs } from '../domain/time.ts';
import type { Ground } from './dense.ts';
import { type Node, OWN_CLOCK, onInterval, type SourceField } from './node.ts';
import { Plan } from './plan.ts';
import { Condition, type Series } from './series.ts';

/** Columns of one coin. They have their whole capacity from the start; rows that are not reached yet are not read. */
export interface MarketData {
  readonly candles: CandleColumns;
  /** For each row the last rate settled at or before its close; NaN if there is none. */
  readonly fundingRate?: Float64Array;
}

/**
 * The values of expressions on the candles of one coin and interval: the same in study, sweep and live trading. They
 * are computed once per data set, in blocks; in live trading only the new candle is added, and any partition gives the
 * same bits.
 */
export class Evaluation {
  readonly #length: number;
  readonly #ground: Ground;
  readonly #plans: Plan[] = [];
  readonly #bits = new Map<Node, Uint32Array>();
  readonly #values = new Map<Node, Float64Array>();
  /** The rates of a coin of which none are stored, made when they are first read. */
  #unknown: Float64Array | undefined;
  #end = 0;

  /**
   * @param markets candles by coin, the own one and those named by `of`, all on one grid
   * @throws DataError when the own candles are not there or the grids differ
   */
  constructor(own: { readonly coin: string; readonly interval: Interval }, markets: ReadonlyMap<string, MarketData>) {
    const candles = markets.get(own.coin)?.candles;
    if (candles === undefined) throw new DataError(`there are no candles of ${own.coin} to evaluate on`);
    for (const [coin, market] of markets) checkGrid(coin, market, { ...candles, interval: own.interval });
    const firstSlot = candles.firstOpenMs / intervalMs(own.interval);
    if (!Number.isInteger(firstSlot)) throw new DataError(`${gridOf(candles)} is off the ${own.interval} grid`);
    this.#length = candles.length;
    this.#ground = {
      interval: own.interval,
      firstSlot,
      column: (coin, field) => this.#columnOf(markets, coin === OWN_CLOCK.coin ? own.coin : coin, field),
    };
  }

  /** The number of rows that are evaluated. */
  get end(): number {
    return this.#end;
  }

  /**
   * Says what will be read. What is asked for together shares its work; what is asked for later is computed on its own,
   * from the first row on.
   *
   * @throws StrategyError, LookAheadError or DataError for what cannot be evaluated here
   */
  request(...wanted: readonly (Condition | Series)[]): void {
    const bits = new Map<Node, Uint32Array>();
    const values = new Map<Node, Float64Array>();
    for (const item of wanted) {
      const { node } = item;
      if (item instanceof Condition) {
        if (!this.#bits.has(node)) bits.set(node, new Uint32Array(Math.ceil(this.#length / 32)));
      } else if (!this.#values.has(node)) values.set(node, new Float64Array(this.#length).fill(Number.NaN));
    }
    if (bits.size + values.size === 0) return;
    const plan = new Plan({ bits: seen(bits), values: seen(values) }, this.#ground);
    plan.advanceTo(this.#end);
    this.#plans.push(plan);
    for (const [node, bitmap] of bits) this.#bits.set(node, bitmap);
    for (const [node, column] of values) this.#values.set(node, column);
  }

  /**
   * Evaluates the rows up to `end`, which is not included. Live: `end` is the number of candles seen, the new one
   * included.
   */
  advanceTo(end: number): void {
    if (!Number.isInteger(end) || end < this.#end || end > this.#length) {
      throw new RangeError(`cannot advance to row ${end}: ${this.#end} of ${this.#length} rows are evaluated`);
    }
    for (const plan of this.#plans) plan.advanceTo(end);
    this.#end = end;
  }

  /**
   * A bitmap: bit i % 32 of word i / 32 says whether the condition was true at the close of row i. Unknown is not true.
   */
  bits(condition: Condition): Uint32Array {
    this.request(condition);
    return this.#bits.get(condition.node) as Uint32Array;
  }

  /** The value at the close of each row; NaN where there is none, and in rows that are not reached yet. */
  values(series: Series): Float64Array {
    this.request(series);
    return this.#values.get(series.node) as Float64Array;
  }

  #columnOf(markets: ReadonlyMap<string, MarketData>, coin: string, field: SourceField): Float64Array {
    const market = markets.get(coin);
    if (market === undefined) {
      throw new DataError(`there are no candles of ${coin}, which the strategy reads by of('${coin}')`, {
        hint: `Import candles of ${coin} at the same interval and span: candor import FILE`,
      });
    }
    if (field !== 'funding') return market.candles[field];
    if (market.fundingRate !== undefined) return market.fundingRate;
    this.#unknown ??= new Float64Array(this.#length).fill(Number.NaN);
    return this.#unknown;
  }
}

/** Nodes as they are seen from the own clock, with where they go; two of them may be seen as one. */
function seen<Column>(columns: ReadonlyMap<Node, Column>): readonly (readonly [Node, Column])[] {
  return [...columns].map(([node, column]) => [onInterval(node, OWN_CLOCK.interval), column]);
}

/** One row is one instant for all coins. */
function checkGrid(coin: string, { candles, fundingRate }: MarketData, own: CandleColumns): void {
  const same =
    candles.interval === own.interval && candles.firstOpenMs === own.firstOpenMs && candles.length === own.length;
  if (!same)
    throw new DataError(`${coin} and ${own.coin} are not on one grid`, { details: [gridOf(candles), gridOf(own)] });
  if (fundingRate !== undefined && fundingRate.length !== candles.length) {
    throw new DataError(`${coin} has ${fundingRate.length} funding rates for ${candles.length} candles`);
  }
}

function gridOf({ coin, interval, length, firstOpenMs }: CandleColumns): string {
  return `${coin}: ${length} candles of ${interval} from ${formatTime(firstOpenMs)}`;
}
