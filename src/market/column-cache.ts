import {
  closeSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readvSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { systemClock } from '../domain/clock.ts';
import { MINUTE_MS, SECOND_MS } from '../domain/time.ts';
import type { FiveColumns } from './candle-table.ts';
import type { MarketDatabase } from './database.ts';

/**
 * A file begins with this, the checksum (crc32, little-endian) of all that follows it, and the fingerprint as bytes.
 * Then come the five columns, whole, one behind the other, as the machine holds them.
 */
const MAGIC = Buffer.from('CndrBlk1');
const CHECKSUM_AT = MAGIC.length;
const FINGERPRINT_AT = CHECKSUM_AT + 8;
const HEADER_BYTES = FINGERPRINT_AT + 32;

/** By then the system has written to the disk what a program wrote, so that a power cut takes nothing of it away. */
const WRITTEN_OUT_MS = 2 * MINUTE_MS;
/** Seconds from 1970 to 2004. */
const MARKS = 2 ** 30;

/**
 * Copies of sealed blocks of candles as files, each named by the fingerprint of what is in it. The database says which
 * fingerprint a block has now, so that a file can be absent, but never out of date; and a file that is not what its
 * name says (torn, foreign, a bit flipped) is as good as absent. No error of the file system is one of the caller's:
 * without the files everything is slower, and the same.
 */
export class ColumnCache {
  readonly #directory: string;
  #isWritable = true;
  #hasWritten = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The cache beside a database file; undefined for a database in memory. */
  static beside(db: MarketDatabase): ColumnCache | undefined {
    if (db.memory || db.name === '') return undefined;
    return new ColumnCache(join(dirname(db.name), 'columns', basename(db.name)));
  }

  /** Whether something was written, and so something else may have become useless. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Fills the columns of a block. Where it answers false, they hold anything. */
  read(fingerprint: string, columns: FiveColumns): boolean {
    try {
      const file = openSync(this.#path(fingerprint), 'r');
      try {
        return readWhole(file, fingerprint, columns.map(bytesOf));
      } finally {
        closeSync(file);
      }
    } catch {
      return false;
    }
  }

  /** Keeps the columns of a block, whose fingerprint the caller has seen to be this. */
  write(fingerprint: string, columns: FiveColumns): void {
    if (!this.#isWritable) return;
    const path = this.#path(fingerprint);
    const unfinished = `${path}.${process.pid}-${threadId}`;
    const parts = columns.map(bytesOf);
    try {
      mkdirSync(this.#directory, { recursive: true });
      writeWhole(unfinished, [headerOf(fingerprint, checksumOf(fingerprint, parts)), ...parts]);
      renameSync(unfinished, path);
      this.#hasWritten = true;
    } catch {
      // A full disk, a folder of somebody else: what failed once is not tried again for every block.
      this.#isWritable = false;
      this.#remove(unfinished);
    }
  }

  /** Removes the files of blocks that are not there any more, and what a killed process left unfinished. */
  prune(fingerprints: ReadonlySet<string>): void {
    try {
      for (const name of readdirSync(this.#directory)) {
        if (!fingerprints.has(name)) this.#remove(join(this.#directory, name));
      }
    } catch {
      // Useless files are a waste of space, not an error.
    }
  }

  #path(fingerprint: string): string {
    return join(this.#directory, fingerprint);
  }

  #remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch {
      // As above.
    }
  }
}

function bytesOf(column: Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** Reads a file, and says whether it is what it should be. */
function readWhole(file: number, fingerprint: string, parts: readonly Uint8Array[]): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  const length = parts.reduce((sum, part) => sum + part.length, HEADER_BYTES);
  if (readvSync(file, [header, ...parts]) !== length) return false;
  const checksum = header.readUInt32LE(CHECKSUM_AT);
  if (!header.equals(headerOf(fingerprint, checksum))) return false;
  // Looked at after the reading: who wrote meanwhile has taken the mark away.
  const { mtimeMs } = fstatSync(file);
  if (mtimeMs === markOf(checksum) * SECOND_MS) return true;
  if (checksumOf(fingerprint, parts) !== checksum) return false;
  if (systemClock.nowMs() - mtimeMs > WRITTEN_OUT_MS) mark(file, checksum);
  return true;
}

/**
 * Adding up a year of minutes takes a quarter of the time in which it is loaded, so a file that was found right is
 * marked: the time of its last change becomes one of long ago that its checksum tells. Whoever writes to it changes
 * that time, and it is added up again. What the mark does not see is a disk that forgets; no more does the database.
 */
function mark(file: number, checksum: number): void {
  try {
    futimesSync(file, markOf(checksum), markOf(checksum));
  } catch {
    // The file is somebody else's, or may not be written to: it is added up each time.
  }
}

/** In seconds since 1970: before 2004, which every file system can tell. */
function markOf(checksum: number): number {
  return checksum % MARKS;
}

function checksumOf(fingerprint: string, parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), crc32(Buffer.from(fingerprint, 'hex')));
}

function headerOf(fingerprint: string, checksum: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(checksum, CHECKSUM_AT);
  header.write(fingerprint, FINGERPRINT_AT, 'hex');
  return header;
}

function writeWhole(path: string, parts: readonly Uint8Array[]): void {
  const file = openSync(path, 'w');
  try {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (writevSync(file, [...parts]) !== length) throw new Error(`${path} was written in part`);
  } finally {
    closeSync(file);
  }
}
