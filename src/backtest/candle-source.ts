import { alignColumns, type CandleColumns, type FundingRates, sliceFunding } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import { type SealedFrom, visibleUntil } from '../domain/sealed.ts';
import { formatTime, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { loadCandles } from '../market/candle-store.ts';
import type { MarketDatabase } from '../market/database.ts';
import { fingerprintOf } from '../market/fingerprint.ts';
import { loadFunding } from '../market/funding-store.ts';
import { findInstrument, loadInstruments } from '../market/instrument-store.ts';
import { firstSeen } from '../market/revision-store.ts';
import { findCandleSeries, listSeries, type SeriesSpan as StoredSpan } from '../market/series-store.ts';
import { type IntervalGrid, rowsOf, type SeriesSpan, type SpanPlan, type StudyData } from './study-data.ts';

/** Where a study or a sweep takes its candles from: the database, or the synthetic market. */
export interface CandleSource {
  /** Who delivered these candles. */
  readonly sourceOf: (coin: string, interval: Interval) => string;
  /** All coins of which it has candles of that interval. */
  readonly coins: (interval: Interval) => readonly string[];
  readonly isSynthetic: boolean;
  /** It gives the values that were first seen of every candle, not the final ones. */
  readonly asSeen?: true;
  /** @throws UsageError with the nearest names for what is not there */
  readonly span: (coin: string, interval: Interval) => SeriesSpan;
  readonly candles: (coin: string, interval: Interval, fromMs: EpochMs, toMs: EpochMs) => CandleColumns;
  /** Candles of that time whose final values are not those that were first seen. */
  readonly revised: (coin: string, interval: Interval, fromMs: EpochMs, toMs: EpochMs) => number;
  readonly funding: (coin: string) => FundingRates;
  /** @throws UsageError with the nearest names for an unknown coin */
  readonly instrument: (coin: string) => Instrument;
}

export interface StoredCandleOptions {
  /** What was first seen of every candle and every funding rate: what a decision at that time could have known. */
  readonly asSeen?: boolean;
}

/**
 * The candles of the database; where two sources have them, those of the preferred one. What is sealed does not exist
 * here, of no source, of no interval and in no view: this is the door that every command passes which looks for
 * strategies (rule 33).
 */
export function storedCandles(
  db: MarketDatabase,
  preferred: string,
  sealedFrom: SealedFrom,
  { asSeen = false }: StoredCandleOptions = {},
): CandleSource {
  const series = listSeries(db).filter(({ kind, source }) => kind === 'trade' && source === preferred);
  const instruments = loadInstruments(db);
  const find = (coin: string, interval: Interval): StoredSpan => {
    const isPreferred = series.some((one) => one.coin === coin && one.interval === interval);
    return findCandleSeries(db, { coin, interval, source: isPreferred ? preferred : undefined });
  };
  const until = (coin: string, toMs: EpochMs): number => visibleUntil(toMs, sealedFrom(coin));
  return {
    sourceOf: (coin, interval) => find(coin, interval).source,
    coins: (wanted) => series.filter(({ interval }) => interval === wanted).map(({ coin }) => coin),
    isSynthetic: false,
    ...(asSeen ? { asSeen } : {}),
    span: (coin, interval) => visibleSpan(find(coin, interval), sealedFrom(coin)),
    candles: (coin, interval, fromMs, toMs) =>
      loadCandles(db, { coin, interval, source: find(coin, interval).source, fromMs, toMs: until(coin, toMs), asSeen }),
    revised: (coin, interval, fromMs, toMs) =>
      firstSeen(db, find(coin, interval), fromMs, until(coin, toMs) - intervalMs(interval)).length,
    funding: (coin) => {
      const rates = loadFunding(db, coin, { source: preferred, asSeen });
      const sealedFromMs = sealedFrom(coin);
      return sealedFromMs === undefined ? rates : sliceFunding(rates, 0, sealedFromMs);
    },
    instrument: (coin) => findInstrument(instruments, coin),
  };
}

/** @throws DataError where all of it is sealed */
function visibleSpan(
  { coin, interval, firstOpenMs, lastOpenMs }: StoredSpan,
  sealedFromMs: EpochMs | undefined,
): SeriesSpan {
  const stepMs = intervalMs(interval);
  const endMs = lastOpenMs + stepMs;
  if (sealedFromMs === undefined || sealedFromMs >= endMs) {
    return { coin, interval, firstOpenMs, lastCloseMs: epochMs(endMs) };
  }
  const lastCloseMs = epochMs(firstOpenMs + Math.floor((sealedFromMs - firstOpenMs) / stepMs) * stepMs);
  if (lastCloseMs <= firstOpenMs) {
    throw new DataError(`all ${interval} candles of ${coin} that are stored are sealed`, {
      details: [`sealed from ${formatTime(sealedFromMs)}, stored from ${formatTime(firstOpenMs)}`],
      hint: 'Import older candles, or spend the seal on one last study: candor unseal STRATEGY --study NAME.',
    });
  }
  return { coin, interval, firstOpenMs, lastCloseMs, sealedFromMs };
}

export interface WantedCandles {
  readonly coins: readonly string[];
  /** In the order in which their grids are wanted; each has an anchor in the plan. */
  readonly intervals: readonly Interval[];
}

/**
 * Loads what a study or a sweep runs on: every coin of an interval on one grid, from the anchor to the end of the span.
 */
export function assembleStudyData(
  { coins, intervals }: WantedCandles,
  plan: SpanPlan,
  source: CandleSource,
): StudyData {
  const { fromMs, toMs } = plan;
  const gridOf = (interval: Interval): IntervalGrid => {
    const stepMs = intervalMs(interval);
    const anchorMs = plan.anchors.get(interval) ?? fromMs;
    const length = (Math.floor(toMs / stepMs) * stepMs - anchorMs) / stepMs;
    const aligned = coins.map((coin) => alignColumns(source.candles(coin, interval, anchorMs, toMs), anchorMs, length));
    const candles = new Map(aligned.map((columns) => [columns.coin, columns]));
    const [first] = aligned;
    if (first === undefined) throw new RangeError('there is no coin to load candles of');
    return { interval, candles, ...rowsOf(first, fromMs, toMs) };
  };
  const [firstGrid, ...otherGrids] = intervals.map(gridOf);
  if (firstGrid === undefined) throw new RangeError('there is no interval to load candles of');
  const grids = [firstGrid, ...otherGrids] as const;
  const firstMs = Math.min(...plan.anchors.values());
  const series = coins.flatMap((coin) =>
    [...plan.anchors.keys()].map((interval) => ({ coin, interval, source: source.sourceOf(coin, interval) })),
  );
  const sources = [...new Set(series.map((each) => each.source))];
  const funding = coins.map((coin) => sliceFunding(source.funding(coin), firstMs, toMs));
  return {
    isSynthetic: source.isSynthetic,
    ...(source.asSeen && { asSeen: source.asSeen }),
    ...(plan.sealedFromMs !== undefined && { sealedFromMs: plan.sealedFromMs }),
    source: sources.join(' and '),
    ...(sources.length > 1 && { mixed: series }),
    fingerprint: fingerprintOf({ candles: grids.flatMap((grid) => [...grid.candles.values()]), funding }),
    fromMs,
    toMs,
    instruments: new Map(coins.map((coin) => [coin, source.instrument(coin)])),
    funding: new Map(funding.map((rates) => [rates.coin, rates])),
    grids,
  };
}

/** Candles of one series of a study or a sweep that were revised after they were first seen. */
export interface RevisedSeries {
  readonly coin: string;
  readonly interval: Interval;
  readonly candles: number;
}

/** Of the candles that a study or a sweep runs on, warm-up included, those that were revised; by series. */
export function revisedIn({ grids, toMs }: Pick<StudyData, 'grids' | 'toMs'>, source: CandleSource): RevisedSeries[] {
  return grids
    .flatMap(({ candles }) => [...candles.values()])
    .map(({ coin, interval, firstOpenMs }) => {
      return { coin, interval, candles: source.revised(coin, interval, firstOpenMs, toMs) };
    })
    .filter(({ candles }) => candles > 0);
}
