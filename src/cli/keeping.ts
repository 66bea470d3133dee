import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_CONFIG } from '../config/config.ts';
import { CandorError } from '../domain/errors.ts';
import { type KnownLedger, readKnownLedger } from '../evidence/known-ledger.ts';
import { appendTrial, TRIALS_FILE } from '../evidence/trial-ledger.ts';
import { gatesOnRecord } from '../evidence/trials.ts';
import type { Context } from './context.ts';
import { counted } from './database.ts';

/** Where reports are kept. */
export function resultsPathOf({ root }: Context): string {
  return join(root, 'backtests', 'results');
}

export function ledgerPathOf({ root }: Pick<Context, 'root'>): string {
  return join(root, TRIALS_FILE);
}

/**
 * A study takes a while and a sweep may take hours, and the result of either is lost where it cannot be kept; so this
 * is found before it runs.
 *
 * @throws CandorError
 */
export function requireWritable(what: 'study' | 'sweep' | 'optimisation', context: Context): void {
  const resultsPath = resultsPathOf(context);
  const ledgerPath = ledgerPathOf(context);
  try {
    mkdirSync(resultsPath, { recursive: true });
    for (const path of [resultsPath, join(context.root, 'backtests')]) accessSync(path, constants.W_OK);
    if (existsSync(ledgerPath)) accessSync(ledgerPath, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const { code, path = resultsPath } = cause as NodeJS.ErrnoException;
    throw new CandorError(`the ${what} was not run, because ${path} cannot be written (${code})`, {
      hint: `Give this user access to backtests/ and all that is in it, or make room, and run the ${what} again.`,
      cause,
    });
  }
}

/**
 * Thresholds are chosen before results are seen. So those that are not the last ones on record, or where none are, not
 * the usual ones, are written down before anything is judged by them.
 *
 * @throws CandorError where the ledger cannot be written
 */
export function recordGates(context: Context): void {
  const { gates } = context.config;
  const { lines } = ledgerOf(context);
  if (isDeepStrictEqual({ ...(gatesOnRecord(lines) ?? DEFAULT_CONFIG.gates) }, { ...gates })) return;
  appendTrial(ledgerPathOf(context), { kind: 'gates', gates: { ...gates } }, context.clock);
}

/** A broken chain of trials stops nothing, but whoever reads a result has to know. */
export function chainNote(context: Context): string | undefined {
  const { state, lost } = ledgerOf(context);
  if (!state.intact) {
    return `the record of trials is broken at line ${state.brokenAtLine} of ${TRIALS_FILE}: ${state.reason}`;
  }
  return lost.length === 0 ? undefined : lostNote(lost.length);
}

/** Only lines that are missing at the end leave the chain whole; the database remembers them. */
export function lostNote(lines: number): string {
  const are = lines === 1 ? 'is' : 'are';
  return `${counted(lines, 'line')} that this database has seen written ${are} not in ${TRIALS_FILE}`;
}

/** The ledger of this project, and what the database remembers of it. */
export function ledgerOf(context: Pick<Context, 'root' | 'databasePath'>): KnownLedger {
  return readKnownLedger(ledgerPathOf(context), context.databasePath);
}
