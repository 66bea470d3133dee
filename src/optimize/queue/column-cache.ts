import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.ts';
import { DAY_MS } from '../../domain/time.ts';
import { type BlobRef, hasHash } from './blobs.ts';
import type { QueueLog } from './keys.ts';

/** A file that no sweep has read for so long is deleted. */
const KEPT_DAYS = 30;
const SUFFIX = '.columns';

/**
 * Columns that were fetched once, a file each, named by the hash of its bytes. Whatever happens to a file (a crash
 * while it is written, a bad disk, an editor) is found by that hash, and the columns are fetched again.
 */
export class ColumnCache {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #log: QueueLog;

  constructor(directory: string, clock: Clock, log: QueueLog) {
    this.#directory = directory;
    this.#clock = clock;
    this.#log = log;
  }

  /** The bytes of the file, in shared memory; undefined where there is none that is whole. */
  read(ref: BlobRef): Uint8Array<SharedArrayBuffer> | undefined {
    const path = this.#path(ref);
    let file: Buffer;
    try {
      file = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error);
      return undefined;
    }
    if (!hasHash(file, ref)) {
      this.#log.warn(`${path} is damaged; its candles are fetched again`);
      return undefined;
    }
    const now = this.#clock.nowMs() / 1000;
    utimesSync(path, now, now);
    const bytes = new Uint8Array(new SharedArrayBuffer(ref.bytes));
    bytes.set(file);
    return bytes;
  }

  /** Keeps the bytes for the next sweep. A full disk is no reason not to work on this one. */
  write(ref: BlobRef, bytes: Uint8Array): void {
    const path = this.#path(ref);
    const unfinished = `${path}.${process.pid}`;
    try {
      mkdirSync(this.#directory, { recursive: true });
      writeFileSync(unfinished, bytes);
      renameSync(unfinished, path);
    } catch (error) {
      rmSync(unfinished, { force: true });
      this.#warn(error);
    }
  }

  /** Deletes what nobody has read for a month. */
  prune(): void {
    const oldestMs = this.#clock.nowMs() - KEPT_DAYS * DAY_MS;
    try {
      for (const name of readdirSync(this.#directory)) {
        const path = join(this.#directory, name);
        if (name.includes(SUFFIX) && statSync(path).mtimeMs < oldestMs) rmSync(path, { force: true });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error);
    }
  }

  #path({ sha256 }: BlobRef): string {
    return join(this.#directory, `${sha256}${SUFFIX}`);
  }

  #warn(error: unknown): void {
    this.#log.warn(`the cache of candles cannot be used: ${(error as Error).message}`);
  }
}
