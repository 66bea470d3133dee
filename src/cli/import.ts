import { CandorError, UsageError } from '../domain/errors.ts';
import { formatDate } from '../domain/time.ts';
import { FIELDS } from '../market/column-guess.ts';
import type { MarketDatabase } from '../market/database.ts';
import { describeGap } from '../market/gap-store.ts';
import { type ImportedCandles, type ImportResult, importFile, type Understood } from '../market/import.ts';
import { loadInstruments } from '../market/instrument-store.ts';
import { HOME_SOURCE, listSeries, type SeriesKind } from '../market/series-store.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, seriesName, shownPath, withDatabase, withScratchDatabase } from './database.ts';
import type { Column } from './output.ts';

export interface ImportOptions {
  readonly coin?: string;
  readonly interval?: string;
  readonly source?: string;
  readonly kind?: SeriesKind;
  /** `time=Date,open=Open` */
  readonly columns?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const GAPS_SHOWN = 3;

const COLUMNS: readonly Column<ImportResult>[] = [
  { title: 'series', cell: nameOf },
  { title: 'new', align: 'right', cell: ({ added }) => count(added) },
  { title: 'known', align: 'right', cell: ({ unchanged }) => count(unchanged) },
  {
    title: 'differ',
    align: 'right',
    cell: (result) => count(result.kind === 'instruments' ? result.changed : result.revised),
  },
  { title: 'gaps', align: 'right', cell: (result) => (result.kind === 'candles' ? count(result.gaps.length) : '–') },
  {
    title: 'from … to',
    cell: (result) =>
      result.kind === 'instruments' ? '–' : `${formatDate(result.firstMs)} … ${formatDate(result.lastMs)}`,
  },
];

interface Refused {
  readonly file: string;
  readonly error: CandorError;
}

/**
 * Brings files into the database. Each is taken whole or not at all; a bad one does not keep the others out, but the
 * exit status is 1 then.
 */
export async function run(files: readonly string[], options: ImportOptions, context: Context): Promise<ExitCode> {
  const { out } = context;
  const { results, refused, withoutRules, rivals } = await (options.dryRun ? withScratchDatabase : withDatabase)(
    context,
    async (db) => {
      const imported = await importAll(db, files, options, context);
      return {
        ...imported,
        withoutRules: coinsWithoutRules(db, imported.results),
        rivals: rivalSources(db, imported.results, context.config.source),
      };
    },
  );
  if (options.json) {
    out.json({ dryRun: options.dryRun === true, imported: results, refused: refused.map(asJson) });
  } else if (results.length > 0) {
    out.table(COLUMNS, results);
    for (const result of results) showGaps(result, context);
    for (const rival of rivals) out.note(rival);
    out.note(options.dryRun ? 'nothing was stored (--dry-run)' : `in ${shownPath(context, context.databasePath)}`);
  }
  if (withoutRules.length > 0) {
    out.note(`the trading rules of ${withoutRules.join(', ')} are not known: a study needs the exchange's meta answer`);
  }
  for (const { error } of refused) out.error(error);
  if (refused.length > 0 && files.length > 1) out.note(`${refused.length} of ${counted(files.length, 'file')} refused`);
  return refused.length === 0 ? 0 : 1;
}

async function importAll(
  db: MarketDatabase,
  files: readonly string[],
  options: ImportOptions,
  context: Context,
): Promise<{ results: ImportResult[]; refused: Refused[] }> {
  const results: ImportResult[] = [];
  const refused: Refused[] = [];
  const columns = options.columns === undefined ? undefined : columnsOf(options.columns);
  const onReading = options.json ? undefined : (understood: Understood) => showReading(understood, context);
  const { clock, signal } = context;
  for (const file of files) {
    context.signal.throwIfAborted();
    try {
      results.push(await importFile(db, file, { ...options, columns, onReading, clock, signal }));
    } catch (error) {
      if (!(error instanceof CandorError) || isOfTheDatabase(error)) throw error;
      refused.push({ file, error });
    }
  }
  return { results, refused };
}

/** Coins that no study can trade yet; a later file of the same command may have brought their rules. */
function coinsWithoutRules(db: MarketDatabase, results: readonly ImportResult[]): string[] {
  const instruments = loadInstruments(db);
  const coins = new Set(results.flatMap((result) => (result.kind === 'instruments' ? [] : [result.coin])));
  return [...coins].filter((coin) => !instruments.has(coin));
}

/** A database that is locked or full refuses the next file, too. */
function isOfTheDatabase({ cause }: CandorError): boolean {
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE');
}

function asJson({ file, error }: Refused): object {
  return { file, message: error.message, details: error.details, hint: error.hint };
}

function nameOf(result: ImportResult): string {
  switch (result.kind) {
    case 'instruments':
      return `${result.source} instruments`;
    case 'funding':
      return seriesName({ ...result, kind: 'funding', interval: '1h' });
    case 'candles':
      return seriesName({ ...result, kind: result.series });
  }
}

function showGaps(result: ImportResult, { out }: Context): void {
  if (result.kind !== 'candles' || result.gaps.length === 0) return;
  const missing = result.gaps.reduce((sum, gap) => sum + gap.missing, 0);
  out.note(`${nameOf(result)}: ${counted(missing, 'candle')} missing; gaps are never filled in`);
  for (const gap of result.gaps.slice(0, GAPS_SHOWN)) out.note(`  ${describeGap(gap)}`);
  const more = result.gaps.length - GAPS_SHOWN;
  if (more > 0) out.note(`  and ${count(more)} more: 'candor data check' lists them`);
}

/** `time=Date,open=Open` → field → name of the column. */
function columnsOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const [, field, name] = /^\s*([a-z]+)\s*=\s*(.+?)\s*$/i.exec(pair) ?? [];
    if (field !== undefined && name !== undefined) return [field.toLowerCase(), name] as const;
    throw new UsageError(`--columns: '${pair}' is not field=column`, {
      hint: `Write it as --columns time=Date,open=Open; the fields are ${FIELDS.join(', ')}.`,
    });
  });
  return Object.fromEntries(pairs);
}

/** How a file was understood; what has our own names and order takes one line. */
function showReading(understood: Understood, { out }: Context): void {
  const { file, rows, reading } = understood;
  const { columns, ignored, times, order, notes, format } = reading;
  const named = Object.entries(columns);
  const isPlain = named.every(([field, column]) => column === OWN_NAMES[field]) && ignored.length === 0;
  const how = format === 'JSON of the exchange' ? format : named.map(([, column]) => column).join(',');
  if (isPlain && order === 'oldest first' && notes.length === 0) {
    out.note(`${file}: ${how}, ${times}, ${counted(rows, 'row')}`);
    return;
  }
  out.note(`${file} is read as ${seriesName(understood)}, ${counted(rows, 'row')}:`);
  out.note(`  columns  ${describeColumns(named)}`);
  if (ignored.length > 0) out.note(`  unread   ${ignored.join(', ')}`);
  out.note(`  times    ${times}, ${order}${order === 'newest first' ? ' (turned around)' : ''}`);
  for (const note of notes) out.note(`  note     ${note}`);
  out.note(`  first    ${reading.first}`);
  out.note(`  last     ${reading.last}`);
}

/** `time = Unix, volume = Volume BTC; open, high, low, close as named` */
function describeColumns(columns: readonly (readonly [field: string, column: string])[]): string {
  const isSame = ([field, column]: readonly [string, string]): boolean => column.toLowerCase() === field;
  const same = columns.filter(isSame);
  const other = columns.filter((pair) => !isSame(pair));
  return [
    ...(other.length === 0 ? [] : [other.map(([field, column]) => `${field} = ${column}`).join(', ')]),
    ...(same.length === 0 ? [] : [`${same.map(([field]) => field).join(', ')} as named`]),
  ].join('; ');
}

const OWN_NAMES: Readonly<Record<string, string>> = {
  time: 't',
  open: 'o',
  high: 'h',
  low: 'l',
  close: 'c',
  volume: 'v',
  trades: 'n',
  rate: 'rate',
};

/** Sources are never mixed; where another one has the same candles, it is said which of them is read. */
function rivalSources(db: MarketDatabase, results: readonly ImportResult[], preferred: string): string[] {
  const all = listSeries(db).filter(({ kind }) => kind === 'trade');
  const isSame = (result: ImportedCandles, one: { coin: string; interval: string }): boolean =>
    one.coin === result.coin && one.interval === result.interval;
  const notes = results.map((result) => {
    if (result.kind !== 'candles' || result.series === 'mark') return undefined;
    // After a dry run its own series is not there.
    const stored = all.filter((one) => isSame(result, one)).map(({ source }) => source);
    const sources = [...new Set([...stored, result.source])].sort();
    if (sources.length === 1) return undefined;
    const read = [preferred, HOME_SOURCE].find((source) => sources.includes(source));
    const which = read === undefined ? 'name one in the config (source)' : `a study reads ${read}`;
    return `${result.coin} ${result.interval}: from ${sources.join(' and ')}, kept apart; ${which}`;
  });
  return [...new Set(notes.filter((note) => note !== undefined))];
}
