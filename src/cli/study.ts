import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { settlingsOf } from '../backtest/settling.ts';
import { planSpan, spanRequestOf } from '../backtest/study-data.ts';
import { loadStudy } from '../config/study-file.ts';
import { CandorError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { appendTrial, readTrials } from '../evidence/trial-ledger.ts';
import { trialOfStudy } from '../evidence/trials.ts';
import { writeReport } from '../report/write.ts';
import type { Context, ExitCode } from './context.ts';
import { openCandles } from './study-candles.ts';
import { ageNote } from './study-cautions.ts';
import { lineUp, runAndJudge } from './study-run.ts';
import { showReport } from './study-table.ts';
import { TRIALS_FILE } from './trials.ts';

export interface StudyOptions {
  readonly draws?: number;
  readonly seed?: number;
  readonly synthetic?: true;
  readonly json?: true;
}

/**
 * The main job: candles in, strategies judged against a coin flip that wears the same stops, a verdict and a report
 * out. The exit status is 1 when a strategy could not be run; a KILL is a result, and no failure.
 */
export async function run(name: string, options: StudyOptions, context: Context): Promise<ExitCode> {
  const { root, workingDirectory, config, out } = context;
  const study = withOptions(loadStudy(name, { root, workingDirectory, seed: config.seed }), options);
  const lineup = await lineUp(study, context);
  const settlings = settlingsOf(study, lineup.chosen);
  const isSyntheticWanted = options.synthetic === true;
  const { seed, source: preferredSource } = config;
  const wanted = spanRequestOf(study);
  const candles = await openCandles(
    { wanted, coins: lineup.coins, settlings, isSyntheticWanted, preferredSource, seed },
    context,
  );
  try {
    const { source } = candles;
    const spans = lineup.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
    const plan = planSpan(wanted, settlings, spans);
    const { fees, slippageBps, gates } = config;
    const settings = { source: preferredSource, fees, slippageBps, gates };
    const ledgerPath = join(root, TRIALS_FILE);
    const resultsPath = join(root, 'backtests', 'results');
    requireWritable(resultsPath, ledgerPath);
    const { outcome, report, data } = await runAndJudge({ study, lineup, plan, source, settings, seed }, context);

    const { isSynthetic, fingerprint } = data;
    const costs = { gates, fees, slippageBps, seed };
    const facts = { fingerprint, source: data.source, isSynthetic, ...costs, resultSha256: report.resultHash };
    appendTrial(ledgerPath, trialOfStudy(study, outcome, facts), context.clock);
    const written = writeReport(resultsPath, report, [...data.grids[0].candles.values()]);
    const notes = [ageNote(study, data, context.clock.nowMs()), chainNote(ledgerPath)].filter(
      (note) => note !== undefined,
    );
    const shown = (path: string): string => relative(workingDirectory, path);
    if (options.json) {
      out.json(report);
      for (const note of notes) out.note(note);
    } else {
      showReport({ report, notes, htmlPath: shown(written.htmlPath), jsonPath: shown(written.jsonPath) }, out);
    }
    return lineup.failures.size > 0 || report.strategies.some(({ status }) => status === 'failed') ? 1 : 0;
  } finally {
    candles.close();
  }
}

/**
 * A study takes minutes, and its result is lost where it cannot be kept; so this is found before it runs.
 *
 * @throws CandorError
 */
function requireWritable(resultsPath: string, ledgerPath: string): void {
  try {
    mkdirSync(resultsPath, { recursive: true });
    for (const path of [resultsPath, dirname(ledgerPath)]) accessSync(path, constants.W_OK);
    if (existsSync(ledgerPath)) accessSync(ledgerPath, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const { code, path = resultsPath } = cause as NodeJS.ErrnoException;
    throw new CandorError(`the study was not run, because ${path} cannot be written (${code})`, {
      hint: 'Give this user access to backtests/ and all that is in it, or make room, and run the study again.',
      cause,
    });
  }
}

/** A broken chain of trials stops no study, but whoever reads its result has to know. */
function chainNote(ledgerPath: string): string | undefined {
  const { state } = readTrials(ledgerPath);
  if (state.intact) return undefined;
  return `the record of trials is broken at line ${state.brokenAtLine} of ${TRIALS_FILE}: ${state.reason}`;
}

function withOptions(study: Study, { draws, seed }: StudyOptions): Study {
  const { controls } = study;
  return { ...study, controls: { draws: draws ?? controls.draws, seed: seed ?? controls.seed } };
}
