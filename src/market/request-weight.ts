import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock, Timer } from '../domain/clock.ts';
import { DAY_MS, MINUTE_MS } from '../domain/time.ts';
import {
  type RequestBudget,
  type Spent,
  type WeightLedger,
  WeightLimiter,
  WeightsInMemory,
  waitMsFor,
} from '../exchange/limiter.ts';

export interface SharedBudgetOptions {
  /** The exchange counts each of its addresses for itself: mainnet, testnet, one on this machine. */
  readonly apiUrl: string;
  readonly timer: Timer;
  /** Weight a minute that background work leaves to what is prompt. */
  readonly reserve?: number;
  /** Told for how long, at least, the request whose turn it is has to wait. */
  readonly onWait?: (waitMs: number) => void;
  /** Told once when the weight cannot be shared, and this process counts for itself alone. */
  readonly onWarning?: (message: string) => void;
  /** Where the file is that all processes share: a folder of this user in the system's folder for temporary files. */
  readonly folder?: string;
}

/** Ten confirmations of a closed candle within one minute, while a backfill takes all that it gets. */
export const DEFAULT_RESERVE = 210;

/**
 * The request weight of the exchange's address, shared by all processes of this user on this machine: a backfill, a
 * study that downloads and the daemon together stay under the limit, and what one is told ('too many requests') all
 * heed.
 */
export function sharedBudget(options: SharedBudgetOptions): RequestBudget {
  const { apiUrl, timer, reserve = DEFAULT_RESERVE, onWait, folder = defaultFolder() } = options;
  return new WeightLimiter({
    timer,
    reserve,
    onWait,
    ledger: new WeightsInFile(folder, new URL(apiUrl).host, options.onWarning),
  });
}

function defaultFolder(): string {
  const { uid, username } = userInfo();
  return join(tmpdir(), `candor-${uid < 0 ? username : uid}`);
}

const FILE = 'request-weight.sqlite';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS spent
    (host TEXT NOT NULL, at_ms REAL NOT NULL, weight REAL NOT NULL, pid INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS pauses
    (host TEXT PRIMARY KEY, until_ms REAL NOT NULL, set_ms REAL NOT NULL) WITHOUT ROWID;
`;
/** A transaction takes less than a millisecond; who waits this long waits for a process that was stopped within one. */
const BUSY_TIMEOUT_MS = 5_000;

/** One row for each request of the past minute, of all processes. */
class WeightsInFile implements WeightLedger {
  readonly #folder: string;
  readonly #host: string;
  readonly #onWarning: ((message: string) => void) | undefined;
  /** Knows what this process has spent, should the file be lost. */
  readonly #alone = new WeightsInMemory();
  #statements: Statements | undefined;
  /** A full disk, a lock that was not let go of: some time later it may be well again. */
  #lostAtMs = Number.NEGATIVE_INFINITY;
  #hasWarned = false;

  constructor(folder: string, host: string, onWarning: SharedBudgetOptions['onWarning']) {
    this.#folder = folder;
    this.#host = host;
    this.#onWarning = onWarning;
  }

  take(weight: number, ceiling: number, clock: Clock): number {
    return this.#whole(
      clock,
      ({ spent, pause, spend }, nowMs) => {
        const paused = pause.get(this.#host);
        if (paused !== undefined && paused.untilMs > nowMs) return paused.untilMs - nowMs;
        const waitMs = waitMsFor(weight, ceiling, spent.all(this.#host), nowMs);
        if (waitMs > 0) return waitMs;
        // Usually a part of what the file knows; but not of what was spent while it was lost.
        const ownWaitMs = this.#alone.take(weight, ceiling, clock);
        if (ownWaitMs === 0) spend.run(this.#host, nowMs, weight, process.pid);
        return ownWaitMs;
      },
      () => this.#alone.take(weight, ceiling, clock),
    );
  }

  pause(forMs: number, clock: Clock): void {
    this.#alone.pause(forMs, clock);
    this.#whole(
      clock,
      ({ setPause }, nowMs) => void setPause.run(this.#host, nowMs + forMs, nowMs),
      () => {},
    );
  }

  used(clock: Clock): number {
    return this.#whole(
      clock,
      ({ spent }) => spent.all(this.#host).reduce((sum, each) => sum + each.weight, 0),
      () => this.#alone.used(clock),
    );
  }

  /**
   * Runs `work` under the lock of all processes, on what is left of the past minute; alone while the file is lost. It
   * is tried anew after a minute.
   */
  #whole<T>(clock: Clock, work: (statements: Statements, nowMs: number) => T, alone: () => T): T {
    if (Math.abs(clock.nowMs() - this.#lostAtMs) < MINUTE_MS) return alone();
    const host = this.#host;
    try {
      this.#statements ??= opened(this.#folder);
      const statements = this.#statements;
      return statements.transaction(() => {
        const nowMs = clock.nowMs();
        statements.forget.run({ host, nowMs });
        // Written before the clock was set back: as of now, so that they do expire.
        statements.pullSpent.run({ host, nowMs });
        statements.pullPause.run({ host, nowMs });
        return work(statements, nowMs);
      }) as T;
    } catch (error) {
      this.#statements?.close();
      this.#statements = undefined;
      this.#lostAtMs = clock.nowMs();
      this.#warn(error);
      return alone();
    }
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#onWarning?.(
      `the request weight is not shared with other commands of this machine: ${join(this.#folder, FILE)}: ${reason}`,
    );
  }
}

type Statements = ReturnType<typeof opened>;

interface HostTime {
  readonly host: string;
  readonly nowMs: number;
}

function opened(folder: string) {
  requireOwn(folder);
  const db = new Database(join(folder, FILE), { timeout: BUSY_TIMEOUT_MS });
  // What a power cut takes was spent more than a minute ago when the machine is up again.
  db.pragma('synchronous = OFF');
  const transaction = db.transaction((work: () => unknown) => work());
  // Under the lock at once: many begin at the same moment, and none must be told that another one is at work.
  transaction.immediate(() => db.exec(SCHEMA));
  return {
    transaction: (work: () => unknown) => transaction.immediate(work),
    close: () => db.close(),
    forget: db.prepare<HostTime>(
      `DELETE FROM spent WHERE (host = $host AND at_ms <= $nowMs - ${MINUTE_MS}) OR at_ms <= $nowMs - ${DAY_MS}`,
    ),
    pullSpent: db.prepare<HostTime>('UPDATE spent SET at_ms = $nowMs WHERE host = $host AND at_ms > $nowMs'),
    pullPause: db.prepare<HostTime>(
      `UPDATE pauses SET until_ms = until_ms - (set_ms - $nowMs), set_ms = $nowMs
       WHERE host = $host AND set_ms > $nowMs`,
    ),
    spent: db.prepare<[string], Spent>('SELECT at_ms AS atMs, weight FROM spent WHERE host = ? ORDER BY at_ms'),
    spend: db.prepare<[string, number, number, number]>('INSERT INTO spent VALUES (?, ?, ?, ?)'),
    pause: db.prepare<[string], { untilMs: number }>('SELECT until_ms AS untilMs FROM pauses WHERE host = ?'),
    setPause: db.prepare<[string, number, number]>(
      `INSERT INTO pauses VALUES (?, ?, ?) ON CONFLICT DO UPDATE
       SET until_ms = excluded.until_ms, set_ms = excluded.set_ms WHERE excluded.until_ms > until_ms`,
    ),
  };
}

/** The folder for temporary files is everybody's: a folder that another user has laid there is not used. */
function requireOwn(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const { uid } = userInfo();
  const isOpen = uid >= 0 && (found.uid !== uid || (found.mode & 0o077) !== 0);
  if (!found.isDirectory() || isOpen) throw new Error(`${folder} is not a folder of this user alone (mode 700)`);
}
