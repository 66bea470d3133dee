import { statSync } from 'node:fs';
import { formatDate, HOUR_MS, type Interval, intervalMs, SECOND_MS } from '../domain/time.ts';
import { loadInstruments } from '../market/instrument-store.ts';
import { HOME_SOURCE } from '../market/series-store.ts';
import { type SeriesSummary, summarizeSeries } from '../market/series-summary.ts';
import { formatDuration, formatPercent } from '../report/format.ts';
import type { Context, ExitCode } from './context.ts';
import { contentOf, count, counted, shownPath, withStoredDatabase } from './database.ts';
import type { Column } from './output.ts';

export interface StatusOptions {
  readonly json?: true;
}

/** A series, and how far it is from what could be stored by now. */
export interface SeriesStatus extends SeriesSummary {
  /** From its newest row to the newest that has closed; null for a coin that is traded no more. */
  readonly behindMs: number | null;
}

/** Who follows confirms a candle some seconds after its close: until then it is not behind. */
const CONFIRMED_WITHIN_MS = 10 * SECOND_MS;
/** What is less behind was fetched just now. */
const HINTED_FROM_MS = HOUR_MS;
/** What the exchange serves of an interval. */
const CANDLES_SERVED = 5_000;

const COLUMNS: readonly Column<SeriesStatus>[] = [
  { title: 'coin', cell: ({ coin }) => coin },
  { title: 'series', cell: contentOf },
  { title: 'rows', align: 'right', cell: ({ rows }) => compact(rows) },
  { title: 'from', cell: ({ firstOpenMs }) => formatDate(firstOpenMs) },
  { title: 'to', cell: ({ lastOpenMs }) => formatDate(lastOpenMs) },
  { title: 'gaps', align: 'right', cell: ({ gapCount }) => count(gapCount) },
  { title: 'rev', align: 'right', cell: ({ revisions }) => count(revisions) },
  { title: 'silent', align: 'right', cell: ({ zeroVolumeFraction: share }) => (share === null ? '–' : percent(share)) },
  { title: 'behind', align: 'right', cell: ({ behindMs }) => behindInWords(behindMs) },
];

/** What is stored, how far it reaches, what is missing of it, and how far it is behind. */
export async function run(options: StatusOptions, context: Context): Promise<ExitCode> {
  const { out } = context;
  const nowMs = context.clock.nowMs();
  const { series, coins } = await withStoredDatabase(context, (db) => {
    const instruments = loadInstruments(db);
    const isDelisted = (coin: string): boolean => instruments.get(coin)?.isDelisted === true;
    const summaries = summarizeSeries(db);
    return {
      series: summaries.map((each) => ({ ...each, behindMs: isDelisted(each.coin) ? null : behindMs(each, nowMs) })),
      coins: instruments.size,
    };
  });
  const database = shownPath(context, context.databasePath);
  const bytes = bytesOf(context.databasePath);
  const total = totalOf(series);
  if (options.json) {
    out.json({ database, bytes, nowMs, total, series, instruments: coins });
    return 0;
  }
  const sources = Map.groupBy(series, ({ source }) => source);
  for (const [source, own] of sources) {
    out.line(
      `${out.paint('bold', source)}${sources.size > 1 && source === context.config.source ? ', preferred' : ''}`,
    );
    out.table(COLUMNS, own);
    out.line();
  }
  const parts = [counted(total.rows, 'row'), counted(total.gaps, 'gap'), counted(total.revisions, 'revision')];
  out.line(`${count(series.length)} series: ${parts.join(', ')}; the rules of ${counted(coins, 'coin')}`);
  out.line(`in ${database}, ${(bytes / 1e6).toFixed(1)} MB`);
  if (series.length > 0) {
    out.line();
    out.line('rev: rows that were delivered again with other values; silent: without a trade');
  }
  for (const hint of hintsOf(series, nowMs)) out.line(hint);
  return 0;
}

/**
 * How far the newest row is from the newest that could be stored. Candles count from their close; a settlement of
 * funding belongs to its hour.
 */
export function behindMs(
  { interval, kind, lastOpenMs }: Pick<SeriesSummary, 'interval' | 'kind' | 'lastOpenMs'>,
  nowMs: number,
): number {
  const stepMs = kind === 'funding' ? HOUR_MS : intervalMs(interval);
  const newestMs = Math.floor((nowMs - CONFIRMED_WITHIN_MS) / stepMs) * stepMs - (kind === 'funding' ? 0 : stepMs);
  return Math.max(0, newestMs - lastOpenMs);
}

/** `2 min`, `5 h`, `486 d`: one unit is enough to see what to do. */
function behindInWords(lengthMs: number | null): string {
  if (lengthMs === null) return 'delisted';
  return lengthMs === 0 ? '–' : (formatDuration(lengthMs).split(' ')[0] as string);
}

/** A column that is narrow, however long somebody has recorded. */
function compact(rows: number): string {
  return rows < 1e6 ? count(rows) : `${(rows / 1e6).toFixed(2)} M`;
}

function percent(share: number): string {
  return share > 0 && share < 0.0005 ? '<0.1 %' : formatPercent(share, 1);
}

function totalOf(series: readonly SeriesStatus[]): Record<'rows' | 'gaps' | 'missing' | 'revisions', number> {
  const sum = (value: (one: SeriesStatus) => number): number => series.reduce((total, one) => total + value(one), 0);
  return {
    rows: sum(({ rows }) => rows),
    gaps: sum(({ gapCount }) => gapCount),
    missing: sum(({ missing }) => missing),
    revisions: sum(({ revisions }) => revisions),
  };
}

/** The file and the log beside it, which holds what was written last. */
function bytesOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, each) => sum + (statSync(each, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** What to do about series of the exchange that are behind. */
function hintsOf(series: readonly SeriesStatus[], nowMs: number): string[] {
  const behind = series.filter(
    ({ source, interval, behindMs }) =>
      source === HOME_SOURCE && behindMs !== null && behindMs > Math.max(HINTED_FROM_MS, intervalMs(interval)),
  );
  const candles = behind.filter(({ kind }) => kind === 'trade');
  if (candles.length === 0) return [];
  const coins = [...new Set(candles.map(({ coin }) => coin))];
  const intervals = [...new Set(candles.map(({ interval }) => interval))].sort(byLength);
  const since = formatDate(Math.min(...candles.map(({ lastOpenMs }) => lastOpenMs)));
  const beyond = candles.filter((one) => nowMs - one.lastOpenMs > CANDLES_SERVED * intervalMs(one.interval));
  return [
    '',
    `Behind: ${count(behind.length)} series of ${HOME_SOURCE}. To fetch what they lack:`,
    `  npx candor ingest --coins ${coins.join()} --intervals ${intervals.join()} --since ${since}`,
    ...(beyond.length === 0 ? [] : outOfReach(beyond.length)),
  ];
}

function outOfReach(series: number): string[] {
  return [
    `The exchange serves the newest ${count(CANDLES_SERVED)} of an interval. For ${count(series)} of these series that`,
    'does not reach back far enough: what is older stays a gap, or is imported.',
  ];
}

function byLength(a: Interval, b: Interval): number {
  return intervalMs(a) - intervalMs(b);
}
