import { join, relative } from 'node:path';
import { settlingsOf } from '../backtest/settling.ts';
import { planSpan } from '../backtest/study-data.ts';
import { loadStudy } from '../config/study-file.ts';
import type { Study } from '../domain/study.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import { trialOfStudy } from '../evidence/trials.ts';
import { writeReport } from '../report/write.ts';
import type { Context, ExitCode } from './context.ts';
import { openCandles } from './study-candles.ts';
import { lineUp, runAndJudge } from './study-run.ts';
import { showReport } from './study-table.ts';

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
  const { seed } = config;
  const candles = await openCandles({ study, coins: lineup.coins, settlings, isSyntheticWanted, seed }, context);
  try {
    const { source } = candles;
    const spans = lineup.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
    const plan = planSpan(study, settlings, spans);
    const { source: preferred, fees, slippageBps, gates } = config;
    const settings = { source: preferred, fees, slippageBps, gates };
    const { outcome, report, data } = await runAndJudge({ study, lineup, plan, source, settings, seed }, context);

    const { isSynthetic, fingerprint } = data;
    const facts = { fingerprint, source: source.name, isSynthetic, resultSha256: report.resultHash };
    appendTrial(join(root, 'backtests', 'trials.jsonl'), trialOfStudy(study, outcome, facts), context.clock);
    const written = writeReport(join(root, 'backtests', 'results'), report, [...data.grids[0].candles.values()]);
    if (options.json) out.json(report);
    else
      showReport(
        report,
        relative(workingDirectory, written.htmlPath),
        relative(workingDirectory, written.jsonPath),
        out,
      );
    return lineup.failures.size > 0 || report.strategies.some(({ status }) => status === 'failed') ? 1 : 0;
  } finally {
    candles.close();
  }
}

function withOptions(study: Study, { draws, seed }: StudyOptions): Study {
  const { controls } = study;
  return { ...study, controls: { draws: draws ?? controls.draws, seed: seed ?? controls.seed } };
}
