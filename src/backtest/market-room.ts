import type { CandleColumns } from '../domain/candle.ts';
import { closeTimeAt, rowAt } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { Distance, RiskRules } from '../domain/risk-rules.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { denseFundingRate } from '../market/funding-rates.ts';
import { Evaluation, type MarketData } from '../series/evaluation.ts';
import { ownMarket } from '../series/market.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { BitSearch, NO_ROW, setBit } from './fast/bits.ts';
import { FastEngine } from './fast/engine.ts';
import type { FastLeg } from './fast/spec.ts';
import { type FundingColumns, fundingColumns } from './funding.ts';
import type { Leg } from './run.ts';
import type { IntervalGrid, StudyData } from './study-data.ts';

/**
 * What follows from the candles of a study alone, whatever the strategy: computed when first asked for, then shared by
 * all cells and draws. Each worker has one over the same memory.
 */
export class MarketRoom {
  readonly data: StudyData;
  /** Remembers exits for all strategies, cells and draws. */
  readonly engine = new FastEngine();
  readonly #funding = new Map<string, FundingColumns>();
  readonly #markets = new Map<Interval, ReadonlyMap<string, MarketData>>();
  readonly #atr = new Map<string, Float64Array>();

  constructor(data: StudyData) {
    this.data = data;
  }

  grid(interval: Interval): IntervalGrid {
    return found(
      this.data.grids.find((grid) => grid.interval === interval),
      `${interval} candles`,
    );
  }

  candles(interval: Interval, coin: string): CandleColumns {
    return found(this.grid(interval).candles.get(coin), `${interval} candles of ${coin}`);
  }

  instrument(coin: string): Instrument {
    return found(this.data.instruments.get(coin), `trading rules of ${coin}`);
  }

  funding(interval: Interval, coin: string): FundingColumns {
    return remembered(this.#funding, `${interval} ${coin}`, () =>
      fundingColumns(this.candles(interval, coin), this.instrument(coin).szDecimals, this.data.funding.get(coin)),
    );
  }

  /** What expressions read, by coin. */
  markets(interval: Interval): ReadonlyMap<string, MarketData> {
    return remembered(this.#markets, interval, () => {
      const withRates = [...this.grid(interval).candles].map(([name, candles]): [string, MarketData] => {
        const funding = this.data.funding.get(name);
        return [
          name,
          funding === undefined ? { candles } : { candles, fundingRate: denseFundingRate(candles, funding) },
        ];
      });
      return new Map(withRates);
    });
  }

  /** A fresh evaluation of expressions on one coin, with all the others in sight. */
  evaluation(interval: Interval, coin: string): Evaluation {
    return new Evaluation({ coin, interval }, this.markets(interval));
  }

  /** Average true range at each close, for a distance that is measured in it. */
  atr(interval: Interval, coin: string, distance: Distance | undefined): Float64Array | undefined {
    if (distance === undefined || !('atr' in distance)) return undefined;
    return remembered(this.#atr, `${interval} ${coin} ${distance.period}`, () => {
      const evaluation = this.evaluation(interval, coin);
      const range = ownMarket.atr(distance.period);
      evaluation.request(range);
      evaluation.advanceTo(this.candles(interval, coin).length);
      return evaluation.values(range);
    });
  }

  /** Legs that decide on the candles on which they are filled, for the reference engine. */
  legs(interval: Interval, coins: readonly string[], signals: readonly Uint8Array[], rules: RiskRules): Leg[] {
    return this.#place(interval, coins, rules).map((leg, i) => ({
      ...leg,
      signals: found(signals[i], `signals of ${leg.coin}`),
    }));
  }

  /** The same for the fast engine. */
  fastLegs(interval: Interval, coins: readonly string[], bits: readonly SignalBits[], rules: RiskRules): FastLeg[] {
    return this.#place(interval, coins, rules).map((leg, i) => ({
      ...leg,
      bits: found(bits[i], `signals of ${leg.coin}`),
    }));
  }

  #place(interval: Interval, coins: readonly string[], rules: RiskRules): Place[] {
    return coins.map((coin) =>
      placeOf(this, interval, coin, {
        interval,
        stopAtr: this.atr(interval, coin, rules.stop),
        trailAtr: this.atr(interval, coin, rules.trail?.distance),
      }),
    );
  }

  /** Legs that decide on the candles of `interval` and are filled on the finer ones (rule 30, i). */
  legsFilledOn(
    finer: Interval,
    interval: Interval,
    coins: readonly string[],
    bits: readonly SignalBits[],
    rules: RiskRules,
  ): FastLeg[] {
    return coins.map((coin, i) => {
      const rowOf = finerRows(this.candles(interval, coin), this.candles(finer, coin));
      const { length } = this.candles(finer, coin);
      const spread = (values: Float64Array | undefined): Float64Array | undefined =>
        values && placed(values, rowOf, new Float64Array(length).fill(Number.NaN));
      const place = placeOf(this, finer, coin, {
        interval,
        stopAtr: spread(this.atr(interval, coin, rules.stop)),
        trailAtr: spread(this.atr(interval, coin, rules.trail?.distance)),
      });
      return { ...place, bits: placedBits(found(bits[i], `signals of ${coin}`), rowOf, length) };
    });
  }
}

/** A leg without what is said on it. */
type Place = Omit<Leg, 'signals'>;

interface Decisions {
  /** Of the candles on which they are made. */
  readonly interval: Interval;
  readonly stopAtr: Float64Array | undefined;
  readonly trailAtr: Float64Array | undefined;
}

function placeOf(room: MarketRoom, interval: Interval, coin: string, decisions: Decisions): Place {
  const { stopAtr, trailAtr } = decisions;
  return {
    coin,
    instrument: room.instrument(coin),
    candles: room.candles(interval, coin),
    funding: room.funding(interval, coin),
    decisionIntervalMs: intervalMs(decisions.interval),
    ...(stopAtr === undefined ? {} : { stopAtr }),
    ...(trailAtr === undefined ? {} : { trailAtr }),
  };
}

/** For each row of the coarse candles, the finer row that closes at the same instant. */
function finerRows(coarse: CandleColumns, fine: CandleColumns): (row: number) => number {
  const fineMs = intervalMs(fine.interval);
  return (row) => rowAt(fine, closeTimeAt(coarse, row) - fineMs);
}

function placed(values: Float64Array, rowOf: (row: number) => number, into: Float64Array): Float64Array {
  for (let row = 0; row < values.length; row++) {
    const target = rowOf(row);
    if (target >= 0 && target < into.length) into[target] = values[row] as number;
  }
  return into;
}

function placedBits(bits: SignalBits, rowOf: (row: number) => number, rows: number): SignalBits {
  const sides = Object.entries(bits) as [keyof SignalBits, Uint32Array][];
  return Object.fromEntries(
    sides.map(([side, bitmap]) => {
      const into = new Uint32Array(Math.ceil(rows / 32));
      const search = new BitSearch(bitmap);
      for (let row = search.next(0); row < NO_ROW; row = search.next(row + 1)) {
        const target = rowOf(row);
        if (target >= 0 && target < rows) setBit(into, target);
      }
      return [side, into];
    }),
  );
}

function remembered<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RangeError(`the study has no ${what}`);
  return value;
}
