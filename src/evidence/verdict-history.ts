import type { LedgerLine, RecordedStudy, TrialOutcome } from './trial-lines.ts';

/** One verdict on a strategy, as it is on record. */
export interface PastVerdict {
  readonly line: number;
  readonly judgedAtMs: number;
  readonly study: string;
  readonly coins: readonly string[];
  readonly interval: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly params: RecordedStudy['strategies'][number]['params'];
  readonly fileSha256: string;
  /** On candles that had been sealed until then. */
  readonly isHoldout: boolean;
  /** Null in lines that are older than outcomes: that it was judged is on record, and not how. */
  readonly outcome: TrialOutcome | null;
}

/** A strategy is its file: one whose file is another now is another strategy. */
export interface JudgedFile {
  readonly name: string;
  readonly fileSha256: string;
  /** The oldest first. */
  readonly verdicts: readonly PastVerdict[];
  readonly latest: PastVerdict;
}

/** Every file that was ever judged on real candles, by name and then by when it was judged first. */
export function judgedFiles(lines: readonly LedgerLine[]): JudgedFile[] {
  const past = lines.flatMap((line) => (line.kind === 'study' && !line.isSynthetic ? verdictsIn(line) : []));
  return [...Map.groupBy(past, ({ name, verdict }) => `${name} ${verdict.fileSha256}`).values()]
    .map((group): JudgedFile => {
      const verdicts = group.map(({ verdict }) => verdict);
      const latest = verdicts.at(-1) as PastVerdict;
      return { name: group[0]?.name ?? '', fileSha256: latest.fileSha256, verdicts, latest };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Of params that were chosen from a list only the chosen ones were judged. */
function verdictsIn(line: RecordedStudy): { readonly name: string; readonly verdict: PastVerdict }[] {
  const { sequence, recordedAtMs, study, coins, interval, fromMs, toMs, unseal } = line;
  const hasOutcomes = line.strategies.some(({ outcome }) => outcome !== undefined);
  return line.strategies
    .filter(({ outcome }) => outcome !== undefined || !hasOutcomes)
    .map(({ name, params, fileSha256, outcome = null }) => ({
      name,
      verdict: {
        ...{ line: sequence, judgedAtMs: recordedAtMs, study, coins, interval, fromMs, toMs, params, fileSha256 },
        ...{ isHoldout: unseal !== undefined, outcome },
      },
    }));
}
