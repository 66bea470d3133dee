import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { CandorError, DataError, UsageError } from '../domain/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export type MarketDatabase = Database.Database;

export interface OpenOptions {
  /** How long to wait for another process that writes. */
  readonly busyTimeoutMs?: number;
  /** Only look: nothing is created, and a file or a folder that may not be written to will do. */
  readonly readonly?: boolean;
  /** Memory for pages of the file, which many small series fill; 16 MB where it is not said. */
  readonly cacheMb?: number;
}

/** Marks the file as ours ('Cndr'), so that a database of another program is never written to. */
const APPLICATION_ID = 0x43_6e_64_72;
const BUSY_TIMEOUT_MS = 15_000;
const CACHE_MB = 16;

/**
 * Opens the market database, creates it where it is absent, and brings an older one up to date.
 *
 * @throws DataError when the file is no database, belongs to another program, was written by a newer Candor, is
 *   locked, or cannot be created. It is untouched then.
 * @throws UsageError when the path is that of a directory
 */
export function openDatabase(path: string, options: OpenOptions = {}): MarketDatabase {
  const { readonly = false, busyTimeoutMs = BUSY_TIMEOUT_MS, cacheMb = CACHE_MB } = options;
  return withDatabaseErrors(path, () => {
    if (sizeOf(path) === 'directory') {
      throw new UsageError(`${path} is a directory, not a database`, {
        hint: `Name a file in it, like ${join(path, 'candor.sqlite')}.`,
      });
    }
    if (path !== ':memory:' && !readonly) mkdirSync(dirname(path), { recursive: true });
    try {
      const db = new Database(path, { timeout: busyTimeoutMs, fileMustExist: readonly });
      return prepared(db, path, () => {
        db.pragma('journal_mode = WAL');
        db.pragma(`cache_size = ${-cacheMb * 1_000}`);
      });
    } catch (error) {
      if (!readonly || !isUnwritable(error)) throw error;
      return openUnwritable(path, busyTimeoutMs);
    }
  });
}

function prepared(db: MarketDatabase, path: string, first = (): unknown => undefined): MarketDatabase {
  try {
    refuseForeign(db, path);
    first();
    migrate(db);
    db.pragma('foreign_keys = ON');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * SQLite wants to make a log beside even a database that is only read. Where a log is there already, its owner is at
 * work and it can be shared; where there is none, the file is all there is, and a copy in memory is as good.
 */
function openUnwritable(path: string, timeout: number): MarketDatabase {
  const logBytes = sizeOf(`${path}-wal`);
  if (logBytes !== undefined && logBytes !== 0) return prepared(new Database(path, { readonly: true, timeout }), path);
  const bytes = readFileSync(path);
  // Format versions: 1 is a database without a log, which is the only kind that memory can hold.
  bytes.fill(1, 18, 20);
  const db = prepared(new Database(bytes), path);
  db.pragma('query_only = ON');
  return db;
}

function sizeOf(path: string): number | 'directory' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() ? 'directory' : found?.size;
}

/**
 * Runs `work` as one transaction: all of it or, after an error, a kill or a power cut, nothing.
 *
 * @param end `rollback` does everything and keeps nothing: a dry run.
 */
export function inTransaction<T>(db: MarketDatabase, work: () => T, end: 'commit' | 'rollback' = 'commit'): T {
  return withDatabaseErrors(db.name, () => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec(end);
      return result;
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  });
}

/** Runs `work` on one snapshot, whatever other processes write meanwhile. */
export function onSnapshot<T>(db: MarketDatabase, work: () => T): T {
  return withDatabaseErrors(db.name, () => db.transaction(work).deferred());
}

/** What SQLite finds wrong with the file; empty when it is sound. */
export function integrityProblems(db: MarketDatabase): string[] {
  const answers = withDatabaseErrors(db.name, () => db.pragma('quick_check') as { quick_check: string }[]);
  return answers.map((row) => row.quick_check).filter((text) => text !== 'ok');
}

function userVersion(db: MarketDatabase): number {
  return db.pragma('user_version', { simple: true }) as number;
}

function refuseForeign(db: MarketDatabase, path: string): void {
  const version = userVersion(db);
  const isOurs = db.pragma('application_id', { simple: true }) === APPLICATION_ID;
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isOurs && !isEmpty) {
    throw new DataError(`${path} is a database of another program`, {
      hint: 'Name another file for the database; this one was left as it is.',
    });
  }
  if (isOurs && version > MIGRATIONS.length) {
    throw new DataError(`${path} was written by a newer Candor`, {
      details: [`its schema has version ${version}, this Candor knows versions up to ${MIGRATIONS.length}`],
      hint: 'Update Candor, or name another file for the database; this one was left as it is.',
    });
  }
}

function migrate(db: MarketDatabase): void {
  if (userVersion(db) === MIGRATIONS.length) return;
  // A step may rebuild a table that others refer to; inside a transaction this could not be said any more.
  db.pragma('foreign_keys = OFF');
  inTransaction(db, () => {
    // Read again under the lock: another process may have migrated while we waited.
    for (const step of MIGRATIONS.slice(userVersion(db))) {
      if (typeof step === 'string') db.exec(step);
      else step(db);
    }
    db.pragma(`user_version = ${MIGRATIONS.length}`);
    db.pragma(`application_id = ${APPLICATION_ID}`);
  });
}

function withDatabaseErrors<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(error, path);
  }
}

/** Runs `work`, whose errors of SQLite and of the file system become ones that say what to do. */
export async function withDatabaseErrorsAsync<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translated(error, path);
  }
}

function isUnwritable(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(READONLY|CANTOPEN|PERM)/.test(error.code);
}

interface Explanation {
  readonly code: RegExp;
  readonly message: (path: string) => string;
  readonly hint: string;
}

const EXPLANATIONS: readonly Explanation[] = [
  {
    code: /^SQLITE_(BUSY|LOCKED)/,
    message: (path) => `${path} is locked by another process`,
    hint: 'Wait until the other process has finished, or stop it, then run the command again; nothing was lost.',
  },
  {
    code: /^(SQLITE_FULL|ENOSPC)/,
    message: (path) => `there is no space left to write ${path}`,
    hint: 'Make room on the disk and run the command again; what was stored before is all there.',
  },
  {
    code: /^SQLITE_NOTADB/,
    message: (path) => `${path} is not a database`,
    hint: 'Name another file for the database; this one was left as it is.',
  },
  {
    code: /^SQLITE_CORRUPT/,
    message: (path) => `${path} is damaged`,
    hint: 'Restore it from a backup, or move it away and import the files again.',
  },
  {
    code: /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)/,
    message: (path) => `${path} cannot be opened`,
    hint: 'Check that this user may read it and write to its directory, or name another file for the database.',
  },
  {
    code: /^(SQLITE_IOERR|EIO)/,
    message: (path) => `${path} could not be read or written`,
    hint: 'The disk reports an error; what was stored before is kept.',
  },
];

/** A SQLite or file error as one that says what to do; any other comes back as it is. */
function translated(error: unknown, path: string): unknown {
  if (error instanceof CandorError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const explanation = EXPLANATIONS.find((each) => each.code.test(code));
  if (explanation === undefined) return error;
  return new DataError(explanation.message(path), {
    hint: explanation.hint,
    details: [`${code}: ${error.message}`],
    cause: error,
  });
}
