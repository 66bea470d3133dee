import type { DailyReturns } from '../backtest/daily-returns.ts';
import type { StudyOutcome } from '../backtest/outcome.ts';
import type { Study } from '../domain/study.ts';
import { returnsOf } from './track-record.ts';
import { countMarket, keyOf, lineClusters, type MarketCount, type OwnTrial, type ReturnsOf } from './trial-count.ts';
import { plain } from './trial-keys.ts';
import type { LineClusters, RecordedTrial } from './trial-lines.ts';
import { trialsTouching, triesOf } from './trials.ts';

/** What a study tried, as the ledger and the database keep it. */
export interface StudyTries {
  readonly own: readonly OwnTrial[];
  /** Of those that were judged, by their place in the line. */
  readonly returns: readonly (DailyReturns & { readonly trial: number })[];
  /** What the line says of itself. */
  readonly clusters: LineClusters;
}

export function studyTries(study: Study, outcome: StudyOutcome, isSynthetic: boolean): StudyTries {
  const { coins, interval } = study;
  const { fromMs, toMs } = outcome;
  const line = { cell: plain(study.cell), coins, interval, fromMs, toMs, isSynthetic };
  const tries = triesOf(outcome).map(({ judged, ...tried }) => ({
    key: keyOf(tried, line),
    ...(judged && { returns: returnsOf(judged, study, fromMs) }),
  }));
  const returns = tries.flatMap(({ returns: found }, trial) => (found === undefined ? [] : [{ trial, ...found }]));
  return { own: tries, returns, clusters: lineClusters(returns, tries.length - returns.length) };
}

/** What was tried on the market of a study, itself included. */
export function countForStudy(
  { own }: Pick<StudyTries, 'own'>,
  { coins }: Pick<Study, 'coins'>,
  stretch: { readonly fromMs: number; readonly toMs: number; readonly isSynthetic: boolean },
  ledger: { readonly trials: readonly RecordedTrial[]; readonly returnsOf: ReturnsOf },
): MarketCount {
  const { fromMs, toMs, isSynthetic } = stretch;
  const touching = trialsTouching(ledger.trials, { coins, fromMs, toMs, isSynthetic });
  return countMarket(touching, ledger.returnsOf, own, stretch);
}
