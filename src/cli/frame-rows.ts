import { UsageError } from '../domain/errors.ts';
import { SWEEP_METRICS } from '../optimize/contract.ts';
import { type Cell, compareCells, NUMBER, placeOf } from '../report/frames/cells.ts';
import type { DataFrame } from '../research.ts';

/** What a row must meet to be looked at. A number that does not exist meets nothing. */
export interface RowCondition {
  readonly column: string;
  readonly holds: (cell: Cell) => boolean;
}

const CONDITION = /^\s*([\w.]+?)\s*(>=|<=|!=|>|<|=)\s*(.*?)\s*$/;
const NUMERAL = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)$/i;

/** By the sign of a comparison of the cell with what is written. */
const OPERATORS: Readonly<Record<string, (order: number) => boolean>> = {
  '>=': (order) => order >= 0,
  '<=': (order) => order <= 0,
  '!=': (order) => order !== 0,
  '>': (order) => order > 0,
  '<': (order) => order < 0,
  '=': (order) => order === 0,
};

/**
 * `coin=BTC`, `rMultiple>1`, `entryTime>=2025-05-01`, `netReturn>5%`.
 *
 * @throws UsageError for anything else, a column that is not there (with the nearest names) and text where a number
 *   belongs
 */
export function parseCondition(text: string, { columns, dtypes }: Pick<DataFrame, 'columns' | 'dtypes'>): RowCondition {
  const [, column = '', operator = '', written = ''] = CONDITION.exec(text) ?? [];
  const meets = OPERATORS[operator];
  if (meets === undefined) {
    throw new UsageError(`'${text}' is no condition`, { hint: "Write it like 'coin=BTC' or 'rMultiple>1'." });
  }
  const place = placeOf(columns, column);
  if (dtypes[place] !== NUMBER) return { column, holds: (cell) => meets(compareCells(cell, written)) };
  const [, digits, percent] = NUMERAL.exec(written) ?? [];
  if (digits === undefined) {
    throw new UsageError(`'${text}' compares ${column}, which is a number, with '${written}'`, {
      hint: `Write it like '${column}>1'.`,
    });
  }
  const bound = percent === '%' ? Number(`${digits}e-2`) : Number(digits);
  return { column, holds: (cell) => typeof cell === 'number' && !Number.isNaN(cell) && meets(cell - bound) };
}

/** The rows that meet all conditions. */
export function matching(frame: DataFrame, conditions: readonly RowCondition[]): DataFrame {
  if (conditions.length === 0) return frame;
  const placed = conditions.map(({ column, holds }) => ({ place: frame.columns.indexOf(column), holds }));
  const values = frame.values as Cell[][];
  const meeting = [...values.keys()].filter((row) =>
    placed.every(({ place, holds }) => holds(values[row]?.[place] as Cell)),
  );
  return frame.iloc({ rows: meeting });
}

const TRADE_COLUMNS = ['strategy', 'coin', 'side', 'entryTime', 'rMultiple', 'netPnlUsd'];
const CANDLE_COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'];
const SWEEP_RESULTS = ['trades', 'expectancyR', 'netReturn'];

/** Of ungrouped rows, as many columns as 80 characters hold: which row it is, and what came of it. */
export function shownColumns(frame: DataFrame, sortedBy: string | undefined): readonly string[] {
  const { columns } = frame;
  const shown = columns.includes('rMultiple')
    ? TRADE_COLUMNS
    : columns.includes('combination')
      ? [...variedIn(frame), ...SWEEP_RESULTS]
      : [...(isVaried(frame, 'coin') ? ['coin'] : []), ...CANDLE_COLUMNS];
  return sortedBy === undefined || shown.includes(sortedBy) ? shown : [...shown, sortedBy];
}

/** What the combinations differ in. */
function variedIn(frame: DataFrame): string[] {
  const results: readonly string[] = [...SWEEP_METRICS, 'combination'];
  return frame.columns.filter((column) => !results.includes(column) && isVaried(frame, column));
}

function isVaried(frame: DataFrame, column: string): boolean {
  const place = frame.columns.indexOf(column);
  const [first, ...others] = frame.values as Cell[][];
  return others.some((row) => row[place] !== first?.[place]);
}
