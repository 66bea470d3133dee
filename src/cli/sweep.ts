import { availableParallelism } from 'node:os';
import { loadSweep } from '../config/sweep-file.ts';
import { UsageError } from '../domain/errors.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { MarketDatabase } from '../market/database.ts';
import { beginSweep, discardSweep, markProven, type StoredSweep } from '../market/sweep-store.ts';
import { keepLine } from '../market/trial-store.ts';
import type { Runner, SweepMetric } from '../optimize/contract.ts';
import { coresReplayer, coresRunner } from '../optimize/cores.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { hashOfColumns, identityOf } from '../optimize/identity.ts';
import { type Condition, columnsOf, parseCondition, parseMetric, rank } from '../optimize/ranking.ts';
import type { SweptStrategy } from '../optimize/result.ts';
import { findStored, noRows, type StoredRows, specificationOf, storedRows } from '../optimize/stored-sweep.ts';
import { clustersOfSweep } from '../optimize/sweep-clusters.ts';
import { buildResult } from '../optimize/sweep-result.ts';
import { trialOfSweep } from '../optimize/trial.ts';
import { buildSweepReport } from '../report/sweep/build.ts';
import { writeSweepReport } from '../report/write.ts';
import type { Context, ExitCode } from './context.ts';
import { count, counted, withDatabase, withStoredDatabase } from './database.ts';
import { spentNotes } from './holdout-notes.ts';
import { chainNote, ledgerOf, ledgerPathOf, requireWritable, resultsPathOf } from './keeping.ts';
import { commitOf, versionsOf } from './provenance.ts';
import { type QueueOptions, queueRunnerOf, withoutPassword } from './queue.ts';
import { requireSeen } from './study-candles.ts';
import { ageNote, marketCautions } from './study-cautions.ts';
import { type CountedSweep, countSweep, type PlannedSweep, strategiesOf } from './sweep-plan.ts';
import { EnginesDifferError, type ReplayRequest, type Replays, replayAsLive, replaySweep } from './sweep-replay.ts';
import { carryOut } from './sweep-run.ts';
import { showResult, showStored } from './sweep-show.ts';
import { planSweepOfSize } from './sweep-size.ts';
import { earlierOf, storedView } from './sweep-stored.ts';

export interface SweepOptions extends Partial<QueueOptions> {
  readonly workers?: number;
  readonly resume?: true;
  readonly show?: true;
  readonly yes?: true;
  readonly top?: number;
  readonly sort?: string;
  readonly where?: readonly string[];
  readonly asSeen?: true;
  readonly synthetic?: true;
  readonly json?: true;
}

/**
 * How a sweep is sorted and filtered. Fewer trades than a verdict takes are left out, unless conditions say otherwise.
 */
interface Wanted {
  readonly metric: SweepMetric;
  readonly conditions: readonly Condition[];
}

/** What all steps of one sweep need to know. */
interface Session {
  /** As it was named on the command line. */
  readonly name: string;
  readonly options: SweepOptions;
  readonly wanted: Wanted;
  readonly workers: number;
  readonly db: MarketDatabase;
  readonly context: Context;
}

/** Tries every combination of a sweep, and shows the best of them, with what to think of that. */
export async function run(name: string, options: SweepOptions, context: Context): Promise<ExitCode> {
  requireShowable(options);
  requireSeen(options);
  const wanted = wantedOf(options, context);
  const workers = options.workers ?? availableParallelism();
  const session = { name, options, wanted, workers, context };
  if (options.show) return withStoredDatabase(context, (db) => show({ ...session, db }));
  const { root, workingDirectory, config } = context;
  const sweep = loadSweep(name, { root, workingDirectory, seed: config.seed });
  const counted = await countSweep(sweep, context);
  requireWritable('sweep', context);
  return withDatabase(context, (db) => runCounted(counted, { ...session, db }));
}

/** What has to do with running, and so not with `--show`. */
const RUN_OPTIONS = {
  resume: '--resume',
  synthetic: '--synthetic',
  yes: '--yes',
  workers: '--workers',
  queue: '--queue',
  queueCa: '--queue-ca',
} as const;

function requireShowable(options: SweepOptions): void {
  if (options.show !== true) return;
  for (const [option, flag] of Object.entries(RUN_OPTIONS)) {
    if (options[option as keyof typeof RUN_OPTIONS] === undefined) continue;
    throw new UsageError(`--show and ${flag} do not go together`, {
      hint: '--show reads a sweep that is stored, and runs nothing. Leave one of them out.',
    });
  }
}

function wantedOf({ sort = 'expectancyR', where }: SweepOptions, { config }: Context): Wanted {
  const conditions = where ?? [`trades>=${config.gates.minTrades}`];
  return { metric: parseMetric(sort), conditions: conditions.map(parseCondition) };
}

async function runCounted(counted: CountedSweep, session: Session): Promise<ExitCode> {
  const { options, wanted, workers, db, context } = session;
  const { clock, out, signal } = context;
  const startedMs = clock.nowMs();
  const isSyntheticWanted = options.synthetic === true;
  const market = { config: context.config, isSyntheticWanted, asSeen: options.asSeen === true };
  const earlier = options.resume ? earlierOf(counted, market, db) : undefined;
  const { asSeen } = market;
  const candles = { isSyntheticWanted, asSeen, ...(earlier === undefined ? {} : { span: earlier }) };
  const planned = await planSweepOfSize(counted, candles, { yes: options.yes === true, workers }, context);
  if (planned === undefined) return 1;
  const stored = begin(planned, session);
  if (options.resume) {
    noteResumed(stored, earlier, context);
  } else if (stored.provenMs !== null) {
    out.note('This sweep is stored already: with --show it is sorted and filtered without running again.');
  }
  const results = options.resume ? storedRows(db, stored) : noRows(planned.plan.count);
  const loadedMs = clock.nowMs();
  const runner = await runnerOf(session);
  await carryOut({ planned, stored, results, runner, ...wanted, signal }, db, clock, out);
  const stop = (): ExitCode => stopped(planned, stored, results, session);
  if (signal.aborted) return stop();
  const sweptMs = clock.nowMs();

  const evaluator = await ChunkEvaluator.open(planned.work, strategiesOf(context));
  const columns = columnsOf(results.rows);
  const ranking = rank(columns, wanted.metric, wanted.conditions);
  const replays = await compared(stored, { evaluator, columns, ranking }, session);
  if (replays === undefined) return stop();
  await replayAsLive(evaluator, planned.strategies, replays.best.keys(), context);
  if (signal.aborted) return stop();
  const replayedMs = clock.nowMs();
  const result = buildResult(evaluator, columns, replays.best, {
    identity: stored.identity,
    strategies: sweptStrategies(planned),
    ranking,
    replays: { best: replays.best.size, sampled: replays.sampled },
    revised: planned.revised,
    warnings: [...planned.warnings, ...cautions(planned, context)],
    versions: await versionsOf(),
    commit: await commitOf(),
    createdAtMs: replayedMs,
    timings: { loadMs: loadedMs - startedMs, sweepMs: sweptMs - loadedMs, replayMs: replayedMs - sweptMs },
    workers,
  });
  // A sweep that was on record and complete has not been tried once more.
  const isOnRecord = options.resume === true && stored.provenMs !== null;
  if (!isOnRecord) {
    const tried = { work: planned.work, identity: stored.identity, combinations: planned.plan.count };
    const { clusters, returns } = clustersOfSweep(evaluator, [...replays.best.keys()]);
    const trial = trialOfSweep({ ...tried, clusters, resultSha256: result.resultHash });
    const line = appendTrial(ledgerPathOf(context), trial, clock);
    keepLine(db, { hash: line.hash, text: JSON.stringify(line) }, returns);
  }
  markProven(db, stored.id, clock);
  const written = writeSweepReport(resultsPathOf(context), buildSweepReport(result));
  const note = ageNote(planned.work.sweep, planned.work.data, clock.nowMs());
  showResult({ planned, result, notes: note === undefined ? [] : [note], ...written }, options, context);
  return 0;
}

/** What flatters the result, and what the ledger says of itself and of its candles. */
function cautions({ work: { sweep, data } }: PlannedSweep, context: Context): string[] {
  const { lines } = ledgerOf(context);
  const chain = chainNote(context);
  return [
    ...marketCautions(sweep, data, context.config),
    ...spentNotes(lines, { coins: [...data.instruments.keys()], data }),
    ...(chain === undefined ? [] : [chain]),
  ];
}

function sweptStrategies({ strategies, plan }: PlannedSweep): SweptStrategy[] {
  return strategies.map(({ strategy: { name, thesis, summary }, sha256 }, i) => ({
    ...{ name, thesis, summary, fileSha256: sha256, sets: plan.setsOf(i) },
  }));
}

function begin({ work, plan }: PlannedSweep, { db, context }: Session): StoredSweep {
  const { fingerprint, fromMs, toMs } = work.data;
  const record = { name: work.sweep.name, fingerprint, fromMs, toMs, combinations: plan.count };
  return beginSweep(db, { ...record, identity: identityOf(work), spec: specificationOf(work) }, context.clock);
}

/** What was found before is only worth something for the very same candles and code. */
function noteResumed(stored: StoredSweep, earlier: StoredSweep | undefined, { out }: Context): void {
  if (stored.done > 0) {
    out.note(`${count(stored.done)} of ${counted(stored.combinations, 'combination')} are stored already`);
  } else if (earlier !== undefined && earlier.done > 0) {
    out.note('The candles or the code are not those of the results that are stored, so it begins anew.');
  } else {
    out.note('Nothing of this sweep is stored, so it begins anew.');
  }
}

async function runnerOf({ options, workers, context }: Session): Promise<Runner> {
  const { queue, queueCa } = options;
  if (queue === undefined) return coresRunner(strategiesOf(context), workers);
  return await queueRunnerOf({ queue, ...(queueCa === undefined ? {} : { queueCa }) }, context);
}

/**
 * Ctrl-C: the exit status is given at the edge. What was tried stays on record, for the best of it has been seen while
 * it ran.
 */
function stopped(
  { work }: PlannedSweep,
  stored: StoredSweep,
  { rows, isDone }: StoredRows,
  session: Session,
): ExitCode {
  const { name, options, context } = session;
  const done = isDone.reduce((sum, one) => sum + one, 0);
  if (done > (options.resume ? stored.done : 0)) {
    const tried = { work, identity: stored.identity, combinations: done, stoppedOf: isDone.length };
    const trial = trialOfSweep({ ...tried, resultSha256: hashOfColumns([rows]) });
    const line = appendTrial(ledgerPathOf(context), trial, context.clock);
    keepLine(session.db, { hash: line.hash, text: JSON.stringify(line) });
  }
  context.out.note(
    `stopped: ${count(done)} of ${counted(isDone.length, 'combination')} are stored; ` +
      `'${resumeCommand(name, options, context)}' goes on from there`,
  );
  return 0;
}

/** As it can be typed; a password of the queue is no part of it. */
function resumeCommand(name: string, options: SweepOptions, { given }: Context): string {
  const { queue, queueCa, asSeen, synthetic } = options;
  const flags = {
    '--queue': queue === undefined ? undefined : withoutPassword(queue),
    '--queue-ca': queueCa,
    '--config': given.config,
    '--database': given.database,
  };
  const said = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, shellWord(value)]));
  const market = [...(asSeen ? ['--as-seen'] : []), ...(synthetic ? ['--synthetic'] : [])];
  return ['npx candor sweep', shellWord(name), '--resume', ...market, ...said].join(' ');
}

/** A word that a shell takes as it is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll(/["\\$`]/g, '\\$&')}"`;
}

async function compared(
  stored: StoredSweep,
  found: Pick<ReplayRequest, 'evaluator' | 'columns' | 'ranking'>,
  { workers, db, context }: Session,
): Promise<Replays | undefined> {
  let bar: ReturnType<typeof context.out.progress> | undefined;
  try {
    return await replaySweep({
      ...found,
      identity: stored.identity,
      replayer: coresReplayer(strategiesOf(context), workers),
      resultsPath: resultsPathOf(context),
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

/** A stored sweep, sorted and filtered anew; nothing is run. */
function show({ name, wanted, options, db, context }: Session): ExitCode {
  const stored = findStored(db, name, { asSeen: options.asSeen === true });
  const found = storedView(db, stored);
  showStored({ ...found, ranking: rank(found.columns, wanted.metric, wanted.conditions) }, stored, options, context);
  return 0;
}
