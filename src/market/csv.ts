import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type CsvError, parse } from 'csv-parse/sync';
import { DataError } from '../domain/errors.ts';
import { DefectLog, UNREADABLE_LINES_HINT } from './defects.ts';

const unzip = promisify(gunzip);

/** Rows of a CSV file as numbers, with the line that each stands on. */
export interface NumericRows {
  readonly file: string;
  /** Per row the values of the asked-for columns, in that order. */
  readonly rows: readonly (readonly number[])[];
  readonly lines: readonly number[];
  /** The lines that are no such row. Who checks the rows adds to it, so that one report tells all of the file. */
  readonly defects: DefectLog;
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory; name the files in it',
  EACCES: 'this user may not read it',
};

/**
 * A file's bytes, unzipped where they are gzip (by their first two bytes, whatever the name says).
 *
 * @throws DataError when the file cannot be read, is empty, or is a broken gzip file
 */
export async function readWhole(path: string, file: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = UNREADABLE[error.code ?? ''] ?? error.message;
    throw new DataError(`${file} cannot be read: ${why}`, { cause: error });
  });
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const content = isGzip ? await unzip(bytes).catch((error: Error) => throwBrokenGzip(file, error)) : bytes;
  if (content.length === 0) throw new DataError(`${file} is empty`);
  return content;
}

function throwBrokenGzip(file: string, error: Error): never {
  const truncated = error.message.includes('unexpected end of file');
  throw new DataError(`${file} is ${truncated ? 'a truncated' : 'a broken'} gzip file`, {
    details: [error.message],
    hint: 'Fetch the file again; nothing was imported.',
    cause: error,
  });
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads the columns of that name as numbers; other columns are ignored.
 *
 * @returns the rows that can be read; in `defects` those with too few or too many fields, or a field that is no number
 * @throws DataError naming file and line: no header, a missing column, an unclosed quote, no row that can be read
 */
export function parseNumericCsv(content: Buffer, file: string, columns: readonly string[]): NumericRows {
  const rows: number[][] = [];
  const lines: number[] = [];
  const defects = new DefectLog();
  let header: readonly string[] | undefined;
  let places: readonly number[] = [];
  const onRecord = (fields: readonly string[], { lines: line }: { lines: number }): null => {
    if (header === undefined) {
      header = fields.map((field) => field.trim());
      places = placesOf(header, columns, file);
    } else if (fields.length !== header.length) {
      const expected = header.length;
      defects.add('wrong number of fields', line, () => `${fields.length} where the header has ${expected}`);
    } else {
      const row = places.map((place) => numberOf(fields[place] as string));
      const bad = row.findIndex(Number.isNaN);
      if (bad === -1) {
        rows.push(row);
        lines.push(line);
      } else {
        defects.add('not a number', line, () => `${columns[bad]} is '${fields[places[bad] as number]}'`);
      }
    }
    return null;
  };
  try {
    parse(content, { bom: true, relax_column_count: true, skip_empty_lines: true, on_record: onRecord });
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { message, lines: line } = error as CsvError & { lines?: number };
    throw new DataError(`${file}: line ${line ?? rows.length + defects.badLines + 1} is not CSV`, {
      details: [message],
      hint: 'Repair the file or fetch it again; nothing was imported.',
      cause: error,
    });
  }
  if (rows.length === 0) {
    defects.throwIfAny(file, defects.badLines, UNREADABLE_LINES_HINT);
    throw new DataError(`${file} has no rows`);
  }
  return { file, rows, lines, defects };
}

/** Where the wanted columns stand in the header. */
function placesOf(header: readonly string[], columns: readonly string[], file: string): number[] {
  const missing = columns.filter((column) => !header.includes(column));
  if (missing.length > 0) {
    const noHeader = header.every((field) => NUMBER.test(field));
    const what = noHeader ? 'line 1 is not a header' : `column '${missing.join("', '")}' is missing`;
    throw new DataError(`${file}: ${what}`, {
      details: [`line 1: ${header.join(',').slice(0, 200)}`],
      hint: `The first line must name the columns ${columns.join(',')}.`,
    });
  }
  return columns.map((column) => header.indexOf(column));
}

/** NaN for whatever is no finite decimal number: an empty field, NaN, hexadecimal. */
function numberOf(field: string): number {
  const text = NUMBER.test(field) ? field : field.trim();
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}
