import { formatDate, formatTime } from '../domain/time.ts';
import type { MarketDatabase } from '../market/database.ts';
import {
  type BackfilledSeries,
  type BackfillNotice,
  type BackfillReport,
  seriesOf,
} from '../market/ingest/contract.ts';
import { listSeries, type SeriesSpan } from '../market/series-store.ts';
import { count } from './database.ts';
import type { Column, Output } from './output.ts';

/** A series that was asked for, and how far it reaches now; nothing where there is nothing of it. */
export interface IngestedSeries extends BackfilledSeries {
  readonly firstOpenMs: number | null;
  readonly lastOpenMs: number | null;
}

const COLUMNS: readonly Column<IngestedSeries>[] = [
  { title: 'coin', cell: ({ coin }) => coin },
  { title: 'series', cell: ({ what }) => what },
  { title: 'new', align: 'right', cell: ({ added }) => count(added) },
  { title: 'revised', align: 'right', cell: ({ revised }) => count(revised) },
  { title: 'from', cell: ({ firstOpenMs }) => (firstOpenMs === null ? 'nothing' : formatTime(firstOpenMs)) },
  { title: 'to', cell: ({ lastOpenMs }) => (lastOpenMs === null ? '' : formatTime(lastOpenMs)) },
];

/** What was fetched, with what is stored of it by now, coin by coin. */
export function ingestedOf(db: MarketDatabase, { series }: BackfillReport): IngestedSeries[] {
  const spans = listSeries(db);
  const coins = [...new Set(series.map(({ coin }) => coin))];
  return coins
    .flatMap((coin) => series.filter((one) => one.coin === coin))
    .map((one) => {
      const span = spanOf(one, spans);
      return { ...one, firstOpenMs: span?.firstOpenMs ?? null, lastOpenMs: span?.lastOpenMs ?? null };
    });
}

function spanOf(one: BackfilledSeries, spans: readonly SeriesSpan[]): SeriesSpan | undefined {
  const key = seriesOf(one);
  return spans.find(
    ({ source, coin, interval, kind }) =>
      source === key.source && coin === key.coin && interval === key.interval && kind === key.kind,
  );
}

export function showIngested(
  series: readonly IngestedSeries[],
  notices: readonly BackfillNotice[],
  database: string,
  out: Output,
): void {
  out.table(COLUMNS, series);
  out.line();
  for (const words of noticesInWords(notices)) out.line(words);
  const added = series.reduce((sum, one) => sum + one.added, 0);
  const revised = series.reduce((sum, one) => sum + one.revised, 0);
  const corrections = revised === 0 ? '' : `, ${count(revised)} revised (both versions are kept)`;
  out.line(`${count(added)} new ${added === 1 ? 'row' : 'rows'} in ${database}${corrections}`);
}

/** The same about several series is said once; while one is asked for, the reach of the next moves on by minutes. */
export function noticesInWords(notices: readonly BackfillNotice[]): string[] {
  const unserved = Map.groupBy(
    notices.filter((notice) => notice.kind === 'not-served'),
    ({ what, servedFromMs }) => `${what} ${servedFromMs === undefined ? '' : formatDate(servedFromMs)}`,
  );
  const others = notices.filter((notice) => notice.kind !== 'not-served');
  return [
    ...others.map((notice) =>
      notice.kind === 'listed'
        ? `${notice.coin} was listed on ${formatDate(notice.listedMs)}: there is nothing older.`
        : delistedInWords(notice.coin, notice.sinceMs),
    ),
    ...[...unserved.values()].flatMap(unservedInWords),
  ];
}

/** Of series of one interval. */
function unservedInWords(same: readonly Extract<BackfillNotice, { kind: 'not-served' }>[]): string[] {
  const what = `${same[0]?.what} of ${same.map(({ coin }) => coin).join(', ')}`;
  const served = same.map(({ servedFromMs }) => servedFromMs).filter((timeMs) => timeMs !== undefined);
  if (served.length === 0) return [`The exchange serves no ${what}.`];
  return [
    `The exchange serves ${what} back to ${formatTime(Math.max(...served))}`,
    '  and no further; what is older can be imported.',
  ];
}

function delistedInWords(coin: string, sinceMs: number | undefined): string {
  if (sinceMs === undefined) return `${coin} is traded no more, and the exchange has no candle of it.`;
  return `${coin} is traded no more: its last candle closed at ${formatTime(sinceMs)}.`;
}
