import type { SchemaElement } from 'hyparquet';
import { UsageError } from '../domain/errors.ts';
import { intervalMs } from '../domain/time.ts';
import type { ExportedRow, ExportSource } from './export-rows.ts';
import type { SeriesSpan } from './series-store.ts';

/** Turns the pages of a series into the bytes of a file, page by page. */
export type ExportFormat = (source: ExportSource) => AsyncIterable<string | Uint8Array>;

export interface NamedFormat {
  readonly extension: string;
  readonly isGzip: boolean;
  readonly format: ExportFormat;
}

const FORMATS: readonly NamedFormat[] = [
  { extension: '.csv', isGzip: false, format: csvText },
  { extension: '.csv.gz', isGzip: true, format: csvText },
  { extension: '.parquet', isGzip: false, format: parquetBytes },
  { extension: '.json', isGzip: false, format: jsonText },
  { extension: '.json.gz', isGzip: true, format: jsonText },
];

export const EXTENSIONS: readonly string[] = FORMATS.map(({ extension }) => extension);

/** @throws UsageError for a name whose extension is no format */
export function formatOf(file: string): NamedFormat {
  const lower = file.toLowerCase();
  const format = FORMATS.find(({ extension }) => lower.endsWith(extension));
  if (format !== undefined) return format;
  throw new UsageError(`the name '${file}' does not say in which format`, {
    hint: `Let it end with ${EXTENSIONS.join(' or ')}; '-' writes CSV to the screen or a pipe.`,
  });
}

/** A header and a row a line, numbers as the shortest decimals that mean the same double. */
export async function* csvText({ header, pages }: ExportSource): AsyncGenerator<string> {
  yield `${header.join(',')}\n`;
  for (const rows of pages) {
    yield rows.map((row) => `${row.map((cell) => (cell === null ? '' : shortestDecimal(cell))).join(',')}\n`).join('');
  }
}

/** The answer to a `candleSnapshot` or a `fundingHistory`, one row a line. Trades that nobody counted are 0 there. */
async function* jsonText({ series, pages }: ExportSource): AsyncGenerator<string> {
  const row = series.kind === 'funding' ? settlementJson : candleJson;
  let before = '[\n';
  for (const rows of pages) {
    yield `${before}${rows.map((each) => row(series, each)).join(',\n')}`;
    before = ',\n';
  }
  yield '\n]\n';
}

function candleJson({ coin, interval }: SeriesSpan, [t, o, h, l, c, v, n]: ExportedRow): string {
  const openTimeMs = t as number;
  return JSON.stringify({
    t: openTimeMs,
    T: openTimeMs + intervalMs(interval) - 1,
    s: coin,
    i: interval,
    o: shortestDecimal(o as number),
    c: shortestDecimal(c as number),
    h: shortestDecimal(h as number),
    l: shortestDecimal(l as number),
    v: shortestDecimal(v as number),
    n: n ?? 0,
  });
}

function settlementJson({ coin }: SeriesSpan, [t, rate]: ExportedRow): string {
  return JSON.stringify({ coin, fundingRate: shortestDecimal(rate as number), time: t });
}

/** UTC timestamps in milliseconds and doubles, which every reader of Parquet knows; compressed with Snappy. */
async function* parquetBytes({ header, pages }: ExportSource): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const writer = new ByteWriter();
  const written = (): Uint8Array => {
    const bytes = new Uint8Array(writer.buffer.slice(0, writer.index));
    writer.index = 0;
    return bytes;
  };
  const schema: SchemaElement[] = [
    { name: 'candor', num_children: header.length },
    ...header.map((name) => PARQUET_COLUMNS[name] ?? doubles(name)),
  ];
  const file = new ParquetWriter({ writer, schema, createdBy: 'candor' });
  for (const rows of pages) {
    const columnData = header.map((name, i) => ({ name, data: parquetColumn(name, rows, i) }));
    await file.write({ columnData, rowGroupSize: rows.length });
    yield written();
  }
  await file.finish();
  yield written();
}

const PARQUET_COLUMNS: Readonly<Record<string, SchemaElement>> = {
  t: {
    name: 't',
    type: 'INT64',
    repetition_type: 'REQUIRED',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  n: { name: 'n', type: 'INT64', repetition_type: 'OPTIONAL' },
};

function doubles(name: string): SchemaElement {
  return { name, type: 'DOUBLE', repetition_type: 'REQUIRED' };
}

function parquetColumn(name: string, rows: readonly ExportedRow[], i: number): unknown[] | Float64Array {
  if (name === 't') return rows.map((row) => new Date(row[i] as number));
  if (name === 'n') return rows.map((row) => (row[i] === null ? null : BigInt(row[i] as number)));
  return Float64Array.from(rows, (row) => row[i] as number);
}

/** The shortest decimal that reads back as the same double, without an exponent: `0.0000001`, `93576`. */
export function shortestDecimal(value: number): string {
  const text = String(value);
  const [, sign = '', whole = '', fraction = '', power] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (power === undefined) return text;
  const digits = whole + fraction;
  const exponent = Number(power);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.padEnd(exponent + 1, '0')}`;
}
