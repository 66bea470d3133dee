import { createWriteStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { DataError, UsageError } from '../domain/errors.ts';
import { intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { MarketDatabase } from './database.ts';
import { csvText, EXTENSIONS, formatOf } from './export-format.ts';
import {
  describeRequest,
  type ExportedRow,
  type ExportRequest,
  type ExportSource,
  exportSource,
} from './export-rows.ts';
import { fileNameOf, readFileName } from './file-name.ts';
import type { SeriesKey } from './series-store.ts';

export interface Exported extends SeriesKey {
  readonly rows: number;
  readonly firstMs: EpochMs;
  readonly lastMs: EpochMs;
  /** Holes between the rows, and the rows that they lack; funding that was settled each eight hours has none. */
  readonly gaps: number;
  readonly missing: number;
  /** The name under which an import knows without options what is in the file, where it has another. */
  readonly betterName?: string;
}

export interface ExportOptions {
  /** Replace a file that is there. */
  readonly force?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a series to a file, in the format that its name says. It is written beside it and renamed when it is whole, so
 * that a full disk, a kill or Ctrl-C leave nothing under its name, and a file that was there as it was.
 *
 * @throws UsageError for what is not stored, a name without a format, and a file that is there already
 * @throws DataError where the stretch holds no rows
 */
export async function exportFile(
  db: MarketDatabase,
  path: string,
  request: ExportRequest,
  { force, signal }: ExportOptions = {},
): Promise<Exported> {
  const file = basename(path);
  const source = exportSource(db, request);
  const suggested = fileNameOf(source.series);
  refuseBadPath(path, suggested, force === true);
  const { extension, isGzip, format } = formatOf(file);
  const summary = new Summary(source);
  const partial = join(dirname(path), `.${file}.${process.pid}.partial`);
  try {
    const bytes = Readable.from(format(summary.watched), { highWaterMark: 1 });
    const sink = createWriteStream(partial, { flags: 'wx', flush: true });
    const stop = signal === undefined ? {} : { signal };
    if (isGzip) await pipeline(bytes, createGzip(), sink, stop);
    else await pipeline(bytes, sink, stop);
    summary.requireRows(request);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    signal?.throwIfAborted();
    throw error;
  }
  return { ...summary.result(), ...(isKnownBy(file, suggested) ? {} : { betterName: `${suggested}${extension}` }) };
}

/**
 * Hands a series over as CSV text, a page at a time.
 *
 * @throws UsageError, DataError as `exportFile`
 */
export async function exportText(
  db: MarketDatabase,
  request: ExportRequest,
  write: (text: string) => void,
  signal?: AbortSignal,
): Promise<Exported> {
  const summary = new Summary(exportSource(db, request));
  let header = '';
  for await (const text of csvText(summary.watched)) {
    signal?.throwIfAborted();
    // The header waits for the first row, so that a stretch without rows writes nothing at all.
    if (summary.isEmpty) {
      header = text;
      continue;
    }
    write(header + text);
    header = '';
    await turn();
  }
  summary.requireRows(request);
  return summary.result();
}

function refuseBadPath(path: string, suggested: string, force: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    throw new UsageError(`${path} is a directory`, {
      hint: `Name a file in it, like ${join(path, `${suggested}.csv`)}.`,
    });
  }
  if (EXTENSIONS.every((extension) => !path.toLowerCase().endsWith(extension))) formatOf(basename(path));
  if (found !== undefined && !force) {
    throw new UsageError(`${path} is there already`, { hint: 'Name another file, or replace it with --force.' });
  }
  if (existsSync(dirname(path))) return;
  throw new UsageError(`there is no directory ${dirname(path)}`, { hint: 'Make it, or name a file elsewhere.' });
}

function isKnownBy(file: string, suggested: string): boolean {
  const { source, coin, content, isMark } = readFileName(file);
  return `${source}_${coin}_${content}${isMark === true ? '-mark' : ''}` === suggested;
}

/** Counts the rows of a series while they pass. */
class Summary {
  /** The same series; what passes through it is counted. */
  readonly watched: ExportSource;
  readonly #source: ExportSource;
  #rows = 0;
  #firstMs = 0;
  #lastMs = 0;
  #gaps = 0;
  #missing = 0;

  constructor(source: ExportSource) {
    this.#source = source;
    this.watched = { ...source, pages: this.#watch(source.pages) };
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  *#watch(pages: Iterable<readonly ExportedRow[]>): Generator<readonly ExportedRow[]> {
    for (const rows of pages) {
      for (const [timeMs] of rows) this.#count(timeMs as number);
      yield rows;
    }
  }

  #count(timeMs: number): void {
    const { kind, interval } = this.#source.series;
    const missing = this.#rows === 0 || kind === 'funding' ? 0 : (timeMs - this.#lastMs) / intervalMs(interval) - 1;
    if (missing > 0) this.#gaps++;
    this.#missing += missing;
    if (this.#rows++ === 0) this.#firstMs = timeMs;
    this.#lastMs = timeMs;
  }

  /** @throws DataError */
  requireRows(request: ExportRequest): void {
    if (!this.isEmpty) return;
    throw new DataError(`nothing is stored of ${describeRequest(request)}`, {
      hint: "'candor data status' shows how far the series reach.",
    });
  }

  result(): Exported {
    const { source, coin, interval, kind } = this.#source.series;
    return {
      source,
      coin,
      interval,
      kind,
      rows: this.#rows,
      firstMs: epochMs(this.#firstMs),
      lastMs: epochMs(this.#lastMs),
      gaps: this.#gaps,
      missing: this.#missing,
    };
  }
}
