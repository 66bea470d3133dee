import type { StudyData } from '../backtest/study-data.ts';
import { formatDate } from '../domain/time.ts';
import { type Seal, sealsIn, spentOn } from '../evidence/seal.ts';
import type { LedgerLine, RecordedUnseal, TrialOutcome } from '../evidence/trial-lines.ts';
import { formatR } from '../report/format.ts';
import type { Report } from '../report/schema.ts';
import { counted } from './database.ts';

/** Of a study on candles that were a holdout once: nobody has unseen ones there any more. */
export function spentNotes(
  lines: readonly LedgerLine[],
  { coins, data }: { readonly coins: readonly string[]; readonly data: Pick<StudyData, 'isSynthetic' | 'toMs'> },
): string[] {
  if (data.isSynthetic) return [];
  return spentOn(lines, { coins, toMs: data.toMs }).map(
    ({ line, unseal, study }) =>
      `candles from ${formatDate(line.fromMs)} on were a sealed holdout, spent on ${formatDate(study.recordedAtMs)} ` +
      `for ${namesOf(unseal)}: what runs on them now has been looked at`,
  );
}

/** Of the one study that a seal was spent on: what was seen before the seal, and what after it. */
export function holdoutNotes(lines: readonly LedgerLine[], unseal: RecordedUnseal, report: Report): string[] {
  const seals = sealsIn(lines).filter(({ line }) => unseal.seals.includes(line.hash));
  return [
    ...seals.map(sealNote),
    ...report.strategies.map((strategy) => {
      const before = lastBefore(lines, unseal, strategy.name);
      const after =
        strategy.status === 'failed'
          ? 'it could not be run'
          : `${strategy.verdict.word}, ${formatR(strategy.metrics['expectancyR'])} a trade over ` +
            counted(strategy.metrics['trades'] ?? 0, 'trade');
      return `${strategy.name}: before the seal ${before}; after it ${after}`;
    }),
  ];
}

function sealNote({ line }: Seal): string {
  const seen = line.seenBy === 0 ? 'nothing here had seen it' : `${counted(line.seenBy, 'run')} had seen some of it`;
  const sealedOn = formatDate(line.recordedAtMs);
  return `a sealed holdout from ${formatDate(line.fromMs)} on; when it was sealed, on ${sealedOn}, ${seen}`;
}

/** The last verdict on that very file on candles of before the seal. */
function lastBefore(lines: readonly LedgerLine[], { strategies, fromMs }: RecordedUnseal, name: string): string {
  const sha256 = strategies.find((one) => one.name === name)?.fileSha256;
  const outcomes = lines.flatMap((line): TrialOutcome[] => {
    if (line.kind !== 'study' || line.isSynthetic || line.toMs > fromMs) return [];
    const tried = line.strategies.filter((one) => one.name === name && one.fileSha256 === sha256);
    return tried.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
  });
  const last = outcomes.at(-1);
  if (last === undefined) return 'no study that ended there had judged it';
  const { word, expectancyR, trades } = last;
  const times = outcomes.length === 1 ? '' : ` (the last of ${outcomes.length} times)`;
  return `${word}, ${formatR(expectancyR)} a trade over ${counted(trades, 'trade')}${times}`;
}

function namesOf({ strategies }: RecordedUnseal): string {
  return [...new Set(strategies.map(({ name }) => name))].join(', ');
}
