import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { StudyOutcome } from '../backtest/outcome.ts';
import type { StudyData } from '../backtest/study-data.ts';
import type { Study } from '../domain/study.ts';
import { everTried } from '../evidence/known-ledger.ts';
import { countForStudy, type StudyTries, studyTries } from '../evidence/study-trials.ts';
import type { MarketCount } from '../evidence/trial-count.ts';
import { besidesOf } from '../evidence/trial-keys.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { RecordedTrial, RecordedUnseal } from '../evidence/trial-lines.ts';
import { trialOfStudy } from '../evidence/trials.ts';
import { keepLine } from '../market/trial-store.ts';
import { otherCoinsIn } from '../report/robustness-report.ts';
import type { Report } from '../report/schema.ts';
import { writeReport } from '../report/write.ts';
import type { Context, ExitCode } from './context.ts';
import { withDatabase } from './database.ts';
import { holdoutNotes, spentNotes } from './holdout-notes.ts';
import { chainNote, ledgerOf, ledgerPathOf, resultsPathOf } from './keeping.ts';
import { storedReturns } from './stored-returns.ts';
import { ageNote } from './study-cautions.ts';
import { runAndJudge, type StudyRequest, type StudyResult } from './study-run.ts';
import { showReport } from './study-table.ts';

export interface KeptStudy extends Omit<StudyRequest, 'countTrials'> {
  readonly json: boolean;
  /** The line that unsealed the candles for it. */
  readonly unseal?: RecordedUnseal;
}

/**
 * Judges a study against everything that was tried on its market, writes the line of it before anybody sees a number,
 * then the report, and shows it.
 */
export async function judgeAndKeep(request: KeptStudy, context: Context): Promise<ExitCode> {
  const { study, seed, settings, unseal, json } = request;
  const { clock, out, workingDirectory } = context;
  // Asked when the study has run: what others tried meanwhile counts too.
  const countTrials = (outcome: StudyOutcome, data: StudyData): Promise<MarketCount> =>
    countFor(study, outcome, data, everTried(ledgerOf(context)), context);
  const result = await runAndJudge({ ...request, countTrials }, context);
  const { outcome, verdicts, data } = result;

  const tries = studyTries(study, outcome, data.isSynthetic);
  const { gates, fees, slippageBps } = settings;
  const { isSynthetic, fingerprint, source } = data;
  const facts = {
    ...{ fingerprint, source, isSynthetic, gates, fees, slippageBps, seed },
    ...(data.asSeen && { asSeen: data.asSeen }),
    ...besidesOf(study.coins, [...request.lineup.coins, ...otherCoinsIn(result.report.elsewhere)]),
    resultSha256: result.report.resultHash,
    ...(unseal && { unseal: unseal.hash }),
  };
  const line = appendTrial(ledgerPathOf(context), trialOfStudy(study, outcome, verdicts, tries.clusters, facts), clock);
  const notes = notesOf(request, result, context);
  const report: Report =
    notes.length === 0 ? result.report : { ...result.report, made: { ...result.report.made, notes } };
  const written = writeReport(resultsPathOf(context), report, [...data.grids[0].candles.values()]);
  await keepReturns({ hash: line.hash, text: JSON.stringify(line) }, tries, context);

  const shown = [ageNote(study, data, clock.nowMs()), ...notes].filter((note) => note !== undefined);
  const path = (file: string): string => relative(workingDirectory, file);
  if (json) {
    out.json(report);
    for (const note of shown) out.note(note);
  } else {
    showReport({ report, notes: shown, htmlPath: path(written.htmlPath), jsonPath: path(written.jsonPath) }, out);
  }
  return request.lineup.failures.size > 0 || report.strategies.some(({ status }) => status === 'failed') ? 1 : 0;
}

/** What is true of the ledger on this day, and so no part of the result. */
function notesOf({ lineup, unseal }: KeptStudy, { report, data }: StudyResult, context: Context): string[] {
  const { lines } = ledgerOf(context);
  const holdout =
    unseal === undefined ? spentNotes(lines, { coins: lineup.coins, data }) : holdoutNotes(lines, unseal, report);
  return [...holdout, chainNote(context)].filter((note) => note !== undefined);
}

function countFor(
  study: Study,
  outcome: StudyOutcome,
  { fromMs, toMs, isSynthetic }: StudyData,
  trials: readonly RecordedTrial[],
  context: Context,
): Promise<MarketCount> {
  const tries = studyTries(study, outcome, isSynthetic);
  const stretch = { fromMs, toMs, isSynthetic };
  return storedReturns(context, (returnsOf) => countForStudy(tries, study, stretch, { trials, returnsOf }));
}

/** A synthetic market makes no database where there is none: what is tried on it is counted one by one there. */
async function keepReturns(
  line: { readonly hash: string; readonly text: string },
  { returns }: StudyTries,
  context: Context,
): Promise<void> {
  if (existsSync(context.databasePath)) await withDatabase(context, (db) => keepLine(db, line, returns));
}
