import { settlingsOf } from '../backtest/settling.ts';
import { planSpan, spanRequestOf } from '../backtest/study-data.ts';
import { loadStudy } from '../config/study-file.ts';
import type { Study } from '../domain/study.ts';
import type { Context, ExitCode } from './context.ts';
import { recordGates, requireWritable } from './keeping.ts';
import { openCandles, requireSeen } from './study-candles.ts';
import { judgeAndKeep } from './study-keep.ts';
import { lineUp } from './study-run.ts';

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
  const { root, workingDirectory, config } = context;
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
    recordGates(context);
    return await judgeAndKeep({ study, lineup, plan, source, settings, seed, json: options.json === true }, context);
  } finally {
    candles.close();
  }
}

function withOptions(study: Study, { draws, seed }: StudyOptions): Study {
  const { controls } = study;
  return { ...study, controls: { draws: draws ?? controls.draws, seed: seed ?? controls.seed } };
}
