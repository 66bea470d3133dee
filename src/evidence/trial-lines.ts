import { z } from 'zod';
import { INTERVALS } from '../domain/time.ts';

/**
 * What a line of the trial ledger may say. A field that is younger than the first lines is optional: a ledger is never
 * rewritten.
 */
const TRIAL_SCHEMA = 1;

const sha256Text = z.string().regex(/^[0-9a-f]{64}$/);
const json = z.record(z.string(), z.json());

/** On the values that were first seen of every candle; named only where it is so. */
const asSeen = z.literal(true).optional();

/**
 * Coins that were looked at beside those that were traded: a strategy's own look at another coin, and other coins that
 * a result was held against. To a seal they are seen.
 */
const besides = z.array(z.string()).min(1).optional();

const gates = z.object({ alpha: z.number(), targetEdgeR: z.number(), minTrades: z.int(), minWeeks: z.int() });
const fees = z.object({ taker: z.number(), maker: z.number() });

/** What came out for one strategy of a study. */
const outcome = z.object({
  word: z.enum(['KEEP', 'KILL', 'NO VERDICT']),
  ground: z.string(),
  /** The reason, in one line. */
  line: z.string(),
  trades: z.int(),
  expectancyR: z.number().nullable(),
  /** Per day. */
  sharpeDaily: z.number().nullable(),
});

/**
 * How many different things the trials of this line were, alone: for whoever has the ledger and not the returns.
 * `count` is never fewer than were found, and more where not all of them were compared.
 */
const clusters = z.object({
  count: z.int().min(0),
  /** Trials whose daily returns were compared. */
  compared: z.int().min(0),
  /** Over one trial of each cluster, per day; null where fewer than one, or two, have a Sharpe ratio. */
  sharpeMean: z.number().nullable(),
  sharpeVariance: z.number().nullable(),
});

const studySchema = z.object({
  kind: z.literal('study'),
  study: z.string(),
  /** Every strategy that ran, with its complete params. */
  strategies: z.array(
    z.object({ name: z.string(), fileSha256: sha256Text, params: json, outcome: outcome.optional() }),
  ),
  clusters: clusters.optional(),
  coins: z.array(z.string()),
  besides,
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
  gates,
  fees,
  slippageBps: z.number(),
  /** Of everything random that names no other. */
  seed: z.int(),
  controls: z.object({ draws: z.int(), seed: z.int() }),
  resultSha256: sha256Text,
  /** The line that unsealed its candles for it: they are spent now. */
  unseal: sha256Text.optional(),
});

const sweepSchema = z.object({
  kind: z.literal('sweep'),
  sweep: z.string(),
  /** Every strategy, with the values that were tried of each of its params. */
  strategies: z.array(z.object({ name: z.string(), fileSha256: sha256Text, params: json })),
  coins: z.array(z.string()),
  besides,
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
  clusters: clusters.optional(),
  fingerprint: z.string(),
  source: z.string(),
  isSynthetic: z.boolean(),
  asSeen,
  fees,
  slippageBps: z.number(),
  /** Of everything that the results depend on. */
  identity: sha256Text,
  resultSha256: sha256Text,
});

const optimizationSchema = z.object({
  kind: z.literal('optimization'),
  optimization: z.string(),
  /** The strategy, with the values of which its candidates are made. */
  strategies: z.array(z.object({ name: z.string(), fileSha256: sha256Text, params: json })),
  coins: z.array(z.string()),
  besides,
  interval: z.enum(INTERVALS),
  confirm: z.array(z.enum(INTERVALS)),
  fromMs: z.int(),
  toMs: z.int(),
  cell: json,
  windows: z.object({ trainDays: z.int(), testDays: z.int(), folds: z.int() }),
  /** Sets of params that were compared, the incumbent included; any of them could have been chosen. */
  combinations: z.int().min(1),
  clusters: clusters.optional(),
  fingerprint: z.string(),
  source: z.string(),
  isSynthetic: z.boolean(),
  asSeen,
  /** What a swap took. */
  threshold: z.number(),
  floorR: z.number(),
  gates,
  fees,
  slippageBps: z.number(),
  seed: z.int(),
  controls: z.object({ draws: z.int(), seed: z.int() }),
  /** In a few words: 'kept', 'swapped'. */
  decision: z.string(),
  resultSha256: sha256Text,
});

/** Written before anything is judged by thresholds that are not those last on record. */
const gatesSchema = z.object({ kind: z.literal('gates'), gates });

const sealSchema = z.object({
  kind: z.literal('seal'),
  /** Candles that close after it, and funding that is settled after it, are sealed. */
  fromMs: z.int(),
  /** Of these; without them, of every coin. */
  coins: z.array(z.string()).min(1).optional(),
  /** Trials that had seen some of it by then. */
  seenBy: z.int().min(0),
});

const unsealSchema = z.object({
  kind: z.literal('unseal'),
  /** The lines of the seals that it spends. */
  seals: z.array(sha256Text).min(1),
  /** What alone may run on the sealed candles: named before they are seen. */
  study: z.string(),
  strategies: z.array(z.object({ name: z.string(), fileSha256: sha256Text, params: json })).min(1),
  coins: z.array(z.string()),
  interval: z.enum(INTERVALS),
  confirm: z.array(z.enum(INTERVALS)),
  fromMs: z.int(),
  cell: json,
  gates,
  fees,
  slippageBps: z.number(),
  seed: z.int(),
  controls: z.object({ draws: z.int(), seed: z.int() }),
  /** Of the study, its strategies' files, gates and costs: all that the answer depends on but the candles. */
  frozenSha256: sha256Text,
});

/** What is handed over to be written down. */
export const entrySchema = z.discriminatedUnion('kind', [
  studySchema,
  sweepSchema,
  optimizationSchema,
  gatesSchema,
  sealSchema,
  unsealSchema,
]);

const link = {
  schema: z.literal(TRIAL_SCHEMA),
  sequence: z.int().min(1),
  recordedAtMs: z.int(),
  previous: sha256Text,
  hash: sha256Text,
};
export const lineSchema = z.discriminatedUnion('kind', [
  studySchema.extend(link),
  sweepSchema.extend(link),
  optimizationSchema.extend(link),
  gatesSchema.extend(link),
  sealSchema.extend(link),
  unsealSchema.extend(link),
]);

export type StudyTrial = z.infer<typeof studySchema>;
export type SweepTrial = z.infer<typeof sweepSchema>;
export type OptimizationTrial = z.infer<typeof optimizationSchema>;
export type TrialOutcome = z.infer<typeof outcome>;
export type LineClusters = z.infer<typeof clusters>;
/** Something that was tried; seals are on record beside, and are no trials. */
export type Trial = StudyTrial | SweepTrial | OptimizationTrial;
export type SealEntry = z.infer<typeof sealSchema>;
export type UnsealEntry = z.infer<typeof unsealSchema>;
export type LedgerEntry = z.infer<typeof entrySchema>;

export type LedgerLine = z.infer<typeof lineSchema>;
export type RecordedStudy = Extract<LedgerLine, { kind: 'study' }>;
export type RecordedSweep = Extract<LedgerLine, { kind: 'sweep' }>;
export type RecordedOptimization = Extract<LedgerLine, { kind: 'optimization' }>;
export type RecordedTrial = RecordedStudy | RecordedSweep | RecordedOptimization;
export type RecordedSeal = Extract<LedgerLine, { kind: 'seal' }>;
export type RecordedUnseal = Extract<LedgerLine, { kind: 'unseal' }>;

/** What every line begins with. */
export function beginningOf(sequence: number, recordedAtMs: number): object {
  return { schema: TRIAL_SCHEMA, sequence, recordedAtMs };
}
