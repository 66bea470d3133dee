import { inTransaction, type MarketDatabase, onSnapshot } from './database.ts';

/** Daily returns of one trial of a line of the trial ledger. */
export interface StoredReturns {
  /** Place of the trial in its line. */
  readonly trial: number;
  /** Days since 1970-01-01 of the first. */
  readonly firstDay: number;
  readonly values: Float64Array;
}

/** A line of the trial ledger as this database has seen it written. */
export interface KeptLine {
  readonly hash: string;
  /** The line itself. */
  readonly text: string;
}

/**
 * Keeps what a line of the trial ledger is too short for: the daily returns of its trials. The line is kept too, so
 * that one that is missing from the end of the file is noticed, and a seal does not end with its line.
 */
export function keepLine(db: MarketDatabase, { hash, text }: KeptLine, returns: readonly StoredReturns[] = []): void {
  inTransaction(db, () => {
    db.prepare('INSERT OR IGNORE INTO ledger_lines (hash, line) VALUES (?, ?)').run(hash, text);
    const insert = db.prepare(
      'INSERT OR IGNORE INTO trial_returns (line, trial, first_day, returns) VALUES (?, ?, ?, ?)',
    );
    for (const { trial, firstDay, values } of returns) insert.run(hash, trial, firstDay, bytesOf(values));
  });
}

export function keptLines(db: MarketDatabase): KeptLine[] {
  return onSnapshot(db, () => db.prepare('SELECT hash, line AS text FROM ledger_lines').all() as KeptLine[]);
}

/** What is stored of the trials of a line, by place; empty on a machine where they did not run. */
export function returnsOfLine(db: MarketDatabase, hash: string): StoredReturns[] {
  const rows = db
    .prepare('SELECT trial, first_day AS firstDay, returns FROM trial_returns WHERE line = ? ORDER BY trial')
    .all(hash) as { trial: number; firstDay: number; returns: Buffer }[];
  return rows.map(({ trial, firstDay, returns }) => ({ trial, firstDay, values: valuesOf(returns) }));
}

/** Little-endian doubles: what every machine that Candor runs on has in memory. */
function bytesOf(values: Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function valuesOf(bytes: Buffer): Float64Array {
  return new Float64Array(new Uint8Array(bytes).buffer);
}
