import { formatTime } from '../domain/time.ts';
import { auditDatabase, type DataAudit, type Disagreement, type SeriesAudit } from '../market/audit.ts';
import { describeGap, type ExplainedGap } from '../market/gap-store.ts';
import { loadInstruments } from '../market/instrument-store.ts';
import { type SeriesSummary, summarizeSeries } from '../market/series-summary.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, seriesName, shownPath, withStoredDatabase } from './database.ts';
import type { Column } from './output.ts';

export interface DataOptions {
  readonly json?: true;
}

export interface CheckOptions extends DataOptions {
  readonly strict?: true;
}

/** A list longer than this ends with how many more there are; --json has all. */
const LIST_LENGTH = 5;

const STATUS_COLUMNS: readonly Column<SeriesSummary>[] = [
  { title: 'series', cell: seriesName },
  { title: 'rows', align: 'right', cell: ({ rows }) => count(rows) },
  { title: 'first', cell: ({ firstOpenMs }) => formatTime(firstOpenMs) },
  { title: 'last', cell: ({ lastOpenMs }) => formatTime(lastOpenMs) },
];

const CHECK_COLUMNS: readonly Column<SeriesAudit>[] = [
  { title: 'series', cell: seriesName },
  { title: 'rows', align: 'right', cell: ({ rows }) => count(rows) },
  { title: 'gaps', align: 'right', cell: ({ gaps }) => count(gaps.length) },
  { title: 'missing', align: 'right', cell: ({ missing }) => count(missing) },
  {
    title: 'no trade',
    align: 'right',
    cell: ({ zeroVolumeFraction: share }) => (share === null ? '–' : `${(share * 100).toFixed(2)} %`),
  },
  { title: 'impossible', align: 'right', cell: ({ impossible }) => count(impossible.length) },
  { title: 'revised', align: 'right', cell: ({ revisions }) => count(revisions) },
];

/** What is stored, and how far it reaches. */
export async function runStatus(options: DataOptions, context: Context): Promise<ExitCode> {
  const { series, coins } = await withStoredDatabase(context, (db) => ({
    series: summarizeSeries(db),
    coins: loadInstruments(db).size,
  }));
  const { out } = context;
  const database = shownPath(context, context.databasePath);
  if (options.json) {
    out.json({ database, series, instruments: coins });
    return 0;
  }
  if (series.length > 0) out.table(STATUS_COLUMNS, series);
  out.line(`${count(series.length)} series and the rules of ${counted(coins, 'coin')} in ${database}`);
  return 0;
}

/**
 * What is wrong with it, or missing from it. Gaps and disagreements are the venue's, and fail the command only where it
 * is to be strict; impossible candles and damage always do.
 */
export async function runCheck(options: CheckOptions, context: Context): Promise<ExitCode> {
  const audit = await withStoredDatabase(context, auditDatabase);
  if (options.json) context.out.json(audit);
  else showAudit(audit, context);
  const isBroken = audit.integrity.length > 0 || audit.series.some(({ impossible }) => impossible.length > 0);
  const isComplete = audit.disagreements.length === 0 && audit.series.every(({ missing }) => missing === 0);
  return isBroken || (options.strict && !isComplete) ? 1 : 0;
}

function showAudit(audit: DataAudit, { out }: Context): void {
  if (audit.series.length > 0) out.table(CHECK_COLUMNS, audit.series);
  for (const series of audit.series) {
    if (series.gaps.length > 0) out.line(`\n${seriesName(series)}: ${counted(series.missing, 'row')} missing`);
    list(
      series.gaps.map((gap) => `${describeGap(gap)}:\n${explanationOf(gap)}`),
      out,
    );
    if (series.impossible.length > 0) out.line(`\n${seriesName(series)}: candles that no market can have made`);
    list(
      series.impossible.map((openTimeMs) => formatTime(openTimeMs)),
      out,
    );
  }
  for (const [name, disagreements] of Map.groupBy(audit.disagreements, wholeAndParts)) {
    out.line(`\n${name}: ${counted(disagreements.length, 'candle')} not as the parts say`);
    list(disagreements.map(describeDisagreement), out);
  }
  for (const problem of audit.integrity) out.line(`\n${out.paint('red', 'damaged')}: ${problem}`);
  const gaps = audit.series.reduce((sum, series) => sum + series.gaps.length, 0);
  const findings = [
    counted(gaps, 'gap'),
    counted(audit.disagreements.length, 'disagreement'),
    audit.integrity.length === 0 ? 'the file is sound' : 'THE FILE IS DAMAGED',
  ];
  out.line(`\n${count(audit.series.length)} series: ${findings.join(', ')}`);
}

function explanationOf({ reason, origin }: ExplainedGap): string {
  if (origin === null) return 'never delivered';
  return reason === 'unknown' ? `absent in ${origin}` : `${reason} (${origin})`;
}

function list(lines: readonly string[], out: Context['out']): void {
  for (const line of lines.slice(0, LIST_LENGTH)) out.line(`  ${fitted(line)}`);
  if (lines.length > LIST_LENGTH) out.line(`  and ${count(lines.length - LIST_LENGTH)} more (--json lists all)`);
}

/** What a terminal shows in one line, less the indent of a list. */
const LINE_CHARACTERS = 78;

/** The lines joined where they fit, and under each other where they do not. */
function fitted(text: string): string {
  const joined = text.replaceAll('\n', ' ');
  return joined.length <= LINE_CHARACTERS ? joined : text.replaceAll('\n', '\n    ');
}

function wholeAndParts({ source, coin, interval, partInterval }: Disagreement): string {
  return `${source} ${coin} ${interval} against ${partInterval}`;
}

function describeDisagreement({ openTimeMs, fields }: Disagreement): string {
  const values = fields.map(({ field, stored, fromParts }) => `${field} ${stored}, from parts ${fromParts}`);
  return `${formatTime(openTimeMs)}: ${values.join(';\n')}`;
}
