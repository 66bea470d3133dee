import { type CsvError, parse } from 'csv-parse/sync';
import { DataError } from '../domain/errors.ts';
import type { DefectLog } from './defects.ts';
import { startsWith } from './file-bytes.ts';
import { isEmpty, numberOf, type RowVisitor, type Table } from './table.ts';

const QUOTE = 0x22;
const NEWLINE = 0x0a;
/** Text that is cut into lines at a time. */
const CHUNK_BYTES = 1 << 20;
/** A line that is longer is none of a table. */
const LONGEST_LINE_BYTES = 1 << 16;
const SAMPLE_ROWS = 20;
const DELIMITERS = [',', ';', '\t'] as const;

/** Returns false to end the reading. */
type RecordVisitor = (fields: readonly string[], line: number) => boolean;

/**
 * Opens a text with one row a line, its fields apart by comma, semicolon or tab. Lines above the header that begin with
 * `#` or are an address are passed over; where the first line is of numbers there is no header.
 *
 * @throws DataError for what is no text, and for a text without rows
 */
export function openCsv(content: Buffer, file: string): Table {
  requireText(content, file);
  const start = startsWith(content, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  const { firstLine, offset, notes } = skipPreamble(content, start, file);
  const delimiter = delimiterOf(lineAt(content, offset, file));
  const text: CsvText = { file, content, offset, firstLine, delimiter };
  let first: readonly string[] | undefined;
  const sample: (readonly string[])[] = [];
  eachRecord(text, SAMPLE_ROWS + 1, (fields) => {
    if (first === undefined) first = fields.map((field) => field.trim());
    else sample.push(fields);
    return sample.length < SAMPLE_ROWS;
  });
  if (first === undefined) throw new DataError(`${file} has no rows`);
  const names: readonly string[] = first;
  const hasHeader = !names.every((field) => isEmpty(field) || !Number.isNaN(numberOf(field)));
  return {
    file,
    format: 'CSV',
    place: 'line',
    header: names.map((name, i) => (hasHeader && name !== '' ? name : String(i + 1))),
    hasHeader,
    zoneless: new Set(),
    sample: hasHeader ? sample : [names, ...sample],
    notes,
    read: async (columns, visit, defects) => readRecords(text, { names, hasHeader }, columns, visit, defects),
  };
}

function requireText(content: Buffer, file: string): void {
  if (startsWith(content, [0xff, 0xfe]) || startsWith(content, [0xfe, 0xff])) {
    throw new DataError(`${file} is UTF-16 text`, { hint: 'Save it as UTF-8 and import it again.' });
  }
  const nul = content.indexOf(0);
  if (nul === -1) return;
  throw new DataError(`${file} is no text: byte ${nul.toLocaleString('en-US')} of it is NUL`, {
    hint: 'What can be imported: CSV in UTF-8, gzip of it, Parquet, and JSON of the exchange.',
  });
}

/** Passes over what stands above the header. */
function skipPreamble(
  content: Buffer,
  start: number,
  file: string,
): { readonly firstLine: number; readonly offset: number; readonly notes: readonly string[] } {
  const notes: string[] = [];
  let offset = start;
  let firstLine = 1;
  while (offset < content.length) {
    const line = lineAt(content, offset, file);
    const isRemark = /^\s*(#|"?https?:\/\/)/.test(line);
    if (!isRemark && line.trim() !== '') break;
    if (isRemark) notes.push(`line ${firstLine} is passed over: ${line.trim().slice(0, 60)}`);
    const end = content.indexOf(NEWLINE, offset);
    offset = end === -1 ? content.length : end + 1;
    firstLine++;
  }
  return { firstLine, offset, notes };
}

function lineAt(content: Buffer, offset: number, file: string): string {
  const end = content.indexOf(NEWLINE, offset);
  const length = (end === -1 ? content.length : end) - offset;
  if (length > LONGEST_LINE_BYTES) {
    throw new DataError(`${file} is no table: a line of it has ${length.toLocaleString('en-US')} bytes`, {
      hint: 'What can be imported: CSV with one candle a line, gzip of it, Parquet, and JSON of the exchange.',
    });
  }
  return content.toString('utf8', offset, offset + length).replace(/\r$/, '');
}

function delimiterOf(header: string): string {
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const [best] = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length })).sort(
    (a, b) => b.count - a.count,
  );
  return best?.delimiter ?? ',';
}

interface CsvText {
  readonly file: string;
  readonly content: Buffer;
  /** Where the header begins, and on which line. */
  readonly offset: number;
  readonly firstLine: number;
  readonly delimiter: string;
}

function readRecords(
  text: CsvText,
  { names, hasHeader }: { readonly names: readonly string[]; readonly hasHeader: boolean },
  columns: readonly number[],
  visit: RowVisitor,
  defects: DefectLog,
): void {
  const cells: string[] = columns.map(() => '');
  const [firstName] = names as readonly [string];
  let records = 0;
  eachRecord(text, Number.POSITIVE_INFINITY, (fields, line) => {
    if (records++ === 0 && hasHeader) return true;
    if (fields.length !== names.length) {
      defects.add('wrong number of fields', line, () => `${fields.length} where the first line has ${names.length}`);
    } else if (hasHeader && fields[0] === firstName && fields.every((field, i) => field.trim() === names[i])) {
      defects.add('the header again', line, () => fields.join(text.delimiter).slice(0, 60));
    } else {
      for (let i = 0; i < columns.length; i++) cells[i] = fields[columns[i] as number] as string;
      visit(cells, line);
    }
    return true;
  });
}

/** Visits the fields of every line, the header's too. Only a text with quotes needs more than to be cut. */
function eachRecord(text: CsvText, most: number, visit: RecordVisitor): void {
  if (text.content.includes(QUOTE, text.offset)) eachQuotedRecord(text, most, visit);
  else eachPlainRecord(text, visit);
}

function eachPlainRecord({ content, offset, firstLine, delimiter }: CsvText, visit: RecordVisitor): void {
  let line = firstLine;
  for (let from = offset; from < content.length; ) {
    const cut = from + CHUNK_BYTES < content.length ? content.indexOf(NEWLINE, from + CHUNK_BYTES) : -1;
    const to = cut === -1 ? content.length : cut;
    for (const each of content.toString('utf8', from, to).split('\n')) {
      const row = each.endsWith('\r') ? each.slice(0, -1) : each;
      if (row !== '' && !visit(row.split(delimiter), line)) return;
      line++;
    }
    from = to + 1;
  }
}

function eachQuotedRecord(
  { file, content, offset, firstLine, delimiter }: CsvText,
  most: number,
  visit: RecordVisitor,
) {
  let isOver = false;
  let read = 0;
  const onRecord = (fields: readonly string[], { lines }: { lines: number }): null => {
    read = lines;
    if (!isOver && !visit(fields, lines + firstLine - 1)) isOver = true;
    return null;
  };
  const limit = Number.isFinite(most) ? { to: most } : {};
  try {
    parse(content.subarray(offset), {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: onRecord,
      ...limit,
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const { message, lines: line } = error as CsvError & { lines?: number };
    throw new DataError(`${file}: line ${(line ?? read + 1) + firstLine - 1} is not CSV`, {
      details: [message],
      hint: 'Repair the file or fetch it again; nothing was imported.',
      cause: error,
    });
  }
}
