import type { SealedFrom } from '../domain/sealed.ts';
import { formatTime, intervalMs } from '../domain/time.ts';
import { auditDatabase, type DataAudit, type Disagreement, type SeriesAudit } from '../market/audit.ts';
import { describeGap, type ExplainedGap, type GapReason } from '../market/gap-store.ts';
import { formatPercent } from '../report/format.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, seriesName, withStoredDatabase } from './database.ts';
import type { Column } from './output.ts';
import { sealedFrom } from './sealed.ts';

export interface CheckOptions {
  readonly strict?: true;
  readonly json?: true;
}

/** A list longer than this ends with how many more there are; --json has all. */
const LIST_LENGTH = 5;

const COLUMNS: readonly Column<SeriesAudit>[] = [
  { title: 'series', cell: seriesName },
  { title: 'rows', align: 'right', cell: ({ rows }) => count(rows) },
  { title: 'gaps', align: 'right', cell: ({ gaps }) => count(gaps.length) },
  { title: 'missing', align: 'right', cell: ({ missing }) => count(missing) },
  {
    title: 'silent',
    align: 'right',
    cell: ({ zeroVolumeFraction: share }) => (share === null ? '–' : formatPercent(share, 2)),
  },
  { title: 'impossible', align: 'right', cell: ({ impossible }) => count(impossible.length) },
  { title: 'revised', align: 'right', cell: ({ revisions }) => count(revisions) },
];

/**
 * What is wrong with what is stored, or missing from it. Gaps and disagreements are the venue's, and fail the command
 * only where it is to be strict; impossible candles and damage always do.
 */
export async function run(options: CheckOptions, context: Context): Promise<ExitCode> {
  const audit = withoutSealedPrices(await withStoredDatabase(context, auditDatabase), sealedFrom(context));
  if (options.json) context.out.json(audit);
  else showAudit(audit, options.strict === true, context);
  return isBroken(audit) || (options.strict && !isComplete(audit)) ? 1 : 0;
}

/** That two candles disagree is told of sealed ones too; what their prices are is not. */
function withoutSealedPrices(audit: DataAudit, from: SealedFrom): DataAudit {
  const disagreements = audit.disagreements.map((found): Disagreement => {
    const closeMs = found.openTimeMs + intervalMs(found.interval);
    return closeMs > (from(found.coin) ?? Number.POSITIVE_INFINITY) ? { ...found, fields: [] } : found;
  });
  return { ...audit, disagreements };
}

function isBroken({ integrity, series }: DataAudit): boolean {
  return integrity.length > 0 || series.some(({ impossible }) => impossible.length > 0);
}

/** What lies before the first row is known to be absent, and nothing that the series lacks. */
function isComplete({ disagreements, series }: DataAudit): boolean {
  return disagreements.length === 0 && series.every(({ missing }) => missing === 0);
}

function showAudit(audit: DataAudit, isStrict: boolean, { out }: Context): void {
  if (audit.series.length > 0) out.table(COLUMNS, audit.series);
  for (const series of audit.series) {
    if (series.gaps.length > 0) out.line(`\n${seriesName(series)}: ${holesOf(series)}`);
    list(
      series.gaps.map((gap) => `${describeGap(gap)}:\n${explanationOf(gap)}`),
      out,
    );
    if (series.impossible.length > 0) out.line(`\n${seriesName(series)}: candles that no market can have made`);
    list(series.impossible.map(formatTime), out);
  }
  for (const [name, disagreements] of Map.groupBy(audit.disagreements, wholeAndParts)) {
    out.line(`\n${name}: ${counted(disagreements.length, 'candle')} not as the parts say`);
    list(disagreements.map(describeDisagreement), out);
  }
  for (const problem of audit.integrity) out.line(`\n${out.paint('red', 'damaged')}: ${problem}`);
  showConclusion(audit, isStrict, out);
}

/** Gaps before the first row are told too, with their reasons: nothing is missing from the series there. */
function holesOf({ missing }: SeriesAudit): string {
  return missing === 0 ? 'whole from its first row on' : `${counted(missing, 'row')} missing`;
}

function showConclusion(audit: DataAudit, isStrict: boolean, out: Context['out']): void {
  const sum = (of: (series: SeriesAudit) => readonly unknown[]): number =>
    audit.series.reduce((total, series) => total + of(series).length, 0);
  const impossible = sum((series) => series.impossible);
  const findings = [
    counted(
      sum(({ gaps }) => gaps),
      'gap',
    ),
    counted(audit.disagreements.length, 'disagreement'),
    ...(impossible === 0 ? [] : [counted(impossible, 'impossible candle')]),
    audit.integrity.length === 0 ? 'the file is sound' : 'THE FILE IS DAMAGED',
  ];
  out.line(`\n${count(audit.series.length)} series: ${findings.join(', ')}`);
  if (isStrict || isComplete(audit) || isBroken(audit)) return;
  out.line("Gaps and disagreements are the venue's, and fail nothing; with --strict they do.");
}

const REASONS: Readonly<Record<Exclude<GapReason, 'unknown'>, string>> = {
  'venue-stop': 'the venue stood still',
  'before-listing': 'before the coin was listed',
  'not-served': 'the venue serves it no more',
};

function explanationOf({ reason, origin }: ExplainedGap): string {
  if (origin === null) return 'nobody has delivered that time';
  return reason === 'unknown' ? `absent in ${origin}` : `${REASONS[reason]} (${origin})`;
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

function wholeAndParts({ source, coin, kind, interval, partInterval }: Disagreement): string {
  return `${source} ${coin} ${kind === 'mark' ? 'mark ' : ''}${interval} against ${partInterval}`;
}

function describeDisagreement({ openTimeMs, fields }: Disagreement): string {
  const values = fields.map(({ field, stored, fromParts }) => `${field} ${stored}, from parts ${fromParts}`);
  return `${formatTime(openTimeMs)}: ${values.length === 0 ? 'its prices are sealed' : values.join(';\n')}`;
}
