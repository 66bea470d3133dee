import { join } from 'node:path';
import { costsOf } from '../config/config.ts';
import { CandorError, UsageError } from '../domain/errors.ts';
import type { SweepStrategy } from '../domain/sweep.ts';
import type { EpochMs } from '../domain/units.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { MarketDatabase } from '../market/database.ts';
import { keepLine } from '../market/trial-store.ts';
import { incumbentOf } from '../optimize/incumbent.ts';
import { isDone, storeOptimization } from '../optimize/optimization-store.ts';
import { trialOfOptimization } from '../optimize/optimization-trial.ts';
import { type OptimizationReport, optimize } from '../optimize/optimize.ts';
import {
  type PlannedOptimization,
  planOptimization,
  requireFresh,
  spanRequestOf,
  spansOf,
} from '../optimize/optimize-plan.ts';
import { loadStrategy } from '../strategy/load.ts';
import type { Context, ExitCode } from './context.ts';
import { withDatabase, withMemoryDatabase, withScratchDatabase } from './database.ts';
import { chainNote, ledgerPathOf, recordGates, requireWritable } from './keeping.ts';
import { claimOptimizing } from './optimize-claim.ts';
import type { OptimizeSession } from './optimize-options.ts';
import { showDecision } from './optimize-table.ts';
import type { Progress } from './output.ts';
import { commitOf, versionsOf } from './provenance.ts';
import { noteSealed } from './sealed.ts';
import { openCandles } from './study-candles.ts';
import { cautionsOf } from './study-cautions.ts';

/** On demand: every strategy of the file, one after the other. */
export function optimizeOnce(session: OptimizeSession, context: Context): Promise<ExitCode> {
  requireWritable('optimisation', context);
  recordGates(context);
  const body = (db: MarketDatabase): Promise<ExitCode> => optimizeAll(session, null, db, context);
  // What trades on the real market is no incumbent of an invented one.
  if (session.isSynthetic) return withMemoryDatabase(body);
  return session.isDryRun ? withScratchDatabase(context, body) : withDatabase(context, body);
}

/**
 * One that fails does not stop the others.
 *
 * @param scheduledMs the instant of the schedule that it is for; strategies that were decided for it already are left
 *   out
 * @throws CandorError while another process optimises; UsageError for what the file asks for and is not there
 */
export async function optimizeAll(
  session: OptimizeSession,
  scheduledMs: EpochMs | null,
  db: MarketDatabase,
  context: Context,
): Promise<ExitCode> {
  const { optimization, isDryRun, isJson } = session;
  // From here on Ctrl-C is heard.
  context.signal.throwIfAborted();
  const claim = isDryRun ? undefined : claimOptimizing(db, context);
  const reports: OptimizationReport[] = [];
  const failures: CandorError[] = [];
  try {
    for (const wanted of optimization.strategies) {
      const due = { job: optimization.name, strategy: wanted.name };
      if (scheduledMs !== null && isDone(db, { ...due, scheduledMs })) continue;
      try {
        reports.push(await optimizeOne(session, wanted, scheduledMs, db, context));
      } catch (error) {
        const isOnly = optimization.strategies.length === 1;
        if (isOnly || context.signal.aborted || error instanceof UsageError || !(error instanceof CandorError))
          throw error;
        failures.push(error);
      }
    }
  } finally {
    claim?.release();
  }
  if (isJson) context.out.json(reports);
  // A schedule tells of the first itself, and tries again.
  for (const failure of scheduledMs === null ? failures : failures.slice(1)) context.out.error(failure);
  const note = chainNote(context);
  if (note !== undefined) context.out.note(note);
  if (scheduledMs !== null && failures[0] !== undefined) throw failures[0];
  return failures.length > 0 ? 1 : 0;
}

async function optimizeOne(
  session: OptimizeSession,
  wanted: SweepStrategy,
  scheduledMs: EpochMs | null,
  db: MarketDatabase,
  context: Context,
): Promise<OptimizationReport> {
  const { optimization, isDryRun, isJson } = session;
  const loaded = await loadStrategy(wanted.name, strategiesOf(context));
  const incumbent = incumbentOf(db, { strategy: wanted.name, interval: optimization.interval });
  const planned = planOptimization(optimization, wanted, loaded, incumbent);
  const report = await decided(planned, session, scheduledMs !== null, context);
  // It was looked at, whatever comes of it.
  const line = appendTrial(ledgerPathOf(context), trialOfOptimization(planned, report), context.clock);
  keepLine(db, { hash: line.hash, text: JSON.stringify(line) });
  if (!isDryRun) storeOptimization(db, report, scheduledMs, context.clock);
  if (!isJson) showDecision(report, { isDryRun, nowMs: context.clock.nowMs() }, context.out);
  return report;
}

async function decided(
  planned: PlannedOptimization,
  { isSynthetic, workers }: OptimizeSession,
  isScheduled: boolean,
  context: Context,
): Promise<OptimizationReport> {
  const { config, signal } = context;
  const { threshold, floorR } = config.optimizer;
  const candles = await openCandles(
    {
      wanted: spanRequestOf(planned),
      ...{ coins: planned.coins, settlings: planned.settlings },
      ...{ isSyntheticWanted: isSynthetic, asSeen: false, isForTrading: true },
      ...{ preferredSource: config.source, seed: config.seed },
    },
    context,
  );
  const bars = new Bars(context);
  try {
    const spans = spansOf(planned, candles.source);
    noteSealed(spans, context);
    if (isScheduled) requireFresh(spans, context.clock.nowMs());
    return await optimize({
      ...{ planned, source: candles.source, costs: costsOf(config), workers, signal },
      terms: { threshold, floorR, gates: config.gates, seed: config.seed },
      strategiesDirectory: strategiesOf(context),
      warningsOf: (data) => cautionsOf(planned.optimization, data, config),
      provenance: { commit: await commitOf(), versions: await versionsOf() },
      onProgress: (what, done, total) => bars.update(what, done, total),
    });
  } finally {
    bars.stop();
    candles.close();
  }
}

/** One after the other, each as long as there is something to say. */
class Bars {
  readonly #context: Context;
  #label = '';
  #bar: Progress | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  update(label: string, done: number, total: number): void {
    if (label !== this.#label) this.stop();
    this.#label = label;
    this.#bar ??= this.#context.out.progress(label, total);
    this.#bar.update(done);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function strategiesOf({ root }: Context): string {
  return join(root, 'strategies');
}
