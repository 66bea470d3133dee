import { existsSync } from 'node:fs';
import { type MarketDatabase, openDatabase } from '../market/database.ts';
import { type KeptLine, keptLines } from '../market/trial-store.ts';
import { readTrials, type TrialLedger } from './trial-ledger.ts';
import { type LedgerLine, lineSchema } from './trial-lines.ts';

/** The ledger, and what the database here remembers of it. */
export interface KnownLedger extends TrialLedger {
  /**
   * Lines that were written where this database was in use and that the file does not have: cut off its end, or on
   * another branch. They are no part of the ledger, but a seal among them holds all the same.
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
  const there = new Set(ledger.lines.map(({ hash }) => hash));
  return { ...ledger, lost: kept.filter(({ hash }) => !there.has(hash)).flatMap(parsed) };
}

function parsed({ text }: KeptLine): LedgerLine[] {
  const line = lineSchema.safeParse(JSON.parse(text)).data;
  return line === undefined ? [] : [line];
}
