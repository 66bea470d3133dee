import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../domain/clock.ts';
import { CandorError } from '../domain/errors.ts';
import {
  beginningOf,
  entrySchema,
  type LedgerEntry,
  type LedgerLine,
  lineSchema,
  type RecordedTrial,
} from './trial-lines.ts';

/*
 * The trial ledger: one line for each study, sweep and optimisation ever run, so that the tenth try is judged as a
 * tenth try (rule 32), and for each seal on candles. It is a text file under git, and a chain: each line names the hash
 * of the line before it, and its own. A line that was changed, removed or inserted later shows; only lines missing at
 * the end do not, and those git knows.
 */

/** Where it is in a project. */
export const TRIALS_FILE = 'backtests/trials.jsonl';
/** What the first line names as the line before it. */
const GENESIS = '0'.repeat(64);
const LOCK_WAIT_MS = 15_000;

export type ChainState =
  | { readonly intact: true }
  | { readonly intact: false; readonly brokenAtLine: number; readonly reason: string; readonly hint: string };

export interface TrialLedger {
  /** Every line that can be read, before a break and after it. */
  readonly lines: readonly LedgerLine[];
  /** Those of them that tell of something tried. */
  readonly trials: readonly RecordedTrial[];
  /** The first thing that is wrong. */
  readonly state: ChainState;
}

/**
 * Reads the whole ledger; a file that does not exist yet is empty. A broken chain does not stop the reading: a report
 * must be able to say that it is broken, and trials that can still be read still count.
 *
 * @throws CandorError where the file cannot be read.
 */
export function readTrials(path: string): TrialLedger {
  return parseLedger(textOf(path));
}

/**
 * Adds a line, atomically: two processes wait for each other, the line is on the disk when this returns, and after an
 * error the file is as it was. A line that an earlier crash cut off is left for people to see; the chain goes on from
 * the last whole one.
 *
 * @param entry what to write down; or what makes it of the lines that are there, while nobody else writes: it may throw
 * @throws CandorError where the file cannot be locked or written (a full disk).
 */
export function appendTrial<Entry extends LedgerEntry>(
  path: string,
  entry: Entry | ((lines: readonly LedgerLine[]) => Entry),
  clock: Clock,
  lockWaitMs = LOCK_WAIT_MS,
): Extract<LedgerLine, { kind: Entry['kind'] }> {
  return withLock(path, lockWaitMs, () => {
    const text = textOf(path);
    const { lines } = parseLedger(text);
    const last = lines.at(-1);
    const body = JSON.stringify({
      ...beginningOf((last?.sequence ?? 0) + 1, clock.nowMs()),
      ...entrySchema.parse(typeof entry === 'function' ? entry(lines) : entry),
      previous: last?.hash ?? GENESIS,
    });
    const line = `${body.slice(0, -1)},"hash":"${sha256(body)}"}`;
    const startsLine = text === '' || text.endsWith('\n');
    appendDurably(path, `${startsLine ? '' : '\n'}${line}\n`);
    return lineSchema.parse(JSON.parse(line)) as Extract<LedgerLine, { kind: Entry['kind'] }>;
  });
}

function parseLedger(text: string): TrialLedger {
  const lines = text.split('\n');
  const isCutOff = lines.at(-1) !== '';
  if (!isCutOff) lines.pop();
  const read: LedgerLine[] = [];
  let state: ChainState = { intact: true };
  let previous = GENESIS;
  for (const [i, line] of lines.entries()) {
    const { line: found, flaw: ownFlaw } = parseLine(line);
    const isTorn = found === undefined && isCutOff && i === lines.length - 1;
    const isInOrder = found === undefined || found.previous === previous;
    const flaw = isTorn ? FLAWS.cutOff : (ownFlaw ?? (isInOrder ? undefined : FLAWS.order));
    if (flaw !== undefined && state.intact) state = { intact: false, brokenAtLine: i + 1, ...flaw };
    if (found === undefined) continue;
    read.push(found);
    previous = found.hash;
  }
  return { lines: read, trials: read.filter(isTrial), state };
}

interface Flaw {
  readonly reason: string;
  readonly hint: string;
}

const RESTORE = 'Restore the file from git, or keep it as it is: reports will say that the chain is broken.';
const FLAWS = {
  cutOff: {
    reason: 'the last line was cut off while it was written',
    hint: 'Delete that line; what it was for is not on record, and can be run again.',
  },
  unreadable: {
    reason: 'this is no line of a trial ledger',
    hint: `If a crash cut it off, delete it: the lines after it do not build on it. ${RESTORE}`,
  },
  changed: { reason: 'the line was changed after it was written', hint: RESTORE },
  order: {
    reason: 'it does not follow the line before it: lines were removed, inserted, or merged from two branches',
    hint: RESTORE,
  },
} satisfies Record<string, Flaw>;

const LINE = /^(\{.*),"hash":"([0-9a-f]{64})"\}$/;

/** A trial whose hash is wrong still counts: taking tries back is what people change a line for. */
function parseLine(text: string): { line: LedgerLine; flaw?: Flaw } | { line?: undefined; flaw: Flaw } {
  const [, body, hash] = LINE.exec(text) ?? [];
  const line = body === undefined ? undefined : lineIn(text);
  if (line === undefined) return { flaw: FLAWS.unreadable };
  return sha256(`${body}}`) === hash ? { line } : { line, flaw: FLAWS.changed };
}

export function isTrial(line: LedgerLine): line is RecordedTrial {
  return line.kind === 'study' || line.kind === 'sweep' || line.kind === 'optimization';
}

function lineIn(text: string): LedgerLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new CandorError(`the trial ledger ${path} cannot be read`, { cause: error });
  }
}

/** All of it or nothing: what a full disk let through is taken back. */
function appendDurably(path: string, text: string): void {
  let file: number | undefined;
  let size: number | undefined;
  try {
    file = openSync(path, 'a');
    size = fstatSync(file).size;
    writeFileSync(file, text);
    fsyncSync(file);
  } catch (error) {
    if (file !== undefined && size !== undefined) ftruncateSync(file, size);
    throw cannotWrite(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function cannotWrite(path: string, cause: unknown): CandorError {
  const { code } = cause as NodeJS.ErrnoException;
  return new CandorError(`the trial could not be written to ${path}${code === undefined ? '' : ` (${code})`}`, {
    hint: 'The ledger is as it was. Make room or give access, then run the command again: it is not on record yet.',
    cause,
  });
}

/**
 * One process at a time. The lock is SQLite's, on an empty database beside the ledger: the system lets go of it when
 * its holder dies, so that no lock is ever stale.
 */
function withLock<T>(path: string, waitMs: number, work: () => T): T {
  let lock: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    lock = new Database(`${path}.lock`, { timeout: waitMs });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if ((error as NodeJS.ErrnoException).code !== 'SQLITE_BUSY') throw cannotWrite(path, error);
    throw new CandorError(`the trial ledger ${path} is locked by another process`, {
      hint: 'Wait until it is done, then run the command again.',
      cause: error,
    });
  }
  try {
    return work();
  } finally {
    lock.close();
  }
}
