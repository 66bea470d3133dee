import { resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { formatTime, parseInterval, parseTime } from '../domain/time.ts';
import { sealedNotes } from '../evidence/seal.ts';
import type { MarketDatabase } from '../market/database.ts';
import { type Exported, exportFile, exportText } from '../market/export.ts';
import { type ExportRequest, findSeries } from '../market/export-rows.ts';
import { FUNDING_INTERVAL, listSeries, type SeriesKind } from '../market/series-store.ts';
import { visibleStretch } from '../market/visible-stretch.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, seriesName, shownPath, withStoredDatabase } from './database.ts';
import { sealedFrom } from './sealed.ts';

export interface ExportOptions {
  readonly coin: string;
  readonly interval?: string;
  readonly source?: string;
  readonly kind: SeriesKind;
  readonly from?: string;
  readonly to?: string;
  readonly asSeen?: true;
  readonly force?: true;
  readonly json?: true;
}

const TO_STDOUT = '-';

/** Writes one series to a file, or as CSV to the screen or a pipe. */
export async function run(file: string, options: ExportOptions, context: Context): Promise<ExitCode> {
  const { out, signal } = context;
  if (file === TO_STDOUT && options.json) {
    throw new UsageError("--json and '-' would both write to the same place", { hint: 'Name a file.' });
  }
  const path = resolve(context.workingDirectory, file);
  const exported = await withStoredDatabase(context, (db) => {
    const request = visible(db, requestOf(db, options, context.config.source), context);
    if (file !== TO_STDOUT) return exportFile(db, path, request, { force: options.force, signal });
    return exportText(db, request, (text) => out.line(text.trimEnd()), signal);
  });
  if (options.json) {
    out.json({ file: path, ...exported });
    return 0;
  }
  out.note(describe(exported));
  if (file !== TO_STDOUT) out.note(`in ${shownPath(context, path)}`);
  if (exported.betterName !== undefined && file !== TO_STDOUT) {
    out.note(`named ${exported.betterName} it could be imported as it is`);
  }
  return 0;
}

/** What is sealed is left out, and said to be. */
function visible(db: MarketDatabase, request: ExportRequest, context: Context): ExportRequest {
  const found = visibleStretch(findSeries(db, request), request, sealedFrom(context)(request.coin));
  for (const note of sealedNotes([{ coin: request.coin, ...found }])) context.out.note(note);
  return { ...request, ...found.visible };
}

/** Where several sources have the series, the preferred one is meant, as in a study. */
function requestOf(db: MarketDatabase, options: ExportOptions, preferred: string): ExportRequest {
  const { coin, kind, from, to, asSeen } = options;
  const interval = kind === 'funding' || options.interval === undefined ? undefined : parseInterval(options.interval);
  if (kind === 'funding' && options.interval !== undefined && options.interval !== FUNDING_INTERVAL) {
    throw new UsageError(`funding has no interval ${options.interval}`, { hint: 'Leave --interval away.' });
  }
  const hasPreferred = listSeries(db).some(
    (one) =>
      one.source === preferred &&
      one.coin === coin &&
      one.kind === kind &&
      (interval === undefined || one.interval === interval),
  );
  const range = { fromMs: timeOf(from), toMs: timeOf(to) };
  if (range.fromMs !== undefined && range.toMs !== undefined && range.fromMs >= range.toMs) {
    throw new UsageError(`--from ${from} is not before --to ${to}`, { hint: 'Both are UTC; --to is not included.' });
  }
  return { coin, kind, interval, asSeen, ...range, source: options.source ?? (hasPreferred ? preferred : undefined) };
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseTime(text);
}

function describe(exported: Exported): string {
  const { rows, firstMs, lastMs, gaps, missing } = exported;
  const holes = gaps === 0 ? 'no gap' : `${counted(gaps, 'gap')} (${count(missing)} missing)`;
  const span = `${formatTime(firstMs)} to ${formatTime(lastMs)}`;
  return `${seriesName(exported)}: ${counted(rows, 'row')}, ${span}${exported.kind === 'funding' ? '' : `, ${holes}`}`;
}
