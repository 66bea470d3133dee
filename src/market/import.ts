import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { ClosedCandle } from '../domain/candle.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { DataError, UsageError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs, parseInterval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { checkCandles } from './candle-rows.ts';
import { type Delivery, type WriteResult, writeCandles } from './candle-store.ts';
import { type ColumnGuess, guessColumns } from './column-guess.ts';
import { openCsv } from './csv.ts';
import type { MarketDatabase } from './database.ts';
import { looksLikeJson, readExchangeJson } from './exchange-json.ts';
import { readWhole } from './file-bytes.ts';
import { type NamedContent, readFileName } from './file-name.ts';
import { checkFunding } from './funding-rows.ts';
import { type FundingRow, writeFunding } from './funding-store.ts';
import { agree, coinOf, said, sourceOf } from './import-names.ts';
import { describeCandle, describeRate, type Reading, readCandles, readFunding } from './import-rows.ts';
import { writeInstruments } from './instrument-store.ts';
import { looksLikeParquet, openParquet } from './parquet.ts';
import { HOME_SOURCE, type SeriesKind } from './series-store.ts';
import type { Table } from './table.ts';

export interface ImportOptions {
  /** What the file's name does not say. */
  readonly coin?: string | undefined;
  readonly interval?: string | undefined;
  readonly source?: string | undefined;
  readonly kind?: SeriesKind | undefined;
  /** Field → name of a column, where the guess would be wrong or cannot be made. */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Is told how the file was understood, before anything of it is stored. */
  readonly onReading?: ((understood: Understood) => void) | undefined;
  /** Read, check and count everything, and keep nothing. */
  readonly dryRun?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a file was taken for, and how it was read. */
export interface Understood {
  readonly file: string;
  readonly source: string;
  readonly coin: string;
  readonly interval: Interval;
  readonly kind: SeriesKind;
  readonly rows: number;
  readonly reading: Reading;
}

interface Imported {
  readonly file: string;
  readonly source: string;
  readonly rows: number;
  readonly added: number;
  readonly unchanged: number;
}

interface ImportedSeries extends Imported {
  readonly coin: string;
  /** Rows that differ from what was stored: both versions are in the revision ledger. */
  readonly revised: number;
  readonly reading: Reading;
  readonly firstMs: EpochMs;
  readonly lastMs: EpochMs;
}

export interface ImportedCandles extends ImportedSeries, Pick<WriteResult, 'gaps'> {
  readonly kind: 'candles';
  readonly series: 'trade' | 'mark';
  readonly interval: Interval;
}

export interface ImportedFunding extends ImportedSeries {
  readonly kind: 'funding';
}

export interface ImportedInstruments extends Imported {
  readonly kind: 'instruments';
  readonly changed: number;
}

export type ImportResult = ImportedCandles | ImportedFunding | ImportedInstruments;

/**
 * Brings one file into the database: CSV (plain or gzip) or Parquet with candles or funding rates under any of the
 * usual headers, or an answer of the exchange as JSON. It is read and checked whole before the first row is written,
 * and written in one transaction; importing it again adds nothing. What the file's name (`source_coin_interval.csv.gz`)
 * does not say is said by the options; where both say something, it is the same.
 *
 * @throws DataError for a file that is not what it claims to be, with file, line and likely cause; nothing is
 *   stored then
 * @throws UsageError when coin, interval or source cannot be known, or a coin looks misspelt
 */
export async function importFile(db: MarketDatabase, path: string, options: ImportOptions = {}): Promise<ImportResult> {
  const file = basename(path);
  const clock = options.clock ?? systemClock;
  const delivery: Delivery = { origin: file, clock, dryRun: options.dryRun };
  const importing: Importing = { db, file, named: readFileName(file), options, delivery };
  const content = await readWhole(path, file);
  if (looksLikeJson(content)) return importJson(content, importing);
  const asked = options.interval === undefined ? undefined : parseInterval(options.interval);
  const table = looksLikeParquet(content) ? await openParquet(content, file) : openCsv(content, file);
  return importTable(table, importing, asked);
}

interface Importing {
  readonly db: MarketDatabase;
  readonly file: string;
  readonly named: NamedContent;
  readonly options: ImportOptions;
  readonly delivery: Delivery;
}

async function importTable(table: Table, importing: Importing, asked: Interval | undefined): Promise<ImportResult> {
  const { db, file, named, options } = importing;
  const kind = kindOf(importing);
  const coin = coinOf(db, file, named, options.coin);
  const source = sourceOf(file, named, options.source);
  const content = kind === undefined ? undefined : kind === 'funding' ? 'funding' : 'candles';
  const guess = guessColumns(table, { coin, content, columns: options.columns });
  if (guess.content === 'funding') return importFundingTable(table, guess, importing, { source, coin });
  const namedInterval = named.content === 'funding' ? undefined : named.content;
  const interval = said('interval', asked, namedInterval, file);
  const read = await readCandles(table, guess, interval === undefined ? undefined : parseInterval(interval));
  refuseUnclosed(table, read.candles, read.lines, read.interval, importing.delivery.clock.nowMs());
  return storeCandles(importing, { source, coin, kind: kind === 'mark' ? 'mark' : 'trade', ...read });
}

/** What the name and the option say; undefined leaves it to the columns. */
function kindOf({ named, options, file }: Importing): SeriesKind | undefined {
  const ofName = named.content === 'funding' ? 'funding' : named.isMark === true ? 'mark' : undefined;
  return said('kind', options.kind, ofName, file) as SeriesKind | undefined;
}

/**
 * What is imported is final, so a candle that still forms must not be.
 *
 * @throws DataError
 */
function refuseUnclosed(
  { file, place }: Pick<Table, 'file' | 'place'>,
  candles: readonly ClosedCandle[],
  lines: readonly number[],
  interval: Interval,
  nowMs: number,
): void {
  const first = candles.findIndex(({ openTimeMs }) => openTimeMs + intervalMs(interval) > nowMs);
  const candle = candles[first];
  if (candle === undefined) return;
  throw new DataError(`${file} has candles that have not closed yet`, {
    details: [
      `${place} ${lines[first]}: the candle of ${formatTime(candle.openTimeMs)}, and it is ${formatTime(nowMs)} now`,
    ],
    hint: 'Take them out, or import the file when they have closed; check the clock of this machine.',
  });
}

async function importFundingTable(
  table: Table,
  guess: ColumnGuess,
  importing: Importing,
  { source, coin }: { readonly source: string; readonly coin: string },
): Promise<ImportedFunding> {
  const read = await readFunding(table, guess);
  return storeFunding(importing, { source, coin, ...read });
}

async function importJson(content: Buffer, importing: Importing): Promise<ImportResult> {
  const { db, file, named, options, delivery } = importing;
  const answer = await readExchangeJson(content, file, delivery.clock.nowMs());
  const source = said('source', options.source, named.source, file) ?? HOME_SOURCE;
  if (answer.kind === 'instruments') {
    await interruptible(options.signal);
    const counts = writeInstruments(db, answer.instruments, delivery.dryRun === true ? 'rollback' : 'commit');
    return { kind: 'instruments', file, source, rows: answer.instruments.length, ...counts };
  }
  agree('coin', options.coin, answer.coin, file);
  if (answer.kind === 'funding') {
    const { coin, rows } = answer;
    checkFunding(file, rows, positions(rows));
    return storeFunding(importing, { source, coin, rows, reading: jsonReading(rows, file, describeRate) });
  }
  agree('interval', options.interval, answer.interval, file);
  const { coin, interval, candles } = answer;
  if (candles.length > 0) checkCandles({ file, candles, lines: positions(candles) }, interval);
  const kind = kindOf(importing) === 'mark' ? 'mark' : 'trade';
  const reading = jsonReading(candles, file, describeCandle);
  return storeCandles(importing, { source, coin, interval, kind, candles, reading });
}

/** Answers of the exchange say themselves what they are. */
function jsonReading<T>(rows: readonly T[], file: string, describe: (row: T) => string): Reading {
  const [first, last] = endsOf(rows, file);
  return {
    format: 'JSON of the exchange',
    columns: {},
    ignored: [],
    times: 'UTC milliseconds',
    order: 'oldest first',
    notes: [],
    first: describe(first),
    last: describe(last),
  };
}

async function storeCandles(
  { db, file, options, delivery }: Importing,
  series: {
    readonly source: string;
    readonly coin: string;
    readonly interval: Interval;
    readonly kind: 'trade' | 'mark';
    readonly candles: readonly ClosedCandle[];
    readonly reading: Reading;
  },
): Promise<ImportedCandles> {
  const { source, coin, interval, kind, candles, reading } = series;
  const [first, last] = endsOf(candles, file);
  const rows = candles.length;
  options.onReading?.({ file, source, coin, interval, kind, rows, reading });
  await interruptible(options.signal);
  const written = writeCandles(db, { source, coin, interval, kind }, candles, delivery);
  return {
    kind: 'candles',
    series: kind,
    file,
    source,
    coin,
    interval,
    rows,
    ...written,
    firstMs: first.openTimeMs,
    lastMs: last.openTimeMs,
    reading,
  };
}

async function storeFunding(
  { db, file, options, delivery }: Importing,
  series: {
    readonly source: string;
    readonly coin: string;
    readonly rows: readonly FundingRow[];
    readonly reading: Reading;
  },
): Promise<ImportedFunding> {
  const { source, coin, rows, reading } = series;
  const [first, last] = endsOf(rows, file);
  options.onReading?.({ file, source, coin, interval: '1h', kind: 'funding', rows: rows.length, reading });
  await interruptible(options.signal);
  const written = writeFunding(db, { source, coin }, rows, delivery);
  return {
    kind: 'funding',
    file,
    source,
    coin,
    rows: rows.length,
    ...written,
    firstMs: first.timeMs,
    lastMs: last.timeMs,
    reading,
  };
}

function endsOf<T>(rows: readonly T[], file: string): [first: T, last: T] {
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (first === undefined || last === undefined) {
    throw new UsageError(`${file} has only a candle that is still forming`, { hint: 'Import it after its close.' });
  }
  return [first, last];
}

/** Positions in a JSON array, counted like lines. */
function positions(rows: readonly unknown[]): number[] {
  return rows.map((_, index) => index + 1);
}

/** Lets a pending Ctrl-C take effect before the one transaction begins. */
async function interruptible(signal: AbortSignal | undefined): Promise<void> {
  await turn();
  signal?.throwIfAborted();
}
