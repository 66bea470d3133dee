import type { CandleColumns, FundingRates } from '../domain/candle.ts';
import { closeTimeAt, openTimeAt } from '../domain/candle.ts';
import { CandorError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS, formatTime, type Interval, intervalMs } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';

/**
 * All candles of one interval on one grid, of the coins of the study and of those that a strategy looks at with `of`.
 */
export interface IntervalGrid {
  readonly interval: Interval;
  readonly candles: ReadonlyMap<string, CandleColumns>;
  /** The first row whose close may signal; the rows before it are warm-up. */
  readonly from: number;
  readonly to: number;
}

/** What a study runs on. The columns lie in shared memory: workers read the same bytes. */
export interface StudyData {
  readonly isSynthetic: boolean;
  readonly source: string;
  readonly fingerprint: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly funding: ReadonlyMap<string, FundingRates>;
  /** The study's own interval first, then the finer ones on which it must hold. */
  readonly grids: readonly [IntervalGrid, ...IntervalGrid[]];
}

/** What there is of one series: from the open of the first candle to the close of the last. */
export interface SeriesSpan {
  readonly coin: string;
  readonly interval: Interval;
  readonly firstOpenMs: EpochMs;
  readonly lastCloseMs: EpochMs;
}

/** Candles that an interval's strategies and rules take to settle before their first decision. */
export interface Settling {
  readonly interval: Interval;
  readonly candles: number;
}

export interface SpanPlan {
  /** The first signal candle opens here. */
  readonly fromMs: EpochMs;
  /** The last candle closes here or before. */
  readonly toMs: EpochMs;
  /** Per interval, the first candle to be loaded: values of recursive indicators depend on it (rule 4). */
  readonly anchors: ReadonlyMap<Interval, EpochMs>;
  readonly warnings: readonly string[];
}

/**
 * From where to where a study runs: 'newest' ends with the newest candle that all of its series have, and every
 * strategy starts at the same candle, that of the longest settling (rules 1 and 4).
 *
 * @throws CandorError where less than a day is left.
 */
export function planSpan(study: Study, settlings: readonly Settling[], spans: readonly SeriesSpan[]): SpanPlan {
  const stepMs = intervalMs(study.interval);
  const newestMs = Math.min(...spans.map((span) => span.lastCloseMs));
  const wantedToMs = 'days' in study.span ? newestMs : Math.min(study.span.toMs, newestMs);
  const toMs = Math.floor(wantedToMs / stepMs) * stepMs;
  const wantedFromMs =
    'days' in study.span ? toMs - study.span.days * DAY_MS : Math.ceil(study.span.fromMs / stepMs) * stepMs;

  const earliestMs = Math.max(
    ...settlings.map(({ interval, candles }) => {
      const firstMs = Math.max(...spans.filter((span) => span.interval === interval).map((span) => span.firstOpenMs));
      return firstMs + candles * intervalMs(interval);
    }),
  );
  const fromMs = Math.max(wantedFromMs, Math.ceil(earliestMs / stepMs) * stepMs);
  if (toMs - fromMs < DAY_MS) {
    throw new CandorError(`there are not enough candles for the study '${study.name}'`, {
      details: [
        `wanted: ${formatTime(wantedFromMs)} to ${formatTime(wantedToMs)}`,
        `settled and stored: ${formatTime(fromMs)} to ${formatTime(toMs)}`,
        ...settlings.map(({ interval, candles }) => `${interval}: the indicators take ${candles} candles to settle`),
      ],
      hint: 'Import or ingest older candles, or choose a shorter span.',
    });
  }
  const anchors = new Map(
    settlings.map(({ interval, candles }) => [interval, (fromMs - candles * intervalMs(interval)) as EpochMs]),
  );
  return {
    fromMs: fromMs as EpochMs,
    toMs: toMs as EpochMs,
    anchors,
    warnings: spanWarnings(study, wantedFromMs, fromMs, toMs),
  };
}

function spanWarnings(study: Study, wantedFromMs: number, fromMs: number, toMs: number): string[] {
  const warnings: string[] = [];
  if (fromMs > wantedFromMs) {
    const days = ((fromMs - wantedFromMs) / DAY_MS).toFixed(1);
    warnings.push(
      `the study starts at ${formatTime(fromMs)}, ${days} days later than asked for: ` +
        'before it the indicators have not settled',
    );
  }
  if (!('days' in study.span) && study.span.toMs - toMs >= intervalMs(study.interval)) {
    warnings.push(`the study ends at ${formatTime(toMs)}, earlier than asked for: there are no newer candles`);
  }
  return warnings;
}

/** Rows of a grid that belong to the span. */
export function rowsOf(candles: CandleColumns, fromMs: EpochMs, toMs: EpochMs): { from: number; to: number } {
  const stepMs = intervalMs(candles.interval);
  return {
    from: Math.ceil((fromMs - openTimeAt(candles, 0)) / stepMs),
    to: Math.floor((toMs - closeTimeAt(candles, 0)) / stepMs) + 1,
  };
}
