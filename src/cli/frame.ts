import { resolve } from 'node:path';
import { UsageError } from '../domain/errors.ts';
import { parseInterval } from '../domain/time.ts';
import { placeOf } from '../report/frames/cells.ts';
import type { DataFrame, Place } from '../research.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, shownPath } from './database.ts';
import { matching, parseCondition, shownColumns } from './frame-rows.ts';

/** What is done with every frame. */
export interface FrameOptions {
  readonly by?: readonly string[];
  readonly where?: readonly string[];
  readonly sort?: string;
  readonly ascending?: true;
  readonly columns?: readonly string[];
  readonly top?: number;
  readonly csv?: string;
  readonly json?: true;
}

export interface CandleFrameOptions extends FrameOptions {
  readonly coin: readonly string[];
  readonly interval: string;
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly kind: 'trade' | 'mark';
  readonly asSeen?: true;
}

export interface TradeFrameOptions extends FrameOptions {
  readonly study: string;
}

export interface SweepFrameOptions extends FrameOptions {
  readonly sweep: string;
  readonly asSeen?: true;
}

/** danfojs takes a second to load, and only this command waits for it. */
type Research = typeof import('../research.ts');

export async function runCandles(options: CandleFrameOptions, context: Context): Promise<ExitCode> {
  requireOneForm(options);
  const { coin, kind, source, from, to, asSeen = false } = options;
  const research = await import('../research.ts');
  const frame = await research.candles({
    ...{ coin, interval: parseInterval(options.interval), asSeen, kind },
    ...(source !== undefined && { source }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...whereOf(context),
  });
  return show(frame, 'candle', research, options, context);
}

export async function runTrades(options: TradeFrameOptions, context: Context): Promise<ExitCode> {
  requireOneForm(options);
  const { study } = options;
  const research = await import('../research.ts');
  const report = study.endsWith('.json') ? resolve(context.workingDirectory, study) : study;
  return show(await research.trades(report, whereOf(context)), 'trade', research, options, context);
}

export async function runSweep(options: SweepFrameOptions, context: Context): Promise<ExitCode> {
  requireOneForm(options);
  const { sweep, asSeen = false } = options;
  const research = await import('../research.ts');
  const frame = await research.sweep(sweep, { asSeen, ...whereOf(context) });
  return show(frame, 'combination', research, options, context);
}

function whereOf({ root, databasePath, given, out }: Context): Place {
  const onNote = (note: string): void => out.note(note);
  return { root, database: databasePath, onNote, ...(given.config !== undefined && { config: given.config }) };
}

function requireOneForm({ json, csv }: FrameOptions): void {
  if (json === undefined || csv === undefined) return;
  throw new UsageError('--json and --csv do not go together', { hint: 'Leave one of them out.' });
}

/** Of rows; groups are few, and all of them are shown. */
const DEFAULT_TOP = 20;

/** Filters the rows, then groups and sorts them: a table of the first for a person, all of them for a program. */
function show(all: DataFrame, noun: string, research: Research, options: FrameOptions, context: Context): ExitCode {
  const { by, where = [], sort, ascending, csv, json, top } = options;
  const { out } = context;
  const rows = matching(
    all,
    where.map((text) => parseCondition(text, all)),
  );
  const grouped = by === undefined ? rows : research.by(rows, by);
  const sorted = sort === undefined ? grouped : research.sorted(grouped, sort, { descending: ascending !== true });
  const columns = options.columns ?? (by === undefined ? shownColumns(sorted, sort) : sorted.columns);
  const { length } = sorted.index;
  if (csv !== undefined || json) {
    const part = top === undefined || top >= length ? sorted : sorted.head(top);
    const chosen = options.columns === undefined ? part : chosenOf(part, options.columns);
    if (json) out.jsonWithList({ [`${noun}s`]: rows.index.length }, 'rows', recordsOf(chosen));
    else if (csv === '-') out.line(research.toCsv(chosen).trimEnd());
    else if (csv !== undefined) writeCsv(chosen, csv, research, context);
    return 0;
  }
  if (length === 0) {
    out.line(where.length === 0 ? `There is no ${noun}.` : `No ${noun} meets ${where.join(', ')}.`);
    return 0;
  }
  const most = top ?? (by === undefined ? DEFAULT_TOP : length);
  out.line(research.table(sorted, { rows: most, columns }));
  if (most < length) out.note(`${count(most)} of ${counted(length, 'row')}: --top shows more, --csv FILE has all`);
  return 0;
}

/** danfojs is silent about a column that is not there, and fails later. */
function chosenOf(frame: DataFrame, columns: readonly string[]): DataFrame {
  for (const column of columns) placeOf(frame.columns, column);
  return frame.loc({ columns: [...columns] });
}

function writeCsv(frame: DataFrame, file: string, research: Research, context: Context): void {
  const path = resolve(context.workingDirectory, file);
  research.toCsv(frame, path);
  context.out.note(`${counted(frame.index.length, 'row')} in ${shownPath(context, path)}`);
}

/** A number that does not exist is null. */
function* recordsOf(frame: DataFrame): Generator<object> {
  for (const row of frame.values as (string | number)[][]) {
    yield Object.fromEntries(frame.columns.map((column, i) => [column, Number.isNaN(row[i]) ? null : row[i]]));
  }
}
