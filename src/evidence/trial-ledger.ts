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
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { CandorError } from '../domain/errors.ts';
import { INTERVALS } from '../domain/time.ts';

/**
 * The trial ledger: one line for each study and each sweep ever run, so that the tenth try is judged as a tenth try
 * (rule 32). It is a text file under git, and a chain: each line names the hash of the line before it, and its own. A
 * line that was changed, removed or inserted later shows; only lines missing at the end do not, and those git knows.
 */
const TRIAL_SCHEMA = 1;
/** What the first line names as the line before it. */
const GENESIS = '0'.repeat(64);
const LOCK_WAIT_MS = 15_000;

const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);
const json = z.record(z.string(), z.json());

/** On the values that were first seen of every candle; named only where it is so. */
const asSeen = z.literal(true).optional();

const studySchema = z.object({
  kind: z.literal('study'),
  study: z.string(),
  /** Every strategy that ran, with its complete params. */
  strategies: z.array(z.object({ name: z.string(), fileSha256: sha256Text, params: json })),
  coins: z.array(z.string()),
  interval: z.enum(INTERVALS),
  fromMs: z.int(),
  toMs: z.int(),
  /** The risk cell that carried the verdict. */
  cell: json,
  /** Risk cells that were run for each strategy, this one included. */
  cells: z.int().min(1),
  /** Of the candles, funding rates and instruments. */
  fingerprint: z.string(),
  source: z.string(),
  /** A trial on an invented market spends nothing of a real one. */
  isSynthetic: z.boolean(),
  asSeen,
  /** What the verdicts were measured by. */
  gates: z.object({ alpha: z.number(), targetEdgeR: z.number(), minTrades: z.int(), minWeeks: z.int() }),
  fees: z.object({ taker: z.number(), maker: z.number() }),
  slippageBps: z.number(),
  /** Of everything random that names no other. */
  seed: z.int(),
  controls: z.object({ draws: z.int(), seed: z.int() }),
  resultSha256: sha256Text,
});

const sweepSchema = z.object({
  kind: z.literal('sweep'),
  sweep: z.string(),
  /** Every strategy, with the values that were tried of each of its params. */
  strategies: z.array(z.object({ name: z.string(), fileSha256: sha256Text, params: json })),
  coins: z.array(z.string()),
  intervals: z.array(z.enum(INTERVALS)),
  fromMs: z.int(),
  toMs: z.int(),
  /** What the risk grid did not vary, and the values of what it did. */
  cell: json,
  grid: json,
  account: z.enum(['each-coin', 'shared']),
  /** Strategy, params, risk cell, interval and coin, or all coins where they share an account. */
  combinations: z.int().min(1),
  /** Of how many, where it was stopped: what its progress showed was seen all the same. */
  stoppedOf: z.int().min(1).optional(),
  fingerprint: z.string(),
  source: z.string(),
  isSynthetic: z.boolean(),
  asSeen,
  fees: z.object({ taker: z.number(), maker: z.number() }),
  slippageBps: z.number(),
  /** Of everything that the results depend on. */
  identity: sha256Text,
  resultSha256: sha256Text,
});

const trialSchema = z.discriminatedUnion('kind', [studySchema, sweepSchema]);

const link = {
  schema: z.literal(TRIAL_SCHEMA),
  sequence: z.int().min(1),
  recordedAtMs: z.int(),
  previous: sha256Text,
  hash: sha256Text,
};
const lineSchema = z.discriminatedUnion('kind', [studySchema.extend(link), sweepSchema.extend(link)]);

export type StudyTrial = z.infer<typeof studySchema>;
export type SweepTrial = z.infer<typeof sweepSchema>;
export type Trial = z.infer<typeof trialSchema>;
export type RecordedTrial = z.infer<typeof lineSchema>;

export type ChainState =
  | { readonly intact: true }
  | { readonly intact: false; readonly brokenAtLine: number; readonly reason: string; readonly hint: string };

export interface TrialLedger {
  /** Every line that can be read, before a break and after it. */
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
 * @throws CandorError where the file cannot be locked or written (a full disk).
 */
export function appendTrial(path: string, trial: Trial, clock: Clock, lockWaitMs = LOCK_WAIT_MS): RecordedTrial {
  return withLock(path, lockWaitMs, () => {
    const text = textOf(path);
    const last = parseLedger(text).trials.at(-1);
    const body = JSON.stringify({
      schema: TRIAL_SCHEMA,
      sequence: (last?.sequence ?? 0) + 1,
      recordedAtMs: clock.nowMs(),
      ...trialSchema.parse(trial),
      previous: last?.hash ?? GENESIS,
    });
    const line = `${body.slice(0, -1)},"hash":"${sha256(body)}"}`;
    const startsLine = text === '' || text.endsWith('\n');
    appendDurably(path, `${startsLine ? '' : '\n'}${line}\n`);
    return lineSchema.parse(JSON.parse(line));
  });
}

function parseLedger(text: string): TrialLedger {
  const lines = text.split('\n');
  const isCutOff = lines.at(-1) !== '';
  if (!isCutOff) lines.pop();
  const trials: RecordedTrial[] = [];
  let state: ChainState = { intact: true };
  let previous = GENESIS;
  for (const [i, line] of lines.entries()) {
    const read = parseLine(line);
    const isTorn = read.trial === undefined && isCutOff && i === lines.length - 1;
    const isInOrder = read.trial === undefined || read.trial.previous === previous;
    const flaw = isTorn ? FLAWS.cutOff : (read.flaw ?? (isInOrder ? undefined : FLAWS.order));
    if (flaw !== undefined && state.intact) state = { intact: false, brokenAtLine: i + 1, ...flaw };
    if (read.trial === undefined) continue;
    trials.push(read.trial);
    previous = read.trial.hash;
  }
  return { trials, state };
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
function parseLine(line: string): { trial: RecordedTrial; flaw?: Flaw } | { trial?: undefined; flaw: Flaw } {
  const [, body, hash] = LINE.exec(line) ?? [];
  const trial = body === undefined ? undefined : trialIn(line);
  if (trial === undefined) return { flaw: FLAWS.unreadable };
  return sha256(`${body}}`) === hash ? { trial } : { trial, flaw: FLAWS.changed };
}

function trialIn(line: string): RecordedTrial | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
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
