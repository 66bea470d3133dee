import { resolve } from 'node:path';
import { type SpanPlan, spanRequestOf, spanWarnings } from '../backtest/study-data.ts';
import { UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { formatTime, type Interval } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { studyOf } from '../report/build.ts';
import { readReport } from '../report/read.ts';
import { revisedCandles } from '../report/revisions.ts';
import { otherCoinsIn } from '../report/robustness-report.ts';
import type { Report } from '../report/schema.ts';
import { compareReports, type Difference } from '../report/verify.ts';
import type { Context, ExitCode } from './context.ts';
import { sealedFrom } from './sealed.ts';
import { openCandles } from './study-candles.ts';
import { type Lineup, lineUp, runAndJudge } from './study-run.ts';

const MOST_SHOWN = 12;

/**
 * Runs a report again, on the candles and with the settings that it names, and compares every number to the last
 * digit. The exit status is 1 when anything differs. A strategy whose file has changed is not run: it would be a try
 * that is on no record.
 */
export async function run(file: string, _options: object, context: Context): Promise<ExitCode> {
  const { out } = context;
  const expected = readReport(resolve(context.workingDirectory, file));
  const study = studyOf(expected);
  const lineup = await lineUp(study, context);
  const changed = changedFiles(expected, lineup);
  if (changed.length > 0) return refuse(file, changed, context);
  const settlings = [study.interval, ...study.confirm].map((interval) => ({ interval, candles: 0 }));
  const { config: settings, seed, data } = expected;
  const stretch = { fromMs: Math.min(data.fromMs, ...Object.values(data.anchor)), toMs: data.toMs };
  const isSyntheticWanted = data.isSynthetic;
  if (!isSyntheticWanted)
    requireVisible(file, data.toMs, [...lineup.coins, ...otherCoinsIn(expected.elsewhere)], context);
  const candles = await openCandles(
    {
      wanted: spanRequestOf(study),
      coins: lineup.coins,
      settlings,
      isSyntheticWanted,
      asSeen: data.asSeen === true,
      preferredSource: settings.source,
      seed,
      stretch,
    },
    context,
  );
  try {
    const { source } = candles;
    const { report } = await runAndJudge(
      {
        ...{ study, lineup, plan: planOf(expected, study), source, settings, seed },
        countTrials: () => expected.trials,
        elsewhere: expected.elsewhere ?? null,
      },
      context,
    );
    const differences = compareReports(expected, report);
    if (differences.length === 0) {
      out.line(
        `verified: every number of ${file} came out the same, to the last digit (${expected.resultHash.slice(0, 12)})`,
      );
      return 0;
    }
    show(file, expected, report, differences, context);
    return 1;
  } finally {
    candles.close();
  }
}

/** Files that are not those of the report. */
function changedFiles({ strategies }: Report, { chosen }: Lineup): string[] {
  const now = new Map(chosen.map(({ loaded: { strategy, sha256 } }) => [strategy.name, sha256]));
  return strategies.flatMap((one) =>
    one.status === 'judged' && now.has(one.name) && now.get(one.name) !== one.fileSha256
      ? [`strategies/${one.name}.ts`]
      : [],
  );
}

function refuse(file: string, changed: readonly string[], { out }: Context): ExitCode {
  out.line(`${file} cannot be reproduced`);
  for (const strategy of changed) out.line(`  ${strategy} has changed since`);
  out.note("git has the file of that day; 'candor study' runs the one of today, and puts that on record");
  return 1;
}

/** @throws UsageError for a report on candles that are sealed now: to run it again is to look at them */
function requireVisible(file: string, toMs: number, coins: readonly string[], context: Context): void {
  const from = sealedFrom(context);
  const sealed = [...new Set(coins)].filter((coin) => toMs > (from(coin) ?? Number.POSITIVE_INFINITY));
  if (sealed.length === 0) return;
  const [first] = sealed as [string];
  throw new UsageError(`${file} ends at ${formatTime(toMs)}, and candles of that time are sealed`, {
    details: [`sealed from ${formatTime(from(first) as EpochMs)}: ${sealed.join(', ')}`],
    hint: "It can be verified again when the seal is spent: see 'candor unseal --help'.",
  });
}

/** The span and the anchors of the report: a 'newest' span would move with the data. */
function planOf({ data }: Report, study: Study): SpanPlan {
  const anchors = new Map(Object.entries(data.anchor).map(([interval, ms]) => [interval as Interval, ms as EpochMs]));
  const [fromMs, toMs] = [data.fromMs as EpochMs, data.toMs as EpochMs];
  const { sealedFromMs } = data;
  return {
    ...{ fromMs, toMs, anchors },
    ...(sealedFromMs !== undefined && { sealedFromMs: sealedFromMs as EpochMs }),
    warnings: spanWarnings(spanRequestOf(study), { fromMs, toMs, sealedFromMs }),
  };
}

function show(
  file: string,
  expected: Report,
  actual: Report,
  differences: readonly Difference[],
  { out }: Context,
): void {
  out.line(`${file} could not be reproduced: ${differences.length} values differ`);
  for (const cause of likelyCauses(expected, actual)) out.line(`  ${cause}`);
  const others = otherOutcomes(expected, actual);
  for (const name of others) out.line(`  ${name} could be run in one of the two, and not in the other`);
  // Numbers of what the report has none of would be those of a new try.
  if (others.length > 0) return;
  for (const { path, expected: before, actual: now } of differences.slice(0, MOST_SHOWN)) {
    out.line(`  ${path}: ${JSON.stringify(before)} in the report, ${JSON.stringify(now)} now`);
  }
  if (differences.length > MOST_SHOWN) out.line(`  … and ${differences.length - MOST_SHOWN} more`);
}

/** Strategies that were judged in one report, and failed in the other. */
function otherOutcomes(expected: Report, actual: Report): string[] {
  return expected.strategies.flatMap(({ name, status }) =>
    actual.strategies.some((now) => now.name === name && now.status !== status) ? [name] : [],
  );
}

/** Why two runs differ, as far as the reports know: other candles, another commit. */
function likelyCauses(expected: Report, actual: Report): string[] {
  const causes: string[] = [];
  if (expected.data.fingerprint !== actual.data.fingerprint) {
    causes.push('the candles are not the same: their fingerprint differs');
    if (revisedCandles(actual) > revisedCandles(expected)) {
      causes.push('some of them have been revised since the report was made');
    }
  }
  if (expected.commit !== null && expected.commit.sha !== actual.commit?.sha) {
    causes.push(`the report was made by commit ${expected.commit.sha.slice(0, 12)}`);
  }
  return causes;
}
