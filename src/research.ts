/**
 * Candles, trades and sweeps as data frames of danfojs, for a person in a REPL or a notebook: see docs/research.md.
 *
 *     import { by, candles, sweep, trades } from 'candor/research';
 *     by(await trades('ninety-days'), ['coin', 'month']).print();
 *
 * Fractions are fractions, money is dollars, times are UTC as ISO 8601 text, and a value that does not exist is NaN.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { deviation, max, mean, median, min } from 'd3-array';
import type * as Danfo from 'danfojs-node';
import type { DataFrame, Series } from 'danfojs-node';
import { storedCandles } from './backtest/candle-source.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/config-file.ts';
import { projectRoot } from './config/project-root.ts';
import { openTimeAt } from './domain/candle.ts';
import { UsageError } from './domain/errors.ts';
import { NOTHING_SEALED, type SealedFrom } from './domain/sealed.ts';
import { formatTime, type Interval, parseInterval, parseTime } from './domain/time.ts';
import { knownLedger } from './evidence/known-ledger.ts';
import { sealedFromOf, sealedNotes } from './evidence/seal.ts';
import { TRIALS_FILE } from './evidence/trial-ledger.ts';
import { loadCandles } from './market/candle-store.ts';
import { type MarketDatabase, openDatabase } from './market/database.ts';
import { findCandleSeries } from './market/series-store.ts';
import { visibleStretch } from './market/visible-stretch.ts';
import { SWEEP_METRICS, type SweepMetric } from './optimize/contract.ts';
import { SweepPlan } from './optimize/plan.ts';
import { columnsOf } from './optimize/ranking.ts';
import { findStored, readSpecification, storedRows } from './optimize/stored-sweep.ts';
import { formatCount } from './report/format.ts';
import {
  type Cell,
  type CellKind,
  calendarOf,
  compareCells,
  csvLine,
  NUMBER,
  placeOf,
  TEXT,
} from './report/frames/cells.ts';
import { existing, SUMMARIES } from './report/frames/summaries.ts';
import { SWEEP_COLUMNS, variedColumns } from './report/frames/sweep.ts';
import { frameText, PRINTED } from './report/frames/text.ts';
import { TRADE_COLUMNS, tradeRows } from './report/frames/trades.ts';
import { newestReport } from './report/newest.ts';
import { readReport } from './report/read.ts';
import { reportedValue } from './report/sweep/metric-text.ts';

export type { DataFrame, Interval, Series };

/** A data frame whose columns an editor knows: `frame.close.mean()`. */
export type Frame<Column extends string> = DataFrame & { readonly [Name in Column]: Series };

/** A page of a report says it in its title; a frame has none. */
const INVENTED = 'SYNTHETIC MARKET, made up: these numbers say nothing about a real one';

export type CandleColumn = keyof typeof CANDLE_COLUMNS;
export type TradeColumn = keyof typeof TRADE_COLUMNS;
export type SweepColumn = keyof typeof SWEEP_COLUMNS | SweepMetric;

const CANDLE_COLUMNS = {
  ...{ time: TEXT, open: NUMBER, high: NUMBER, low: NUMBER, close: NUMBER, volume: NUMBER },
  ...{ coin: TEXT, month: TEXT, weekday: TEXT, hour: NUMBER },
} as const;

/** Who is told in a sentence what a frame does not show: sealed candles, an invented market. */
export interface Listener {
  /** Without it, the screen is told (stderr). */
  readonly onNote?: (note: string) => void;
}

/** Where candles, reports and sweeps are, if not where the commands would look for them. */
export interface Place extends Listener {
  /** The project's folder; without it, the nearest one above the working directory with strategies/ in it. */
  readonly root?: string;
  /** A config instead of config/candor.yaml. */
  readonly config?: string;
  /** A database instead of the one in the config. */
  readonly database?: string;
}

export interface CandlesQuery extends Place {
  /** Several coins follow each other. */
  readonly coin: string | readonly string[];
  readonly interval: Interval;
  /** Where several have these candles; the one that studies prefer, if not said. */
  readonly source?: string;
  /** The first candle opens at or after this, UTC: `2025-07-26`, `2025-07-26T04:00`. */
  readonly from?: string;
  /** The last candle closes at or before this. */
  readonly to?: string;
  /** The values that were first seen, not the final ones. */
  readonly asSeen?: boolean;
  /** Of trades on the venue, or of its mark price. */
  readonly kind?: 'trade' | 'mark';
}

/**
 * Stored candles, one a row, by coin and time: time (of the open), open, high, low, close, volume (in coins), coin,
 * month (`2025-07`), weekday (`Mon`), hour (UTC). A candle that is not stored has no row, nor has one that is sealed.
 *
 * @throws UsageError for a coin or an interval that is not stored, with the nearest names
 * @throws DataError where none is stored in that time
 */
export async function candles(query: CandlesQuery): Promise<Frame<CandleColumn>> {
  const interval = parseInterval(query.interval);
  const coins = [query.coin].flat();
  const span = {
    fromMs: query.from === undefined ? undefined : parseTime(query.from),
    toMs: query.to === undefined ? undefined : parseTime(query.to),
  };
  const cut: { coin: string; sealedFromMs: number }[] = [];
  const rows = withDatabase(query, (db, config) => {
    const sealedFrom = sealedIn(query, db);
    return coins.flatMap((coin) => {
      const kind = query.kind ?? 'trade';
      const source = query.source ?? (kind === 'mark' ? config.source : preferred(db, config, coin, interval));
      const series = findCandleSeries(db, { coin, interval, source, kind });
      const { visible, sealedFromMs } = visibleStretch(series, span, sealedFrom(coin));
      if (sealedFromMs !== undefined) cut.push({ coin, sealedFromMs });
      const stored = loadCandles(db, { coin, interval, source, kind, asSeen: query.asSeen === true, ...visible });
      const { open, high, low, close, volume, length } = stored;
      const found: Cell[][] = [];
      for (let i = 0; i < length; i++) {
        if (Number.isNaN(close[i])) continue;
        const prices = [open, high, low, close, volume].map((column) => column[i] as number);
        const openMs = openTimeAt(stored, i);
        found.push([formatTime(openMs), ...prices, coin, ...calendarOf(openMs)]);
      }
      return found;
    });
  });
  for (const note of sealedNotes(cut)) tell(query, note);
  return frameOf(rows, CANDLE_COLUMNS) as Frame<CandleColumn>;
}

function preferred(db: MarketDatabase, { source }: Config, coin: string, interval: Interval): string {
  return storedCandles(db, source, NOTHING_SEALED).sourceOf(coin, interval);
}

/**
 * Every trade of the verdict cell of a study's report, one a row, by strategy and time: strategy, coin, interval, side,
 * entryTime, exitTime, entryPrice, exitPrice, stopPrice, targetPrice, quantity, reason, initialRiskUsd, grossPnlUsd,
 * feesUsd, fundingUsd, netPnlUsd, rMultiple, maeR, mfeR, and of the entry in UTC month, weekday and hour; holdHours.
 *
 * @param report the name of a study, for the newest of its reports, or the path of a report's JSON file
 * @throws UsageError where the study has no report, with the nearest names
 * @throws DataError for a file that is no report, or is not as it was written
 */
export async function trades(report: string, place: Place = {}): Promise<Frame<TradeColumn>> {
  const path = report.endsWith('.json') ? resolve(report) : newestReport(resultsOf(place), report);
  const read = readReport(path);
  if (read.data.isSynthetic) tell(place, INVENTED);
  return frameOf(tradeRows(read), TRADE_COLUMNS) as Frame<TradeColumn>;
}

/**
 * Every combination of a stored sweep, one a row, in the order in which they were tried: combination, strategy, coins
 * (`BTC+ETH` where they shared an account), interval, each param and each rule of the grid under its own name, and the
 * metrics. A metric without a value is NaN; so is a param that the strategy of the row does not have, or '' for text.
 *
 * A param or a rule whose name a frame cannot have (`size`, `count`) is called `params.size` or `rules.size`.
 *
 * @param named the name of the sweep, or the first letters of its identity: at least 4
 * @throws UsageError for one that is not stored, with the nearest names, or is not finished
 */
export async function sweep(
  named: string,
  { asSeen = false, ...place }: Place & { readonly asSeen?: boolean } = {},
): Promise<Frame<SweepColumn>> {
  return withDatabase(place, (db) => {
    const stored = findStored(db, named, { asSeen });
    const { asked, isSynthetic } = readSpecification(stored);
    if (isSynthetic) tell(place, INVENTED);
    const plan = new SweepPlan(asked.sweep);
    const metrics = columnsOf(storedRows(db, stored).rows);
    const members = new (danfo().DataFrame)([[0]]);
    const varied = variedColumns(plan, (name) => name in members);
    const rows = Array.from({ length: plan.count }, (_, place): Cell[] => {
      const combination = plan.combinationAt(place);
      const { name, coins, interval } = combination.block;
      return [
        ...[place, name, coins.join('+'), interval, ...varied.map(({ cell }) => cell(combination))],
        ...SWEEP_METRICS.map((metric) => reportedValue(metric, metrics[metric][place] as number) ?? Number.NaN),
      ];
    });
    const kinds = Object.fromEntries([
      ...Object.entries(SWEEP_COLUMNS),
      ...varied.map(({ title, kind }) => [title, kind]),
      ...SWEEP_METRICS.map((metric) => [metric, NUMBER]),
    ]);
    return frameOf(rows, kinds) as Frame<SweepColumn>;
  });
}

/**
 * A frame of candles, trades or a sweep in groups, in the order of the groups' names:
 *
 * - trades: trades, winRate (net above zero), expectancyR (mean R), and the sums netPnlUsd, feesUsd, fundingUsd
 * - candles: candles, totalReturn (all of them compounded), meanReturn and sdReturn of a candle from open to close,
 *   meanRange (low to high), upRate (closed above their open), volume
 * - a sweep: combinations, those that traded, upRate (the share of these with expectancyR above zero), medianR and
 *   bestR (of expectancyR), medianReturn (of netReturn)
 *
 * Everything else is for `groupby` of danfojs. It joins keys with '-': to it, 'a-b', 'c' and 'a', 'b-c' are one group.
 *
 * @param keys columns whose values make the groups
 * @throws UsageError for a column that is not there, with the nearest names, and for a frame of anything else
 */
export function by(frame: DataFrame, keys: string | readonly string[]): DataFrame {
  const places = [...new Set([keys].flat())].map((key) => placeOf(frame.columns, key));
  const summary = SUMMARIES.find(({ reads }) => reads.every((column) => frame.columns.includes(column)));
  if (summary === undefined) {
    throw new UsageError('this frame lacks columns of candles, of trades and of a sweep', {
      hint: 'Group it with frame.groupby([…]).agg({ … }), as danfojs does.',
    });
  }
  const isKey = (column: string): boolean => places.includes(frame.columns.indexOf(column));
  const gives = Object.entries(summary.gives).filter(([column]) => !isKey(column));
  const groups = Map.groupBy(rowsOf(frame), (row) => JSON.stringify(places.map((place) => row[place])));
  const lines = [...groups.values()].map((rows): Cell[] => {
    const columns = new Map(
      summary.reads.map((name) => [name, rows.map((row) => row[frame.columns.indexOf(name)] as number)]),
    );
    const values = gives.map(([, value]) => value((column) => columns.get(column) ?? []) ?? Number.NaN);
    return [...places.map((place) => (rows[0] as Cell[])[place] as Cell), ...values];
  });
  lines.sort((a, b) => places.reduce((order, _, i) => order || compareCells(a[i] as Cell, b[i] as Cell), 0));
  const kinds = places.map((place) => [frame.columns[place], frame.dtypes[place]]);
  return frameOf(lines, Object.fromEntries([...kinds, ...gives.map(([column]) => [column, NUMBER])]));
}

/**
 * Each column of numbers on a row: count of the values that exist, mean, std, min, median, max. danfojs's own
 * `describe` has no mean for a column in which one value is missing.
 */
export function describe(frame: DataFrame): DataFrame {
  const rows = rowsOf(frame);
  const lines = frame.columns.flatMap((column, place): Cell[][] => {
    if (frame.dtypes[place] === TEXT) return [];
    const values = existing(rows.map((row) => row[place] as number));
    const found = [mean(values), deviation(values), min(values), median(values), max(values)];
    return [[column, values.length, ...found.map((value) => value ?? Number.NaN)]];
  });
  return frameOf(lines, {
    ...{ column: TEXT, count: NUMBER, mean: NUMBER, std: NUMBER, min: NUMBER, median: NUMBER, max: NUMBER },
  });
}

/**
 * The rows by one column, those without a value last, equal ones in the order that they had: numbers by size, weekdays
 * from Monday, text by the number that it begins with (`2 %`) and then by letters. `sortValues` of danfojs leaves a
 * column with a missing value as it was, and takes minutes for a year of 1m candles.
 *
 * @throws UsageError for a column that is not there, with the nearest names
 */
export function sorted(frame: DataFrame, column: string, options: { readonly descending?: boolean } = {}): DataFrame {
  const place = placeOf(frame.columns, column);
  const rows = rowsOf(frame);
  const direction = options.descending === true ? -1 : 1;
  const order = [...rows.keys()].sort((a, b) => {
    const [one, other] = [rows[a]?.[place] as Cell, rows[b]?.[place] as Cell];
    const missing = Number(Number.isNaN(one)) - Number(Number.isNaN(other));
    return missing || direction * compareCells(one, other) || a - b;
  });
  return frame.iloc({ rows: order });
}

/**
 * The frame as CSV, its columns in the first line; text with a comma is quoted. `toCSV` of danfojs quotes nothing, and
 * frames that were made of others have lost it.
 *
 * @param path where to write it, instead of giving it back
 */
export function toCsv(frame: DataFrame): string;
export function toCsv(frame: DataFrame, path: string): void;
export function toCsv(frame: DataFrame, path?: string): string | undefined {
  const text = [frame.columns, ...rowsOf(frame)].map(csvLine).join('');
  if (path === undefined) return text;
  writeFileSync(path, text);
  return undefined;
}

export interface TableOptions {
  /** How many rows, from the top: 20. */
  readonly rows?: number;
  /** Which columns, in this order: all. */
  readonly columns?: readonly string[];
}

/**
 * The first rows for a reader: whole times, per cent, dollars and R as elsewhere in Candor. `print` of danfojs shows
 * every digit, and wide frames without their middle.
 *
 * @throws UsageError for a column that is not there, with the nearest names
 */
export function table(frame: DataFrame, { rows = 20, columns = frame.columns }: TableOptions = {}): string {
  const places = columns.map((column) => placeOf(frame.columns, column));
  const shown = rowsOf(frame).slice(0, rows);
  return frameText({
    columns,
    kinds: places.map((place) => frame.dtypes[place] as string),
    rows: shown.map((row) => places.map((place) => row[place] as Cell)),
  });
}

function rowsOf(frame: DataFrame): Cell[][] {
  return frame.values as Cell[][];
}

/** It takes half a second and 200 MB, so it is loaded with the first frame, and for nothing else. */
function danfo(): typeof Danfo {
  const library = createRequire(import.meta.url)('danfojs-node') as typeof Danfo;
  // Without this the library beneath it greets whoever uses a tensor.
  library.tensorflow.enableProdMode();
  // Frames that are made of others have the prototype beneath; a REPL would show their insides, screens of them.
  const everyFrame = Object.getPrototypeOf(library.DataFrame.prototype) as object;
  Object.defineProperty(everyFrame, inspect.custom, { value: shownInRepl, configurable: true });
  return library;
}

/** The first ten rows with as many columns as the terminal has room for, and how many there are. */
function shownInRepl(this: DataFrame): string {
  const width = process.stdout.columns ?? 80;
  const fits = (text: string): boolean => text.split('\n').every((line) => line.length <= width);
  let columns = this.columns;
  while (columns.length > 1 && !fits(table(this, { rows: 10, columns }))) columns = columns.slice(0, -1);
  const size = `${formatCount(this.index.length, 'row')} × ${formatCount(this.columns.length, 'column')}`;
  return `${table(this, { rows: 10, columns })}\n${size}`;
}

function frameOf(rows: Cell[][], kinds: Readonly<Record<string, CellKind>>): DataFrame {
  const { DataFrame } = danfo();
  return new DataFrame(rows, { columns: Object.keys(kinds), dtypes: Object.values(kinds), config: PRINTED });
}

function rootOf({ root }: Place): string {
  return root === undefined ? projectRoot(process.cwd()) : resolve(root);
}

function resultsOf(place: Place): string {
  return join(rootOf(place), 'backtests', 'results');
}

function sealedIn(place: Place, db: MarketDatabase): SealedFrom {
  const { lines, lost } = knownLedger(join(rootOf(place), TRIALS_FILE), db);
  return sealedFromOf([...lines, ...lost]);
}

function tell({ onNote }: Listener, note: string): void {
  if (onNote === undefined) process.stderr.write(`${note}\n`);
  else onNote(note);
}

function withDatabase<T>(place: Place, body: (db: MarketDatabase, config: Config) => T): T {
  const root = rootOf(place);
  const config = loadConfig(root, place.config);
  const path = place.database === undefined ? resolve(root, config.database) : resolve(place.database);
  if (!existsSync(path)) {
    throw new UsageError(`there is no database ${path} yet`, {
      hint: "'npx candor import FILE…' or the first 'npx candor study' makes it.",
    });
  }
  const db = openDatabase(path, { readonly: true });
  try {
    return body(db, config);
  } finally {
    db.close();
  }
}
