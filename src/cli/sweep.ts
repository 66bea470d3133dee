import { accessSync, constants, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { costsOf } from '../config/config.ts';
import { loadSweep } from '../config/sweep-file.ts';
import { CandorError } from '../domain/errors.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { MarketDatabase } from '../market/database.ts';
import { beginSweep, discardSweep, markProven, type StoredSweep } from '../market/sweep-store.ts';
import type { Runner, SweepMetric } from '../optimize/contract.ts';
import { coresRunner } from '../optimize/cores.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { identityOf } from '../optimize/identity.ts';
import {
  type Condition,
  columnsOf,
  type MetricColumns,
  parseCondition,
  parseMetric,
  rank,
} from '../optimize/ranking.ts';
import type { Ranking, SweepResult } from '../optimize/result.ts';
import { buildResult } from '../optimize/sweep-result.ts';
import { trialOfSweep } from '../optimize/trial.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, withDatabase, withStoredDatabase } from './database.ts';
import type { Output } from './output.ts';
import { commitOf, versionsOf } from './provenance.ts';
import { type QueueOptions, queueRunnerOf } from './queue.ts';
import { type CountedSweep, countSweep, type PlannedSweep, strategiesOf } from './sweep-plan.ts';
import { EnginesDifferError, type Replays, replaySweep } from './sweep-replay.ts';
import { carryOut } from './sweep-run.ts';
import { planSweepOfSize } from './sweep-size.ts';
import {
  earlierOf,
  findStored,
  noRows,
  type StoredRows,
  specificationOf,
  storedRows,
  storedView,
} from './sweep-stored.ts';
import { combinationsAsJson, type SweepView, showSweep } from './sweep-table.ts';
import { TRIALS_FILE } from './trials.ts';

export interface SweepOptions extends Partial<QueueOptions> {
  readonly workers?: number;
  readonly resume?: true;
  readonly show?: true;
  readonly yes?: true;
  readonly top?: number;
  readonly sort?: string;
  readonly where?: readonly string[];
  readonly synthetic?: true;
  readonly json?: true;
}

const DEFAULT_TOP = 10;

/** How a sweep is sorted and filtered; fewer trades than a verdict takes are left out unless conditions say otherwise. */
interface Wanted {
  readonly metric: SweepMetric;
  readonly conditions: readonly Condition[];
}

/** Tries every combination of a sweep, and shows the best of them, with what to think of that. */
export async function run(name: string, options: SweepOptions, context: Context): Promise<ExitCode> {
  const wanted = wantedOf(options, context);
  if (options.show) return withStoredDatabase(context, (db) => show(name, wanted, options, db, context));
  const { root, workingDirectory, config } = context;
  const sweep = loadSweep(name, { root, workingDirectory, seed: config.seed });
  const counted = await countSweep(sweep, context);
  requireWritable(context);
  return withDatabase(context, (db) => runCounted(name, counted, wanted, options, db, context));
}

function wantedOf({ sort = 'expectancyR', where }: SweepOptions, { config }: Context): Wanted {
  const conditions = where ?? [`trades>=${config.gates.minTrades}`];
  return { metric: parseMetric(sort), conditions: conditions.map(parseCondition) };
}

async function runCounted(
  name: string,
  counted: CountedSweep,
  wanted: Wanted,
  options: SweepOptions,
  db: MarketDatabase,
  context: Context,
): Promise<ExitCode> {
  const { clock, out, signal } = context;
  const startedMs = clock.nowMs();
  const earlier = options.resume ? earlierOf(counted, costsOf(context.config), db) : undefined;
  const workers = options.workers ?? availableParallelism();
  const candles = {
    isSyntheticWanted: options.synthetic === true,
    ...(earlier === undefined ? {} : { span: earlier }),
  };
  const planned = await planSweepOfSize(counted, candles, { yes: options.yes === true, workers }, context);
  if (planned === undefined) return 1;
  const stored = begin(planned, db, context);
  if (options.resume) noteResumed(stored, earlier, context);
  const results = options.resume ? storedRows(db, stored) : noRows(planned.plan.count);
  const loadedMs = clock.nowMs();
  const runner = await runnerOf(options, workers, context);
  await carryOut({ planned, stored, results, runner, ...wanted, signal }, db, clock, out);
  if (signal.aborted) return stopped(name, results, context);
  const sweptMs = clock.nowMs();

  const evaluator = await ChunkEvaluator.open(planned.work, strategiesOf(context));
  const columns = columnsOf(results.rows);
  const ranking = rank(columns, wanted.metric, wanted.conditions);
  const replays = await compared(stored, evaluator, columns, ranking, db, context);
  if (replays === undefined) return stopped(name, results, context);
  const replayedMs = clock.nowMs();
  const result = buildResult(evaluator, columns, replays.best, {
    identity: stored.identity,
    strategies: planned.strategies.map(({ strategy, sha256 }, i) => ({
      ...{ name: strategy.name, thesis: strategy.thesis, summary: strategy.summary },
      ...{ fileSha256: sha256, sets: planned.plan.setsOf(i) },
    })),
    ranking,
    replays: { best: replays.best.size, sampled: replays.sampled },
    warnings: planned.warnings,
    versions: await versionsOf(),
    commit: await commitOf(),
    createdAtMs: replayedMs,
    timings: { loadMs: loadedMs - startedMs, sweepMs: sweptMs - loadedMs, replayMs: replayedMs - sweptMs },
    workers,
  });
  // A sweep that was on record and complete has not been tried once more.
  if (stored.provenMs === null || !options.resume)
    appendTrial(join(context.root, TRIALS_FILE), trialOfSweep(result), clock);
  markProven(db, stored.id, clock);
  showResult(planned, result, options, context);
  return 0;
}

function begin({ work, plan }: PlannedSweep, db: MarketDatabase, { clock }: Context): StoredSweep {
  const { fingerprint, fromMs, toMs } = work.data;
  const record = { name: work.sweep.name, fingerprint, fromMs, toMs, combinations: plan.count };
  return beginSweep(db, { ...record, identity: identityOf(work), spec: specificationOf(work) }, clock);
}

/** What was found before is only worth something for the very same candles. */
function noteResumed(stored: StoredSweep, earlier: StoredSweep | undefined, { out }: Context): void {
  if (stored.done > 0) {
    out.note(`${count(stored.done)} of ${counted(stored.combinations, 'combination')} are stored already`);
  } else if (earlier !== undefined && earlier.done > 0) {
    out.note('The candles are not those of the results that are stored, so it begins anew.');
  } else {
    out.note('Nothing of this sweep is stored, so it begins anew.');
  }
}

async function runnerOf({ queue, queueCa }: SweepOptions, workers: number, context: Context): Promise<Runner> {
  if (queue === undefined) return coresRunner(strategiesOf(context), workers);
  return await queueRunnerOf({ queue, ...(queueCa === undefined ? {} : { queueCa }) }, context);
}

/** Ctrl-C: the exit status is given at the edge. */
function stopped(name: string, { isDone }: StoredRows, { out }: Context): ExitCode {
  const done = isDone.reduce((sum, one) => sum + one, 0);
  out.note(
    `stopped: ${count(done)} of ${counted(isDone.length, 'combination')} are stored; ` +
      `'candor sweep ${name} --resume' goes on from there`,
  );
  return 0;
}

async function compared(
  stored: StoredSweep,
  evaluator: ChunkEvaluator,
  columns: MetricColumns,
  ranking: Ranking,
  db: MarketDatabase,
  context: Context,
): Promise<Replays | undefined> {
  let bar: ReturnType<typeof context.out.progress> | undefined;
  try {
    return await replaySweep({
      ...{ evaluator, columns, ranking, identity: stored.identity },
      resultsPath: resultsOf(context),
      signal: context.signal,
      onProgress: (done, total) => {
        bar ??= context.out.progress('compared with the reference engine', total);
        bar.update(done);
      },
    });
  } catch (error) {
    if (error instanceof EnginesDifferError) discardSweep(db, stored.id);
    throw error;
  } finally {
    bar?.stop();
  }
}

function showResult(planned: PlannedSweep, result: SweepResult, options: SweepOptions, { out }: Context): void {
  const { plan } = planned;
  const { columns, ranking, data, silent, replays, identity, resultHash } = result;
  const view: SweepView = { plan, columns, ranking, data, silent };
  if (options.json) {
    const { sweep, costs, strategies, combinations, warnings, versions, commit, timings } = result;
    const facts = { name: sweep.name, identity, resultHash, sweep, costs, strategies, data, combinations, replays };
    showJson(view, { ...facts, silent, warnings, versions, commit, timings }, options, out);
    return;
  }
  showSweep(view, options.top ?? DEFAULT_TOP, out);
  out.line(
    `The reference engine agrees, trade by trade: on the ${count(replays.best)} best, ` +
      `and on ${count(replays.sampled)} by chance.`,
  );
  for (const warning of result.warnings) out.line(`${out.paint('yellow', 'note')}: ${warning}`);
  out.line();
  out.line(`stored   ${identity.slice(0, 12)}: 'candor sweep ${plan.sweep.name} --show' reads it again`);
}

/** A stored sweep, sorted and filtered anew; nothing is run. */
function show(
  name: string,
  { metric, conditions }: Wanted,
  options: SweepOptions,
  db: MarketDatabase,
  { out }: Context,
): ExitCode {
  const stored = findStored(db, name);
  const found = storedView(db, stored);
  const view: SweepView = { ...found, ranking: rank(found.columns, metric, conditions) };
  const { identity, provenMs, fingerprint } = stored;
  if (options.json) {
    const facts = { name: stored.name, identity, provenMs, sweep: view.plan.sweep };
    showJson(view, { ...facts, data: { ...view.data, fingerprint }, combinations: view.plan.count }, options, out);
  } else {
    showSweep(view, options.top ?? DEFAULT_TOP, out);
  }
  return 0;
}

function showJson(view: SweepView, facts: object, { top }: SweepOptions, out: Output): void {
  const { metric, order, where, places } = view.ranking;
  const ranking = { metric, order, where, matching: places.length };
  out.jsonWithList({ ...facts, ranking }, 'best', combinationsAsJson(view, top));
}

function resultsOf({ root }: Context): string {
  return join(root, 'backtests', 'results');
}

/**
 * A sweep may take hours, so what would keep it from being put on record is found before.
 *
 * @throws CandorError
 */
function requireWritable(context: Context): void {
  const folder = resultsOf(context);
  try {
    mkdirSync(folder, { recursive: true });
    for (const path of [folder, join(context.root, 'backtests')]) accessSync(path, constants.W_OK);
  } catch (cause) {
    const { code, path = folder } = cause as NodeJS.ErrnoException;
    throw new CandorError(`the sweep was not run, because ${path} cannot be written (${code})`, {
      hint: 'Give this user access to backtests/ and all that is in it, or make room, and run the sweep again.',
      cause,
    });
  }
}
