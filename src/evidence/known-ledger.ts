import { existsSync } from 'node:fs';
import { type MarketDatabase, openDatabase } from '../market/database.ts';
import { type KeptLine, keptLines } from '../market/trial-store.ts';
import { isTrial, readTrials, type TrialLedger } from './trial-ledger.ts';
import { type LedgerLine, lineSchema, type RecordedTrial } from './trial-lines.ts';

/** The ledger, and what the database here remembers of it. */
export interface KnownLedger extends TrialLedger {
  /**
   * Lines that were written where this database was in use and that the file does not have as they were written: cut
   * off its end, changed, or on another branch. They are no part of the ledger, but a seal among them holds all the
   * same, and what they tried was tried.
   */
  readonly lost: readonly LedgerLine[];
}

/** @throws CandorError where the file, or the database, cannot be read */
export function readKnownLedger(path: string, databasePath: string): KnownLedger {
  if (!existsSync(databasePath)) return { ...readTrials(path), lost: [] };
  const db = openDatabase(databasePath, { readonly: true });
  try {
    return knownLedger(path, db);
  } finally {
    db.close();
  }
}

export function knownLedger(path: string, db: MarketDatabase): KnownLedger {
  const kept = keptLines(db);
  const ledger = readTrials(path);
  // By all that they say: a line that was changed may bear the hash that it had.
  const there = new Set(ledger.lines.map((line) => JSON.stringify(line)));
  return { ...ledger, lost: kept.flatMap(parsed).filter((line) => !there.has(JSON.stringify(line))) };
}

/** Everything that is known to have been tried: what the ledger tells, and after it what it tells no more. */
export function everTried({ trials, lost }: KnownLedger): RecordedTrial[] {
  return [...trials, ...lost.filter(isTrial).sort((a, b) => a.recordedAtMs - b.recordedAtMs)];
}

function parsed({ text }: KeptLine): LedgerLine[] {
  const line = lineSchema.safeParse(JSON.parse(text)).data;
  return line === undefined ? [] : [line];
}
