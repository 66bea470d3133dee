import type { SealedFrom } from '../domain/sealed.ts';
import { formatTime } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { LedgerLine, RecordedSeal, RecordedStudy, RecordedTrial, RecordedUnseal } from './trial-lines.ts';

/**
 * A sealed holdout: candles that nobody looks at while strategies are looked for, so that one last study can ask
 * them, once (rule 33). It is `sealed`; then `unsealed` for the one study that was named, while everybody else still
 * sees nothing; and `spent` as soon as that study is on record.
 */
export type Seal = { readonly line: RecordedSeal } & (
  | { readonly state: 'sealed' }
  | { readonly state: 'unsealed'; readonly unseal: RecordedUnseal }
  | { readonly state: 'spent'; readonly unseal: RecordedUnseal; readonly study: RecordedStudy }
);

/** Every seal that was ever put on, in order. Of several lines that unseal the same, the first counts. */
export function sealsIn(lines: readonly LedgerLine[]): Seal[] {
  return lines
    .filter((line) => line.kind === 'seal')
    .map((line): Seal => {
      const unseal = lines.find((one): one is RecordedUnseal => one.kind === 'unseal' && one.seals.includes(line.hash));
      if (unseal === undefined) return { line, state: 'sealed' };
      const study = lines.find((one): one is RecordedStudy => one.kind === 'study' && one.unseal === unseal.hash);
      return study === undefined ? { line, state: 'unsealed', unseal } : { line, state: 'spent', unseal, study };
    });
}

/** A coin in other letters is the same coin. */
export function covers({ coins }: { readonly coins?: readonly string[] | undefined }, coin: string): boolean {
  return coins === undefined || coins.some((one) => one.toUpperCase() === coin.toUpperCase());
}

/**
 * What of each coin is sealed now: from the earliest seal on that is not spent.
 *
 * @param lifted hashes of the seals that are unsealed for whoever asks
 */
export function sealedFromOf(lines: readonly LedgerLine[], lifted: readonly string[] = []): SealedFrom {
  const holding = sealsIn(lines).filter(({ state, line }) => state !== 'spent' && !lifted.includes(line.hash));
  return (coin) => {
    const starts = holding.filter((seal) => covers(seal.line, coin)).map(({ line }) => line.fromMs);
    return starts.length === 0 ? undefined : epochMs(Math.min(...starts));
  };
}

/** Trials on real candles that have seen some of what a seal would cover. */
export function seenBeyond(
  trials: readonly RecordedTrial[],
  { fromMs, coins }: { readonly fromMs: number; readonly coins?: readonly string[] | undefined },
): RecordedTrial[] {
  return trials.filter(
    (trial) =>
      !trial.isSynthetic &&
      trial.toMs > fromMs &&
      [...trial.coins, ...(trial.besides ?? [])].some((coin) => covers({ coins }, coin)),
  );
}

/** Spent seals that cover some of a stretch: what runs on it now has no candles left that nobody has looked at. */
export function spentOn(
  lines: readonly LedgerLine[],
  { coins, toMs }: { readonly coins: readonly string[]; readonly toMs: number },
): Extract<Seal, { state: 'spent' }>[] {
  return sealsIn(lines).filter(
    (seal): seal is Extract<Seal, { state: 'spent' }> =>
      seal.state === 'spent' && seal.line.fromMs < toMs && coins.some((coin) => covers(seal.line, coin)),
  );
}

/** The first instant from which a seal would cover nothing that a trial has seen. */
export function firstUnseenMs(
  trials: readonly RecordedTrial[],
  coins: readonly string[] | undefined,
): EpochMs | undefined {
  const seen = seenBeyond(trials, { fromMs: Number.NEGATIVE_INFINITY, coins });
  return seen.length === 0 ? undefined : epochMs(Math.max(...seen.map(({ toMs }) => toMs)));
}

/** One sentence for each day from which on something was left out, and what to do about it. */
export function sealedNotes(left: readonly { readonly coin: string; readonly sealedFromMs?: number }[]): string[] {
  const sealed = left.filter((one): one is { coin: string; sealedFromMs: number } => one.sealedFromMs !== undefined);
  return [...Map.groupBy(sealed, ({ sealedFromMs }) => sealedFromMs)].map(([sealedFromMs, spans]) => {
    const coins = [...new Set(spans.map(({ coin }) => coin))].join(', ');
    return `${coins}: what follows ${formatTime(sealedFromMs)} is sealed and left out; see 'candor unseal --help'`;
  });
}
