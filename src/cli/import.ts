import { CandorError } from '../domain/errors.ts';
import { formatDate } from '../domain/time.ts';
import type { MarketDatabase } from '../market/database.ts';
import { describeGap } from '../market/gap-store.ts';
import { type ImportResult, importFile } from '../market/import.ts';
import { loadInstruments } from '../market/instrument-store.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, seriesName, shownPath, withDatabase, withScratchDatabase } from './database.ts';
import type { Column } from './output.ts';

export interface ImportOptions {
  readonly coin?: string;
  readonly interval?: string;
  readonly source?: string;
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
  const { results, refused, withoutRules } = await (options.dryRun ? withScratchDatabase : withDatabase)(
    context,
    async (db) => {
      const imported = await importAll(db, files, options, context);
      return { ...imported, withoutRules: coinsWithoutRules(db, imported.results) };
    },
  );
  if (options.json) {
    out.json({ dryRun: options.dryRun === true, imported: results, refused: refused.map(asJson) });
  } else if (results.length > 0) {
    out.table(COLUMNS, results);
    for (const result of results) showGaps(result, context);
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
  const progress = context.out.progress('importing', files.length);
  try {
    for (const file of files) {
      context.signal.throwIfAborted();
      try {
        results.push(await importFile(db, file, { ...options, clock: context.clock, signal: context.signal }));
      } catch (error) {
        if (!(error instanceof CandorError) || isOfTheDatabase(error)) throw error;
        refused.push({ file, error });
      }
      progress.update(results.length + refused.length);
    }
  } finally {
    progress.stop();
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
      return seriesName({ ...result, kind: 'trade' });
  }
}

function showGaps(result: ImportResult, { out }: Context): void {
  if (result.kind !== 'candles' || result.gaps.length === 0) return;
  const missing = result.gaps.reduce((sum, gap) => sum + gap.missing, 0);
  out.note(`${nameOf(result)}: ${counted(missing, 'candle')} missing; a gap stays a gap, and is never filled in`);
  for (const gap of result.gaps.slice(0, GAPS_SHOWN)) out.note(`  ${describeGap(gap)}`);
  const more = result.gaps.length - GAPS_SHOWN;
  if (more > 0) out.note(`  and ${count(more)} more: 'candor data check' lists them`);
}
