import { existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { DataError, UsageError } from '../domain/errors.ts';
import { integrityProblems, type MarketDatabase, withDatabaseErrorsAsync } from './database.ts';

export interface BackupOptions {
  /** @param done of `total` pages of the file */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
}

/** Pages that are copied before the process does something else: 4 MB. */
const STEP_PAGES = 1_000;

/**
 * Copies the database to a new file, while others read and write it: a copy of one moment, checked by SQLite before it
 * gets its name. Until then it has another name, so that a backup that was ended in the middle is never taken for one.
 *
 * @throws UsageError where there is a file of that name already; it is left as it is
 * @throws DataError where the copy cannot be written, or is not sound
 */
export async function backupDatabase(
  db: MarketDatabase,
  file: string,
  { onProgress, signal }: BackupOptions = {},
): Promise<BackupResult> {
  refuseExisting(file);
  const unfinished = join(dirname(file), `.${basename(file)}.${process.pid}`);
  return withDatabaseErrorsAsync(file, async () => {
    mkdirSync(dirname(file), { recursive: true });
    const source = snapshotOf(db);
    try {
      const { totalPages } = await source.backup(unfinished, {
        progress: ({ totalPages: total, remainingPages }) => {
          signal?.throwIfAborted();
          onProgress?.(total - remainingPages, total);
          return STEP_PAGES;
        },
      });
      onProgress?.(totalPages, totalPages);
      const bytes = totalPages * checked(unfinished, file);
      giveName(unfinished, file);
      return { file, bytes };
    } finally {
      if (source !== db) source.close();
      for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${unfinished}${suffix}`, { force: true });
    }
  });
}

/**
 * A connection of its own that looks at one moment. Without it SQLite begins the copy anew each time that another
 * process writes, and beside an ingester would never end.
 */
function snapshotOf(db: MarketDatabase): MarketDatabase {
  if (db.memory) return db;
  const source = new Database(db.name, { readonly: db.readonly, fileMustExist: true });
  source.exec('BEGIN');
  source.prepare('SELECT count(*) FROM sqlite_schema').get();
  return source;
}

function refuseExisting(file: string): void {
  if (!existsSync(file)) return;
  throw new UsageError(`there is a file ${file} already`, { hint: 'Name another one; a backup writes over nothing.' });
}

/**
 * @returns the bytes of a page
 * @throws DataError where SQLite finds something wrong with the copy
 */
function checked(copy: string, file: string): number {
  const db = new Database(copy);
  try {
    // A file without a log beside it can be moved about; opening it as a database of ours brings the log back.
    db.pragma('journal_mode = DELETE');
    const problems = integrityProblems(db);
    if (problems.length > 0) {
      throw new DataError(`the copy for ${file} is not sound, and was removed`, {
        details: problems,
        hint: "Run 'candor data check': the database itself may be damaged.",
      });
    }
    return db.pragma('page_size', { simple: true }) as number;
  } finally {
    db.close();
  }
}

/** A link fails where a file of that name has appeared meanwhile; a rename would write over it. */
function giveName(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
  } catch {
    refuseExisting(file);
    // Some file systems know no links.
    renameSync(unfinished, file);
  }
}
