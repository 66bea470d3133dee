import { basename } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { distance } from 'fastest-levenshtein';
import type { ClosedCandle } from '../domain/candle.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { DataError, nearestNames, UsageError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs, intervalOfMs, parseInterval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { CANDLE_COLUMNS, candleOfRow, checkCandles, usualSpacingMs } from './candle-rows.ts';
import { type Delivery, type WriteResult, writeCandles } from './candle-store.ts';
import { parseNumericCsv, readWhole } from './csv.ts';
import type { MarketDatabase } from './database.ts';
import { looksLikeJson, readExchangeJson } from './exchange-json.ts';
import { type NamedContent, readFileName } from './file-name.ts';
import { checkFunding, FUNDING_COLUMNS, fundingOfRow } from './funding-rows.ts';
import { type FundingRow, writeFunding } from './funding-store.ts';
import { loadInstruments, writeInstruments } from './instrument-store.ts';
import { HOME_SOURCE } from './series-store.ts';

export interface ImportOptions {
  /** What the file's name does not say. */
  readonly coin?: string | undefined;
  readonly interval?: string | undefined;
  readonly source?: string | undefined;
  /** Read, check and count everything, and keep nothing. */
  readonly dryRun?: boolean | undefined;
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
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
  /** Rows that differ from what is stored: the first seen stay, these are in the revision ledger. */
  readonly revised: number;
  readonly firstMs: EpochMs;
  readonly lastMs: EpochMs;
}

export interface ImportedCandles extends ImportedSeries, Pick<WriteResult, 'gaps'> {
  readonly kind: 'candles';
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
 * Brings one file into the database: CSV (plain or gzip) with the columns t,o,h,l,c,v or t,rate, or an answer of the
 * exchange as JSON. It is read and checked whole before the first row is written, and written in one transaction;
 * importing it again adds nothing. What the file's name (`source_coin_interval.csv.gz`) does not say is said by the
 * options; where both say something, it is the same.
 *
 * @throws DataError for a file that is not what it claims to be, with file, line and likely cause; nothing is
 *   stored then
 * @throws UsageError when coin, interval or source cannot be known, or a coin looks misspelt
 */
export async function importFile(db: MarketDatabase, path: string, options: ImportOptions = {}): Promise<ImportResult> {
  const file = basename(path);
  const clock = options.clock ?? systemClock;
  const delivery: Delivery = { origin: file, clock, dryRun: options.dryRun };
  const content = await readWhole(path, file);
  if (looksLikeJson(content)) return importJson(db, content, file, options, delivery);
  const named = readFileName(file);
  if (named.content === 'funding' || headerOf(content).includes('rate')) {
    return importFundingCsv(db, content, file, named, options, delivery);
  }
  return importCandleCsv(db, content, file, named, options, delivery);
}

/** The fields of the first line. */
function headerOf(content: Buffer): string[] {
  const [line] = content.toString('utf8', 0, 1_000).split('\n') as [string];
  return line.split(',').map((field) => field.trim());
}

async function importCandleCsv(
  db: MarketDatabase,
  content: Buffer,
  file: string,
  named: NamedContent,
  options: ImportOptions,
  delivery: Delivery,
): Promise<ImportedCandles> {
  const { rows, lines, defects } = parseNumericCsv(content, file, CANDLE_COLUMNS);
  const candles = rows.map(candleOfRow);
  const coin = coinOf(db, file, named, options);
  const source = said('source', options.source, named.source, HOME_SOURCE, file);
  const spacing = intervalOfMs(usualSpacingMs(candles.map((candle) => candle.openTimeMs)) ?? 0);
  const asked = options.interval === undefined ? undefined : parseInterval(options.interval);
  const interval = parseInterval(said('interval', asked, named.content, spacing ?? '1h', file));
  checkCandles({ file, candles, lines, defects }, interval);
  refuseUnclosed(file, candles, lines, interval, delivery.clock.nowMs());
  await interruptible(options.signal);
  return storeCandles(db, { file, source, coin, interval, candles }, delivery);
}

/**
 * A candle is final when it is first stored, so one that still forms would stay half for ever.
 *
 * @throws DataError
 */
function refuseUnclosed(
  file: string,
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
      `line ${lines[first]}: the candle of ${formatTime(candle.openTimeMs)}, and it is ${formatTime(nowMs)} now`,
    ],
    hint: 'Take them out, or import the file when they have closed; check the clock of this machine.',
  });
}

async function importFundingCsv(
  db: MarketDatabase,
  content: Buffer,
  file: string,
  named: NamedContent,
  options: ImportOptions,
  delivery: Delivery,
): Promise<ImportedFunding> {
  const { rows: cells, lines, defects } = parseNumericCsv(content, file, FUNDING_COLUMNS);
  const rows = cells.map(fundingOfRow);
  const coin = coinOf(db, file, named, options);
  const source = said('source', options.source, named.source, HOME_SOURCE, file);
  checkFunding(file, rows, lines, defects);
  await interruptible(options.signal);
  return storeFunding(db, { file, source, coin, rows }, delivery);
}

async function importJson(
  db: MarketDatabase,
  content: Buffer,
  file: string,
  options: ImportOptions,
  delivery: Delivery,
): Promise<ImportResult> {
  const answer = await readExchangeJson(content, file, delivery.clock.nowMs());
  const source = options.source ?? HOME_SOURCE;
  await interruptible(options.signal);
  if (answer.kind === 'instruments') {
    const counts = writeInstruments(db, answer.instruments, delivery.dryRun === true ? 'rollback' : 'commit');
    return { kind: 'instruments', file, source, rows: answer.instruments.length, ...counts };
  }
  agree('coin', options.coin, answer.coin, file);
  if (answer.kind === 'funding') {
    const { coin, rows } = answer;
    checkFunding(file, rows, positions(rows));
    return storeFunding(db, { file, source, coin, rows }, delivery);
  }
  agree('interval', options.interval, answer.interval, file);
  const { coin, interval, candles } = answer;
  if (candles.length > 0) checkCandles({ file, candles, lines: positions(candles) }, interval);
  return storeCandles(db, { file, source, coin, interval, candles }, delivery);
}

function storeCandles(
  db: MarketDatabase,
  series: {
    readonly file: string;
    readonly source: string;
    readonly coin: string;
    readonly interval: Interval;
    readonly candles: readonly ClosedCandle[];
  },
  delivery: Delivery,
): ImportedCandles {
  const { file, source, coin, interval, candles } = series;
  const [first, last] = endsOf(candles, file);
  const written = writeCandles(db, { source, coin, interval, kind: 'trade' }, candles, delivery);
  return {
    kind: 'candles',
    file,
    source,
    coin,
    interval,
    rows: candles.length,
    ...written,
    firstMs: first.openTimeMs,
    lastMs: last.openTimeMs,
  };
}

function storeFunding(
  db: MarketDatabase,
  series: {
    readonly file: string;
    readonly source: string;
    readonly coin: string;
    readonly rows: readonly FundingRow[];
  },
  delivery: Delivery,
): ImportedFunding {
  const { file, source, coin, rows } = series;
  const [first, last] = endsOf(rows, file);
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

type Word = 'coin' | 'interval' | 'source';

/** What the option and the file's name say of it: one of them must, and both only the same. */
function said(what: Word, asked: string | undefined, named: string | undefined, example: string, file: string): string {
  if (asked !== undefined && named !== undefined && asked !== named) {
    throw new UsageError(`--${what} ${asked} contradicts the name '${file}', which says ${named}`, {
      hint: `Leave --${what} away; or, if the name is wrong, rename the file.`,
    });
  }
  const value = asked ?? named;
  if (value !== undefined) return value;
  throw new UsageError(`the name '${file}' does not say its ${what}`, {
    hint: `Say it with --${what} ${example}, or name the file like hyperliquid_BTC_1h.csv.gz.`,
  });
}

/**
 * The coin of a file. One whose rules are not known may be stored, but not one that is a known coin in other letters,
 * nor one that was typed with a single wrong letter: that series would be looked for in vain.
 */
function coinOf(db: MarketDatabase, file: string, named: NamedContent, options: ImportOptions): string {
  const coin = said('coin', options.coin, named.coin, 'BTC', file);
  const instruments = loadInstruments(db);
  if (instruments.has(coin)) return coin;
  const [nearest] = nearestNames(coin, instruments.keys(), 1);
  if (nearest === undefined) return coin;
  if (nearest.toLowerCase() === coin.toLowerCase()) {
    throw new UsageError(`${file}: there is no coin '${coin}', but there is ${nearest}`, {
      hint: `Letters count: ${named.coin === undefined ? `say --coin ${nearest}` : 'rename the file'}.`,
    });
  }
  if (named.coin === undefined && distance(coin.toLowerCase(), nearest.toLowerCase()) === 1) {
    throw new UsageError(`${file}: the coin '${coin}' is not known, and almost ${nearest}`, {
      hint: `Did you mean ${nearest}? If not, name the file like hyperliquid_${coin}_1h.csv.gz and leave --coin away.`,
    });
  }
  return coin;
}

function agree(what: 'coin' | 'interval', asked: string | undefined, found: string, file: string): void {
  if (asked === undefined || asked === found) return;
  throw new UsageError(`${file} holds the ${what} ${found}, not ${asked}`, { hint: `Leave --${what} away.` });
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
