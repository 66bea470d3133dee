import { relative } from 'node:path';
import { settlingsOf } from '../backtest/settling.ts';
import { planSpan, spanRequestOf } from '../backtest/study-data.ts';
import { loadStudy } from '../config/study-file.ts';
import type { Study } from '../domain/study.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import { trialOfStudy } from '../evidence/trials.ts';
import { writeReport } from '../report/write.ts';
import type { Context, ExitCode } from './context.ts';
import { chainNote, ledgerPathOf, requireWritable, resultsPathOf } from './keeping.ts';
import { openCandles, requireSeen } from './study-candles.ts';
import { ageNote } from './study-cautions.ts';
import { lineUp, runAndJudge } from './study-run.ts';
import { showReport } from './study-table.ts';

export interface StudyOptions {
  readonly draws?: number;
  readonly seed?: number;
  readonly asSeen?: true;
  readonly synthetic?: true;
  readonly json?: true;
}

/**
 * The main job: candles in, strategies judged against a coin flip that wears the same stops, a verdict and a report
 * out. The exit status is 1 when a strategy could not be run; a KILL is a result, and no failure.
 */
export async function run(name: string, options: StudyOptions, context: Context): Promise<ExitCode> {
  requireSeen(options);
  const { root, workingDirectory, config, out } = context;
  const study = withOptions(loadStudy(name, { root, workingDirectory, seed: config.seed }), options);
  const lineup = await lineUp(study, context);
  const settlings = settlingsOf(study, lineup.chosen);
  const isSyntheticWanted = options.synthetic === true;
  const asSeen = options.asSeen === true;
  const { seed, source: preferredSource } = config;
  const wanted = spanRequestOf(study);
  const candles = await openCandles(
    { wanted, coins: lineup.coins, settlings, isSyntheticWanted, asSeen, preferredSource, seed },
    context,
  );
  try {
    const { source } = candles;
    const spans = lineup.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
    const plan = planSpan(wanted, settlings, spans);
    const { fees, slippageBps, gates } = config;
    const settings = { source: preferredSource, fees, slippageBps, gates };
    requireWritable('study', context);
    const { outcome, report, data } = await runAndJudge({ study, lineup, plan, source, settings, seed }, context);

    const { isSynthetic, fingerprint } = data;
    const market = { isSynthetic, ...(data.asSeen && { asSeen: data.asSeen }) };
    const costs = { gates, fees, slippageBps, seed };
    const facts = { fingerprint, source: data.source, ...market, ...costs, resultSha256: report.resultHash };
    appendTrial(ledgerPathOf(context), trialOfStudy(study, outcome, facts), context.clock);
    const written = writeReport(resultsPathOf(context), report, [...data.grids[0].candles.values()]);
    const notes = [ageNote(study, data, context.clock.nowMs()), chainNote(context)].filter(
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

function withOptions(study: Study, { draws, seed }: StudyOptions): Study {
  const { controls } = study;
  return { ...study, controls: { draws: draws ?? controls.draws, seed: seed ?? controls.seed } };
}
