import Database from 'better-sqlite3';
import type { Clock } from '../domain/clock.ts';
import type { CandorError } from '../domain/errors.ts';
import type { MarketDatabase } from './database.ts';

/** The right to be the only process that does something with a database. */
export interface SoleClaim {
  release(): void;
}

/** Who has it. */
export interface ClaimOwner {
  readonly pid: number;
  readonly since_ms: number;
}

export interface Claimed {
  /** Its lock is a file of this ending beside the database. */
  readonly role: string;
  /** What whoever comes second is told. */
  readonly refusal: (owner: ClaimOwner, cause: unknown) => CandorError;
}

/** Long enough for another one's start, which takes milliseconds. */
const BUSY_TIMEOUT_MS = 500;

/**
 * Makes this process the only one of a role on the database, until it lets go or dies: the claim is a lock that the
 * operating system holds on a file beside the database, so a killed owner leaves none behind.
 *
 * @throws the refusal while another process has it
 */
export function claimAlone(db: MarketDatabase, { role, refusal }: Claimed, clock: Clock): SoleClaim {
  if (db.memory) return { release: () => {} };
  const lock = new Database(`${db.name}-${role}`, { timeout: BUSY_TIMEOUT_MS });
  try {
    const self: ClaimOwner = { pid: process.pid, since_ms: clock.nowMs() };
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
    throw owner === undefined ? error : refusal(owner, error);
  }
}

function ownerOf(lock: Database.Database): ClaimOwner | undefined {
  return lock.prepare('SELECT pid, since_ms FROM owner').get() as ClaimOwner | undefined;
}

function isOwner(lock: Database.Database, { pid, since_ms }: ClaimOwner): boolean {
  const owner = ownerOf(lock);
  return owner?.pid === pid && owner.since_ms === since_ms;
}

function isLocked(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
