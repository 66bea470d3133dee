import type { CandleColumns, FundingRates } from '../domain/candle.ts';
import { closeTimeAt, openTimeAt } from '../domain/candle.ts';
import { CandorError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import type { Span, Study } from '../domain/study.ts';
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

/** What a study or a sweep runs on. The columns lie in shared memory: workers read the same bytes. */
export interface StudyData {
  readonly isSynthetic: boolean;
  /** On the values that were first seen of every candle; absent where it is on the final ones. */
  readonly asSeen?: true;
  /** The seal at which it ends, where it would have gone on without one. */
  readonly sealedFromMs?: EpochMs;
  readonly source: string;
  /** Where candles are of several sources: which coins and intervals are of which. */
  readonly mixed?: readonly SourcedSeries[];
  readonly fingerprint: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly funding: ReadonlyMap<string, FundingRates>;
  /** A study's own interval first, then the finer ones on which it must hold; a sweep's in its order. */
  readonly grids: readonly [IntervalGrid, ...IntervalGrid[]];
}

export interface SourcedSeries {
  readonly coin: string;
  readonly interval: Interval;
  readonly source: string;
}

/** What a study or a sweep asks for. */
export interface SpanRequest {
  readonly kind: 'study' | 'sweep' | 'optimisation';
  readonly name: string;
  readonly span: Span;
  /** Those on whose closes it decides: its span begins and ends where candles of all of them do. */
  readonly intervals: readonly Interval[];
}

export function spanRequestOf({ name, span, interval }: Study): SpanRequest {
  return { kind: 'study', name, span, intervals: [interval] };
}

/** What there is of one series: from the open of the first candle to the close of the last. */
export interface SeriesSpan {
  readonly coin: string;
  readonly interval: Interval;
  readonly firstOpenMs: EpochMs;
  readonly lastCloseMs: EpochMs;
  /** Where later candles are stored, and sealed: from when on. */
  readonly sealedFromMs?: EpochMs;
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
  /** The seal at which it ends, where it would have gone on without one. */
  readonly sealedFromMs?: EpochMs;
  readonly warnings: readonly string[];
}

/**
 * From where to where a study or a sweep runs: 'newest' ends with the newest candle that all of its series have, and
 * every strategy starts at the same candle, that of the longest settling (rules 1 and 4).
 *
 * @throws CandorError where less than a day is left.
 */
export function planSpan(request: SpanRequest, settlings: readonly Settling[], spans: readonly SeriesSpan[]): SpanPlan {
  const stepMs = commonStepMs(request.intervals);
  const { span: wanted } = request;
  const newestMs = Math.min(...spans.map((span) => span.lastCloseMs));
  const sealedFromMs = sealAt(newestMs, wanted, spans);
  const toMs = Math.floor(('days' in wanted ? newestMs : Math.min(wanted.toMs, newestMs)) / stepMs) * stepMs;
  const earliestMs = Math.max(
    ...settlings.map(({ interval, candles }) => {
      const firstMs = Math.max(...spans.filter((span) => span.interval === interval).map((span) => span.firstOpenMs));
      return firstMs + candles * intervalMs(interval);
    }),
  );
  const fromMs = Math.max(wantedFromMs(request, toMs), Math.ceil(earliestMs / stepMs) * stepMs);
  if (toMs - fromMs < DAY_MS) throw notEnough(request, settlings, spans);
  const anchors = new Map(
    settlings.map(({ interval, candles }) => [interval, (fromMs - candles * intervalMs(interval)) as EpochMs]),
  );
  return {
    fromMs: fromMs as EpochMs,
    toMs: toMs as EpochMs,
    anchors,
    ...(sealedFromMs !== undefined && { sealedFromMs }),
    warnings: spanWarnings(request, { fromMs, toMs, sealedFromMs }),
  };
}

/** The seal that keeps a span from what it asks for. */
function sealAt(newestMs: number, wanted: Span, spans: readonly SeriesSpan[]): EpochMs | undefined {
  if (!('days' in wanted) && wanted.toMs <= newestMs) return undefined;
  return spans.find((span) => span.lastCloseMs === newestMs && span.sealedFromMs !== undefined)?.sealedFromMs;
}

/** The shortest time that is so many whole candles of each interval; all of them divide a day. */
function commonStepMs(intervals: readonly Interval[]): number {
  const longestMs = Math.max(...intervals.map(intervalMs));
  let stepMs = longestMs;
  while (!intervals.every((interval) => stepMs % intervalMs(interval) === 0)) stepMs += longestMs;
  return stepMs;
}

function wantedFromMs({ span, intervals }: SpanRequest, toMs: number): number {
  const stepMs = commonStepMs(intervals);
  return 'days' in span ? toMs - span.days * DAY_MS : Math.ceil(span.fromMs / stepMs) * stepMs;
}

function notEnough(
  { kind, name, span }: SpanRequest,
  settlings: readonly Settling[],
  spans: readonly SeriesSpan[],
): CandorError {
  const stretch = (fromMs: number, toMs: number): string => `${formatTime(fromMs)} to ${formatTime(toMs)}`;
  const isSealed = spans.some(({ sealedFromMs }) => sealedFromMs !== undefined);
  return new CandorError(`there are not enough candles for the ${kind} '${name}'`, {
    details: [
      `wanted: ${'days' in span ? `the newest ${span.days} days` : stretch(span.fromMs, span.toMs)}`,
      ...spans.map(
        ({ coin, interval, firstOpenMs, lastCloseMs, sealedFromMs }) =>
          `stored: ${coin} ${interval}, ${stretch(firstOpenMs, lastCloseMs)}` +
          (sealedFromMs === undefined ? '' : `; what follows ${formatTime(sealedFromMs)} is sealed`),
      ),
      ...settlings.map(({ interval, candles }) => `${interval}: the indicators take ${candles} candles to settle`),
    ],
    hint: isSealed
      ? 'Choose an earlier span or import older candles; one last study may spend the seal: candor unseal --help.'
      : 'days' in span
        ? "Fetch older candles ('candor ingest --since 300d'), import them, or choose a shorter span."
        : 'Import candles of that time and older candles to settle on, or choose another span.',
  });
}

/** A span as it was run. */
interface PlannedSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sealedFromMs?: number | undefined;
}

/** In which way the span, as it was run, is not what was asked for. */
export function spanWarnings(request: SpanRequest, { fromMs, toMs, sealedFromMs }: PlannedSpan): string[] {
  const { kind, span, intervals } = request;
  const warnings: string[] = [];
  const lateMs = fromMs - wantedFromMs(request, toMs);
  if (lateMs > 0) {
    warnings.push(
      `the ${kind} starts at ${formatTime(fromMs)}, ${roughly(lateMs)} later than asked for: ` +
        'before it the indicators have not settled',
    );
  }
  if (sealedFromMs !== undefined) {
    warnings.push(
      `the ${kind} ends at ${formatTime(toMs)}: later candles are sealed until 'candor unseal' spends them, once`,
    );
  } else if (!('days' in span) && span.toMs - toMs >= commonStepMs(intervals)) {
    warnings.push(`the ${kind} ends at ${formatTime(toMs)}, earlier than asked for: there are no newer candles`);
  }
  return warnings;
}

/** `163 days`, `1 day`, `less than a day`. */
function roughly(lengthMs: number): string {
  const days = Math.round(lengthMs / DAY_MS);
  if (lengthMs < DAY_MS) return 'less than a day';
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}

/** Rows of a grid that belong to the span. */
export function rowsOf(candles: CandleColumns, fromMs: EpochMs, toMs: EpochMs): { from: number; to: number } {
  const stepMs = intervalMs(candles.interval);
  return {
    from: Math.ceil((fromMs - openTimeAt(candles, 0)) / stepMs),
    to: Math.floor((toMs - closeTimeAt(candles, 0)) / stepMs) + 1,
  };
}
