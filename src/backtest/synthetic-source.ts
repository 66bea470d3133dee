import { type CandleColumns, closeTimeAt, type FundingRates, rowAt, sliceColumns } from '../domain/candle.ts';
import { didYouMean, UsageError } from '../domain/errors.ts';
import { BUILT_IN_INSTRUMENTS, type Instrument } from '../domain/instrument.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { resample } from '../market/resample.ts';
import { SYNTHETIC_INTERVAL, syntheticMarket } from '../market/synthetic.ts';
import type { CandleSource } from './candle-source.ts';

export interface SyntheticRequest {
  readonly coins: readonly string[];
  readonly intervals: readonly Interval[];
  /** Settling included. */
  readonly days: number;
  readonly seed: number;
  /** Size of the planted edge, as `syntheticMarket` has it; its default where it is not said. */
  readonly edge?: number;
}

/**
 * A made-up market as a source of candles, for a machine without network and data.
 *
 * @throws UsageError for coins and intervals that it does not have
 */
export function syntheticCandles({ coins, intervals, ...asked }: SyntheticRequest): CandleSource {
  const market = syntheticMarket(asked);
  for (const coin of coins) required(market.candles, coin, 'the synthetic market has no');
  for (const interval of intervals) {
    if (intervalMs(interval) % intervalMs(SYNTHETIC_INTERVAL) === 0) continue;
    throw new UsageError(`the synthetic market has no ${interval} candles`, {
      hint: `Its finest are ${SYNTHETIC_INTERVAL}; choose a multiple of that.`,
    });
  }
  return madeUpSource({ ...market, interval: SYNTHETIC_INTERVAL, instruments: BUILT_IN_INSTRUMENTS });
}

/** Candles that nobody traded, of one interval; longer ones are joined from them. */
export interface MadeUpMarket {
  readonly interval: Interval;
  readonly candles: ReadonlyMap<string, CandleColumns>;
  readonly funding: ReadonlyMap<string, FundingRates>;
  readonly instruments: readonly Instrument[];
}

export function madeUpSource({ interval: finestInterval, candles, funding, instruments }: MadeUpMarket): CandleSource {
  const resampled = new Map<string, CandleColumns>();
  const columnsOf = (coin: string, interval: Interval): CandleColumns => {
    const key = `${coin} ${interval}`;
    const finest = required(candles, coin, 'the synthetic market has no');
    const columns = resampled.get(key) ?? (interval === finestInterval ? finest : resample(finest, interval));
    resampled.set(key, columns);
    return columns;
  };
  const rules = new Map(instruments.map((instrument) => [instrument.coin, instrument]));
  return {
    sourceOf: () => 'synthetic',
    coins: () => [...candles.keys()],
    isSynthetic: true,
    span: (coin, interval) => {
      const columns = columnsOf(coin, interval);
      return {
        coin,
        interval,
        firstOpenMs: columns.firstOpenMs,
        lastCloseMs: closeTimeAt(columns, columns.length - 1),
      };
    },
    candles: (coin, interval, fromMs, toMs) => {
      const columns = columnsOf(coin, interval);
      const from = Math.max(0, Math.ceil(rowAt(columns, fromMs)));
      return sliceColumns(columns, from, Math.min(columns.length, Math.floor(rowAt(columns, toMs))));
    },
    revised: () => 0,
    funding: (coin) => required(funding, coin, 'the synthetic market has no funding of'),
    instrument: (coin) => required(rules, coin, 'the synthetic market has no rules of'),
  };
}

function required<Value>(values: ReadonlyMap<string, Value>, coin: string, what: string): Value {
  const value = values.get(coin);
  if (value !== undefined) return value;
  throw new UsageError(`${what} '${coin}'`, { hint: didYouMean(coin, values.keys()) });
}
