import type { ClosedCandle } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import { formatTime, type Interval, intervalMs, intervalOfMs, SECOND_MS } from '../domain/time.ts';
import { epochMs } from '../domain/units.ts';
import { checkCandles, usualSpacingMs } from './candle-rows.ts';
import { CANDLE_FIELDS, type ColumnGuess, type Field, FUNDING_FIELDS } from './column-guess.ts';
import { DefectLog, grouped, UNREADABLE_LINES_HINT } from './defects.ts';
import { checkFunding } from './funding-rows.ts';
import type { FundingRow } from './funding-store.ts';
import { unsaid } from './import-names.ts';
import { type Cell, isEmpty, numberOf, shown, type Table } from './table.ts';
import { isTimeMs, recogniseTimes, type TimeForm } from './time-form.ts';

/** How a file was understood: shown before anything of it is stored. */
export interface Reading {
  readonly format: 'CSV' | 'Parquet' | 'JSON of the exchange';
  /** Field → the column that it was read from; empty where the format says it. */
  readonly columns: Readonly<Partial<Record<Field, string>>>;
  /** The columns that were not read. */
  readonly ignored: readonly string[];
  /** 'UTC milliseconds' */
  readonly times: string;
  readonly order: 'oldest first' | 'newest first';
  /** What was done or left out, as sentences. */
  readonly notes: readonly string[];
  /** The first row and the last in time, as they will be stored. */
  readonly first: string;
  readonly last: string;
}

export interface ReadCandles {
  readonly interval: Interval;
  readonly candles: readonly ClosedCandle[];
  readonly lines: readonly number[];
  readonly reading: Reading;
}

export interface ReadFunding {
  readonly rows: readonly FundingRow[];
  readonly reading: Reading;
}

/**
 * Reads and checks the candles of a table, oldest first.
 *
 * @param interval where it is known; else that of the rows' distance
 * @throws DataError counting the rows that are no candles, with the likely cause
 */
export async function readCandles(table: Table, guess: ColumnGuess, interval?: Interval): Promise<ReadCandles> {
  const defects = new DefectLog(table.place);
  const rows = new Rows(table, guess, defects);
  const candles: Mutable<ClosedCandle>[] = [];
  const lines: number[] = [];
  const hasTrades = guess.places.has('trades');
  await table.read(
    rows.places,
    (cells, line) => {
      const values = rows.read(cells, line);
      if (values === undefined) return;
      const [openTimeMs, open, high, low, close, volume] = values as [number, number, number, number, number, number];
      const candle = { openTimeMs: epochMs(openTimeMs), open, high, low, close, volume };
      candles.push(
        hasTrades && !isEmpty(cells[TRADES_AT]) ? { ...candle, trades: values[TRADES_AT] as number } : candle,
      );
      lines.push(line);
    },
    defects,
  );
  rows.requireAny(candles.length);
  const order = turnAround(candles, lines, (candle) => candle.openTimeMs);
  const spacing = intervalOfMs(usualSpacingMs(candles.map((candle) => candle.openTimeMs)) ?? 0);
  const known = interval ?? spacing;
  if (known === undefined) throw unsaid('interval', '1h', table.file);
  const notes = [...rows.notes()];
  if (interval === undefined) notes.push(`the interval is ${known}: the rows are that far apart`);
  if (toOpens(candles, known, guess.isCloseTime)) notes.push('the times are closes; a candle is stored by its open');
  checkCandles({ file: table.file, candles, lines, defects }, known);
  const reading = { ...rows.reading(order, notes), ...endsAs(candles, describeCandle) };
  return { interval: known, candles, lines, reading };
}

/**
 * Reads and checks the settlements of a table, oldest first.
 *
 * @throws DataError counting the rows that are none
 */
export async function readFunding(table: Table, guess: ColumnGuess): Promise<ReadFunding> {
  const defects = new DefectLog(table.place);
  const rows = new Rows(table, guess, defects);
  const settlements: FundingRow[] = [];
  const lines: number[] = [];
  await table.read(
    rows.places,
    (cells, line) => {
      const values = rows.read(cells, line);
      if (values === undefined) return;
      settlements.push({ timeMs: epochMs(values[0] as number), rate: values[1] as number });
      lines.push(line);
    },
    defects,
  );
  rows.requireAny(settlements.length);
  const order = turnAround(settlements, lines, (row) => row.timeMs);
  checkFunding(table.file, settlements, lines, defects);
  return { rows: settlements, reading: { ...rows.reading(order, rows.notes()), ...endsAs(settlements, describeRate) } };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Columns that say of each row whose it is. */
const COIN_NAMES: ReadonlySet<string> = new Set(['coin', 'symbol', 'ticker', 'pair', 'asset', 'market', 'instrument']);

/** The column after the six that every candle has. */
const TRADES_AT = CANDLE_FIELDS.length;
const WITH_COMMA = 'a comma in a number';

/** Turns the cells of a table into numbers, and remembers what could not be. */
class Rows {
  readonly places: readonly number[];
  readonly #table: Table;
  readonly #fields: readonly Field[];
  readonly #times: TimeForm;
  readonly #defects: DefectLog;
  readonly #values: number[];
  readonly #coinAt: number;
  #coin: Cell;
  #empty = 0;
  #firstEmpty = 0;

  constructor(table: Table, { content, places }: ColumnGuess, defects: DefectLog) {
    const needed: readonly Field[] = content === 'funding' ? FUNDING_FIELDS : CANDLE_FIELDS;
    this.#table = table;
    this.#defects = defects;
    this.#fields = places.has('trades') ? [...needed, 'trades'] : needed;
    const ofFields = this.#fields.map((field) => places.get(field) as number);
    const coin = table.header.findIndex((name) => COIN_NAMES.has(name.toLowerCase()));
    this.#coinAt = coin === -1 ? -1 : ofFields.length;
    this.places = coin === -1 ? ofFields : [...ofFields, coin];
    this.#values = this.#fields.map(() => 0);
    const [timeAt] = this.places as [number];
    const times = table.sample.map((row) => row[timeAt]).filter((cell) => !isEmpty(cell));
    if (times.length === 0) throw new DataError(`${table.file} has no rows`);
    this.#times = recogniseTimes(table.file, table.header[timeAt] as string, times, table.zoneless.has(timeAt));
  }

  /** The numbers of a row, in an array that the next row uses again; undefined for a row that is none. */
  read(cells: readonly Cell[], line: number): readonly number[] | undefined {
    if (this.#coinAt !== -1) this.#requireOneCoin(cells[this.#coinAt], line);
    const values = this.#values;
    values[0] = this.#times.read(cells[0]);
    if (!isTimeMs(values[0])) return this.#refuse('no time like the others', 0, cells, line);
    for (let i = 1; i < values.length; i++) {
      const value = numberOf(cells[i]);
      values[i] = value;
      if (!Number.isNaN(value) || (i === TRADES_AT && isEmpty(cells[i]))) continue;
      if (this.#isEmpty(cells, line)) return undefined;
      return this.#refuse(
        typeof cells[i] === 'string' && /\d,\d/.test(cells[i] as string) ? WITH_COMMA : 'not a number',
        i,
        cells,
        line,
      );
    }
    return values;
  }

  /** Rows of several coins would read as one coin that jumps. */
  #requireOneCoin(coin: Cell, line: number): void {
    this.#coin ??= coin;
    if (coin === this.#coin || isEmpty(coin)) return;
    const { file, place } = this.#table;
    throw new DataError(
      `${file} holds more than one coin: ${shown(this.#coin)}, and ${shown(coin)} in ${place} ${line}`,
      {
        hint: 'Split it into a file for each coin.',
      },
    );
  }

  /** A row without any price (or rate) is no row: some sources write one for a minute without a trade. */
  #isEmpty(cells: readonly Cell[], line: number): boolean {
    if (!cells.slice(1, CANDLE_FIELDS.indexOf('volume')).every(isEmpty)) return false;
    if (this.#empty++ === 0) this.#firstEmpty = line;
    return true;
  }

  #refuse(kind: string, i: number, cells: readonly Cell[], line: number): undefined {
    const column = this.#table.header[this.places[i] as number];
    this.#defects.add(kind, line, () => `${column} is '${shown(cells[i])}'`);
    return undefined;
  }

  /** @throws DataError where no row could be read, or numbers are written with commas */
  requireAny(rows: number): void {
    const { file } = this.#table;
    const total = rows + this.#defects.badLines;
    if (this.#defects.count(WITH_COMMA) > 0) {
      this.#defects.throwIfAny(file, total, 'Write numbers as 93576.5: with a point, and nothing between thousands.');
    }
    if (rows > 0) return;
    this.#defects.throwIfAny(file, total, UNREADABLE_LINES_HINT);
    throw new DataError(`${file} has no rows${this.#empty === 0 ? '' : ' with prices'}`);
  }

  notes(): string[] {
    const { notes, place } = this.#table;
    if (this.#empty === 0) return [...notes];
    const rows = `${grouped(this.#empty)} row${this.#empty === 1 ? '' : 's'}`;
    return [...notes, `${rows} without prices left out (the first is ${place} ${grouped(this.#firstEmpty)})`];
  }

  reading(order: Reading['order'], notes: readonly string[]): Omit<Reading, 'first' | 'last'> {
    const { format, header } = this.#table;
    const named = this.#fields.map((field, i) => [field, header[this.places[i] as number]] as const);
    return {
      format,
      columns: Object.fromEntries(named),
      ignored: header.filter((_, place) => !this.places.includes(place)),
      times: this.#times.text,
      order,
      notes,
    };
  }
}

/** A file with the newest row first is turned around; rows that are out of order in either direction stay so. */
function turnAround<T>(rows: T[], lines: number[], timeOf: (row: T) => number): Reading['order'] {
  let falling = 0;
  for (let i = 1; i < rows.length; i++) if (timeOf(rows[i] as T) < timeOf(rows[i - 1] as T)) falling++;
  if (falling * 2 <= rows.length - 1) return 'oldest first';
  rows.reverse();
  lines.reverse();
  return 'newest first';
}

/**
 * Moves closes to opens: times a millisecond before the grid (…59.999), or times of a column that is named so.
 * Nothing else tells opens from closes.
 */
function toOpens(candles: Mutable<ClosedCandle>[], interval: Interval, isCloseTime: boolean): boolean {
  const stepMs = intervalMs(interval);
  const before = (beforeMs: number): boolean => {
    const those = candles.filter(({ openTimeMs }) => openTimeMs % stepMs === stepMs - beforeMs);
    return those.length * 2 > candles.length;
  };
  const earlyMs = before(1) ? 1 : isCloseTime ? (before(SECOND_MS) ? SECOND_MS : 0) : undefined;
  if (earlyMs === undefined) return false;
  for (const candle of candles) candle.openTimeMs = epochMs(candle.openTimeMs + earlyMs - stepMs);
  return true;
}

function endsAs<T>(rows: readonly T[], describe: (row: T) => string): Pick<Reading, 'first' | 'last'> {
  return { first: describe(rows[0] as T), last: describe(rows[rows.length - 1] as T) };
}

/** `2025-01-01T00:00Z  o 1  h 2  l 1  c 2  v 3` */
export function describeCandle({ openTimeMs, open, high, low, close, volume, trades }: ClosedCandle): string {
  const count = trades === undefined ? '' : `  n ${trades}`;
  return `${formatTime(openTimeMs)}  o ${open}  h ${high}  l ${low}  c ${close}  v ${volume}${count}`;
}

export function describeRate({ timeMs, rate }: FundingRow): string {
  return `${formatTime(timeMs)}  rate ${rate}`;
}
