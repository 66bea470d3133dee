import Database from 'better-sqlite3';
import type { Clock } from '../../domain/clock.ts';
import { CandorError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time.ts';
import type { MarketDatabase } from '../database.ts';

/** The right to be the one ingester of a database. */
export interface IngestClaim {
  release(): void;
}

interface Owner {
  readonly pid: number;
  readonly since_ms: number;
}

/** Long enough for another one's start, which takes milliseconds. */
const BUSY_TIMEOUT_MS = 500;

/**
 * Makes this process the one ingester of the database, until it lets go or dies: the claim is a lock that the operating
 * system holds on a file beside the database, so a killed ingester leaves none behind. Whoever reads, imports or
 * downloads needs no claim.
 *
 * @throws CandorError while another process has it, with its pid and start
 */
export function claimIngestion(db: MarketDatabase, clock: Clock): IngestClaim {
  if (db.memory) return { release: () => {} };
  const lock = new Database(`${db.name}-ingester`, { timeout: BUSY_TIMEOUT_MS });
  try {
    const self: Owner = { pid: process.pid, since_ms: clock.nowMs() };
    lock.exec('CREATE TABLE IF NOT EXISTS owner (pid INTEGER NOT NULL, since_ms INTEGER NOT NULL)');
    // A transaction that stays open is the lock. Who owns it can be read only once it is committed: so two of them.
    for (lock.exec('BEGIN IMMEDIATE'); !isOwner(lock, self); lock.exec('BEGIN IMMEDIATE')) {
      lock.exec('DELETE FROM owner');
      lock.prepare('INSERT INTO owner VALUES (?, ?)').run(self.pid, self.since_ms);
      lock.exec('COMMIT');
    }
    return { release: () => void lock.close() };
  } catch (error) {
    const owner = isLocked(error) ? ownerOf(lock) : undefined;
    lock.close();
    throw owner === undefined ? error : refusal(db.name, owner, error);
  }
}

function ownerOf(lock: MarketDatabase): Owner | undefined {
  return lock.prepare('SELECT pid, since_ms FROM owner').get() as Owner | undefined;
}

function isOwner(lock: MarketDatabase, { pid, since_ms }: Owner): boolean {
  const owner = ownerOf(lock);
  return owner?.pid === pid && owner.since_ms === since_ms;
}

function isLocked(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

function refusal(path: string, { pid, since_ms }: Owner, cause: unknown): CandorError {
  return new CandorError(`another ingester is at work on ${path}: process ${pid}, since ${formatTime(since_ms)}`, {
    hint: 'Let it work, or stop it first; reading, importing and exporting are possible all the while.',
    cause,
  });
}
