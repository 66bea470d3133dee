import { type CandleColumns, openTimeAt, sliceColumns } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import type { Interval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { Evaluation, type MarketData } from '../series/evaluation.ts';
import { type BuiltStrategy, conditionsOf } from './define.ts';

/** Candles by coin, all on one grid. */
export type Markets = ReadonlyMap<string, MarketData>;

/** What each condition said at each row: bitmaps in the order of `conditionsOf`. */
export type Said = readonly Uint32Array[];

export interface StageInput {
  readonly coin: string;
  readonly interval: Interval;
  readonly markets: Markets;
  readonly candles: number;
  readonly settle: number;
}

/** Candles after the stretch, so that its last candle has a future to be taken away. */
const FUTURE = 24;
/** How much later the other start is: no divisor of a day, so that no window or slow candle falls into step with it. */
const LATER = 37;

/**
 * The candles of an experiment: those that the strategy needs to settle, from either start, the stretch, and its
 * future.
 */
export class Stage {
  readonly coin: string;
  readonly interval: Interval;
  readonly markets: Markets;
  /** The stretch: rows from … to−1 of these markets. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly later = LATER;
  evaluations = 0;

  /** @throws DataError when there are too few candles. */
  constructor({ coin, interval, markets, candles, settle }: StageInput) {
    const own = markets.get(coin)?.candles;
    if (own === undefined) throw new DataError(`there are no ${interval} candles of ${coin}`);
    this.from = settle + LATER;
    this.to = this.from + candles;
    this.length = this.to + FUTURE;
    if (own.length < this.length) {
      throw new DataError(`a proof over ${candles} candles needs ${this.length}, and ${coin} has ${own.length}`, {
        hint: `${settle} to settle, ${LATER} for another start, ${FUTURE} for a future. Prove fewer, or import more.`,
      });
    }
    this.coin = coin;
    this.interval = interval;
    this.markets = cutMarkets(markets, own.length - this.length, own.length);
  }

  timeAt(row: number): EpochMs {
    return openTimeAt((this.markets.get(this.coin) as MarketData).candles, row);
  }

  /** The strategy on these markets, from their first row to their last, in blocks of `block` rows. */
  evaluate(built: BuiltStrategy, markets: Markets = this.markets, block = this.length): Said {
    const conditions = conditionsOf(built).map(({ condition }) => condition);
    const evaluation = this.evaluation(markets);
    const length = (markets.get(this.coin) as MarketData).candles.length;
    evaluation.request(...conditions);
    for (let end = Math.min(block, length); evaluation.end < length; end = Math.min(end + block, length)) {
      evaluation.advanceTo(end);
    }
    return conditions.map((condition) => evaluation.bits(condition));
  }

  evaluation(markets: Markets): Evaluation {
    this.evaluations++;
    return new Evaluation({ coin: this.coin, interval: this.interval }, markets);
  }
}

/** Rows from … to−1 of all markets; the memory is shared. */
export function cutMarkets(markets: Markets, from: number, to: number): Markets {
  return new Map(
    [...markets].map(([coin, { candles, fundingRate }]) => [
      coin,
      {
        candles: sliceColumns(candles, from, to),
        ...(fundingRate === undefined ? {} : { fundingRate: fundingRate.subarray(from, to) }),
      },
    ]),
  );
}

/** Doubling a double changes its exponent alone, so whatever depends on ratios of prices keeps every bit. */
export function doublePrices(markets: Markets): Markets {
  const twice = (column: Float64Array): Float64Array => column.map((price) => 2 * price);
  return new Map(
    [...markets].map(([coin, market]) => {
      const { volume } = market.candles;
      return [coin, { ...market, candles: { ...mapColumns(market.candles, twice), volume } }];
    }),
  );
}

/** A copy of markets in which a future has been invented, and is replaced by the true one row by row. */
export class InventedFuture {
  readonly markets: Markets;
  readonly #columns: readonly { readonly shown: Float64Array; readonly real: Float64Array }[];

  /** @param invent gives the value of each column in each row from `from` on */
  constructor(real: Markets, from: number, invent: () => number) {
    const columns: { shown: Float64Array; real: Float64Array }[] = [];
    const copy = (column: Float64Array): Float64Array => {
      const shown = Float64Array.from(column, (value, row) => (row < from ? value : invent()));
      columns.push({ shown, real: column });
      return shown;
    };
    this.markets = new Map(
      [...real].map(([coin, { candles, fundingRate }]) => [
        coin,
        {
          candles: mapColumns(candles, copy),
          ...(fundingRate === undefined ? {} : { fundingRate: copy(fundingRate) }),
        },
      ]),
    );
    this.#columns = columns;
  }

  reveal(row: number): void {
    for (const { shown, real } of this.#columns) shown[row] = real[row] as number;
  }
}

function mapColumns(candles: CandleColumns, map: (column: Float64Array) => Float64Array): CandleColumns {
  return {
    ...candles,
    open: map(candles.open),
    high: map(candles.high),
    low: map(candles.low),
    close: map(candles.close),
    volume: map(candles.volume),
  };
}
