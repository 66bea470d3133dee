import { join } from 'node:path';
import { assembleStudyData, type CandleSource, revisedIn } from '../backtest/candle-source.ts';
import { combinationsOf } from '../backtest/choice.ts';
import { failureOf, type StrategyFailure, type StudyOutcome } from '../backtest/outcome.ts';
import type { ChosenStrategy } from '../backtest/settling.ts';
import type { SpanPlan, StudyData } from '../backtest/study-data.ts';
import { runStudy } from '../backtest/study-runner.ts';
import { costsOf } from '../config/config.ts';
import { UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { judgeStudy, type StudyVerdict } from '../evidence/judge.ts';
import type { MarketCount } from '../evidence/trial-count.ts';
import { buildReport, type ReportedSettings } from '../report/build.ts';
import type { Report, ReportedElsewhere } from '../report/schema.ts';
import { loadStrategy } from '../strategy/load.ts';
import type { Context } from './context.ts';
import { commitOf, versionsOf } from './provenance.ts';
import { cautionsOf } from './study-cautions.ts';
import { elsewhereOf } from './study-elsewhere.ts';

/** The strategies of a study, as far as they can be loaded. */
export interface Lineup {
  /** With every set of params that they are tried with. */
  readonly chosen: readonly ChosenStrategy[];
  readonly failures: ReadonlyMap<string, StrategyFailure>;
  /** Of the study, and those that a strategy looks at beside its own. */
  readonly coins: readonly string[];
}

/**
 * Loads the strategies of a study. One that is broken becomes a failure, and the others go on; one that does not
 * exist, or a param out of range, is a mistake in the study itself and stops it.
 */
export async function lineUp(study: Study, context: Context): Promise<Lineup> {
  const chosen: ChosenStrategy[] = [];
  const failures = new Map<string, StrategyFailure>();
  for (const strategy of study.strategies) {
    try {
      const loaded = await loadStrategy(strategy.name, strategiesOf(context));
      const combinations = combinationsOf(strategy);
      chosen.push(...combinations.map((params) => ({ loaded, built: loaded.strategy.build(params) })));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      failures.set(strategy.name, failureOf(strategy.name, error));
    }
  }
  const coins = new Set([...study.coins, ...chosen.flatMap(({ built }) => built.coins)]);
  return { chosen, failures, coins: [...coins] };
}

export interface StudyRequest {
  readonly study: Study;
  readonly lineup: Lineup;
  readonly plan: SpanPlan;
  readonly source: CandleSource;
  readonly settings: ReportedSettings;
  readonly seed: number;
  /** What was tried on this market, this study included; none of an older report that is run again. */
  readonly countTrials: (outcome: StudyOutcome, data: StudyData) => Promise<MarketCount> | MarketCount | undefined;
  /** What else is looked at: whatever is stored, or what a report names; null for a report that looked at nothing. */
  readonly elsewhere?: ReportedElsewhere | null;
}

export interface StudyResult {
  readonly outcome: StudyOutcome;
  readonly verdicts: StudyVerdict;
  readonly report: Report;
  readonly data: StudyData;
}

/** From candles to a report: load, run on all cores, judge. */
export async function runAndJudge(request: StudyRequest, context: Context): Promise<StudyResult> {
  const { study, lineup, plan, source, settings, seed, countTrials } = request;
  const startedMs = context.clock.nowMs();
  const data = assembleStudyData({ coins: lineup.coins, intervals: [study.interval, ...study.confirm] }, plan, source);
  const { coins } = lineup;
  const named = request.elsewhere;
  const elsewhere = named === null ? undefined : elsewhereOf({ study, coins, plan, source, ...(named && { named }) });
  const loadedMs = context.clock.nowMs();
  let bar: ReturnType<typeof context.out.progress> | undefined;
  try {
    const outcome = await runStudy({
      study,
      data,
      ...(elsewhere && { elsewhere }),
      costs: costsOf(settings),
      strategiesDirectory: strategiesOf(context),
      fileSha256: new Map(lineup.chosen.map(({ loaded: { strategy, sha256 } }) => [strategy.name, sha256])),
      failures: lineup.failures,
      signal: context.signal,
      onProgress: (done, total) => {
        bar ??= context.out.progress('strategies and controls', total);
        bar.update(done);
      },
    });
    const ranMs = context.clock.nowMs();
    const trials = await countTrials(outcome, data);
    const verdicts = judgeStudy(outcome, study, settings.gates, seed, trials);
    const judgedMs = context.clock.nowMs();
    const report = buildReport({
      outcome,
      verdicts,
      study,
      config: settings,
      data,
      elsewhere,
      revised: revisedIn(data, source),
      seed,
      trials,
      warnings: [...plan.warnings, ...cautionsOf(study, data, settings)],
      versions: await versionsOf(),
      commit: await commitOf(),
      createdAtMs: judgedMs,
      durationsMs: { load: loadedMs - startedMs, run: ranMs - loadedMs, judge: judgedMs - ranMs },
    });
    return { outcome, verdicts, report, data };
  } finally {
    bar?.stop();
  }
}

/** Where strategies are found by their bare names. */
export function strategiesOf(context: Context): string {
  return join(context.root, 'strategies');
}
