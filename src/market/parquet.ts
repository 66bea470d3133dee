import type { ParquetScan, SchemaElement, SchemaTree } from 'hyparquet';
import { DataError } from '../domain/errors.ts';
import { startsWith } from './file-bytes.ts';
import type { Cell, RowVisitor, Table } from './table.ts';

const MAGIC = [0x50, 0x41, 0x52, 0x31] as const;
const ENCRYPTED_MAGIC = [0x50, 0x41, 0x52, 0x45] as const;

/** Rows that are taken apart at a time, where a row group has more. */
const PAGE_ROWS = 50_000;
const SAMPLE_ROWS = 20;

/** Every Parquet file begins (and ends) with these letters, whatever its name is. */
export function looksLikeParquet(content: Buffer): boolean {
  return startsWith(content, MAGIC) || startsWith(content, ENCRYPTED_MAGIC);
}

/**
 * Opens a Parquet file of flat columns, with any of the usual compressions. Nested columns may be there, unread.
 *
 * @throws DataError for an encrypted, a broken, and an empty file
 */
export async function openParquet(content: Buffer, file: string): Promise<Table> {
  if (startsWith(content, ENCRYPTED_MAGIC)) throw encrypted(file);
  const [{ parquetScan, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const source = {
    byteLength: content.length,
    slice: (from: number, to = content.length): ArrayBuffer => Uint8Array.from(content.subarray(from, to)).buffer,
  };
  const scan = await parquetScan({ file: source, compressors, useOffsetIndex: false }).catch((error: unknown) =>
    throwBroken(file, error),
  );
  const columns = parquetSchema(scan.metadata).children;
  if (scan.ranges.length === 0) throw new DataError(`${file} is a Parquet file without rows`);
  const reader: Reader = { file, scan, columns };
  const all = columns.map((_, i) => i).filter((i) => columns[i]?.children.length === 0);
  const sample: Cell[][] = [];
  const [first] = pagesOf(scan) as [Page];
  const head = { rowStart: first.rowStart, rowEnd: Math.min(first.rowStart + SAMPLE_ROWS, first.rowEnd) };
  await readPage(reader, head, all, (cells) => {
    const row: Cell[] = columns.map(() => 'nested values');
    for (const [i, column] of all.entries()) row[column] = cells[i];
    sample.push(row);
  });
  return {
    file,
    format: 'Parquet',
    place: 'row',
    header: columns.map(({ element }) => element.name),
    hasHeader: true,
    zoneless: new Set(all.filter((i) => isZoneless((columns[i] as SchemaTree).element))),
    sample,
    notes: [],
    read: async (wanted, visit) => {
      for (const page of pagesOf(scan)) await readPage(reader, page, wanted, visit);
    },
  };
}

interface Reader {
  readonly file: string;
  readonly scan: ParquetScan;
  readonly columns: readonly SchemaTree[];
}

interface Page {
  readonly rowStart: number;
  readonly rowEnd: number;
}

function pagesOf(scan: ParquetScan): Page[] {
  return scan.ranges.flatMap(({ rowStart, rowEnd }) => {
    const pages: Page[] = [];
    for (let from = rowStart; from < rowEnd; from += PAGE_ROWS) {
      pages.push({ rowStart: from, rowEnd: Math.min(from + PAGE_ROWS, rowEnd) });
    }
    return pages;
  });
}

async function readPage(
  { file, scan, columns }: Reader,
  page: Page,
  wanted: readonly number[],
  visit: RowVisitor,
): Promise<void> {
  const values: ArrayLike<unknown>[] = [];
  for (const place of wanted) {
    const { element, children } = columns[place] as SchemaTree;
    if (children.length > 0) {
      throw new DataError(`${file}: column '${element.name}' holds nested values, not one a row`, {
        hint: 'Write time, prices and volume as plain columns.',
      });
    }
    values.push(await scan.readColumn({ column: element.name, ...page }).catch((error) => throwBroken(file, error)));
  }
  const cells: Cell[] = wanted.map(() => undefined);
  for (let row = page.rowStart; row < page.rowEnd; row++) {
    for (let i = 0; i < values.length; i++) cells[i] = (values[i] as ArrayLike<unknown>)[row - page.rowStart];
    visit(cells, row + 1);
  }
}

function isZoneless({ logical_type: type }: SchemaElement): boolean {
  return type?.type === 'TIMESTAMP' && !type.isAdjustedToUTC;
}

function encrypted(file: string): DataError {
  return new DataError(`${file} is an encrypted Parquet file`, { hint: 'Decrypt it, and import it again.' });
}

function throwBroken(file: string, error: unknown): never {
  if (error instanceof DataError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  if (/encrypt/i.test(message)) throw encrypted(file);
  throw new DataError(`${file} is a broken Parquet file`, {
    details: [message],
    hint: 'Fetch the file again; or, where columns of it are encrypted, decrypt it. Nothing was imported.',
    cause: error,
  });
}
