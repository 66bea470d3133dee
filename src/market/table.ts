import type { DefectLog } from './defects.ts';

/** A value as it stands in a file: text of a CSV file, or what a Parquet column holds. Nothing is known of it yet. */
export type Cell = unknown;

/** A file with rows and columns, of which it is not yet known which column is what. */
export interface Table {
  readonly file: string;
  readonly format: 'CSV' | 'Parquet';
  /** What a position in it counts: the lines of a text, or rows. */
  readonly place: 'line' | 'row';
  /** The names of the columns; its number, from 1, for one that the file does not name. */
  readonly header: readonly string[];
  readonly hasHeader: boolean;
  /** The columns (by position) of times without a zone, where the format says so. */
  readonly zoneless: ReadonlySet<number>;
  /** The first rows, to recognise the columns by. */
  readonly sample: readonly (readonly Cell[])[];
  /** What was passed over to find the header, as sentences. */
  readonly notes: readonly string[];
  /**
   * Visits every row. The array of cells is one and the same for all rows.
   *
   * @param columns the positions of the wanted columns; `cells` are theirs, in this order
   * @param defects takes the rows that are none
   */
  read(columns: readonly number[], visit: RowVisitor, defects: DefectLog): Promise<void>;
}

export type RowVisitor = (cells: readonly Cell[], place: number) => void;

const NOTHING: ReadonlySet<string> = new Set(['', '-', 'nan', 'null', 'none', 'na', 'n/a', '<na>']);

/** No value: an empty field, NaN, null, None. */
export function isEmpty(cell: Cell): boolean {
  if (typeof cell === 'string') return cell.length <= 6 && NOTHING.has(cell.trim().toLowerCase());
  return cell === null || cell === undefined || (typeof cell === 'number' && Number.isNaN(cell));
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** NaN for whatever is no finite decimal number: an empty field, hexadecimal, a number with thousands separators. */
export function numberOf(cell: Cell): number {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : Number.NaN;
  if (typeof cell === 'bigint') return Number(cell);
  if (typeof cell !== 'string') return Number.NaN;
  const text = NUMBER.test(cell) ? cell : cell.trim();
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** A cell as it is quoted in a message. */
export function shown(cell: Cell): string {
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? 'no date' : cell.toISOString();
  return String(cell).slice(0, 40);
}
