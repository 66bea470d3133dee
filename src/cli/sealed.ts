import type { SeriesSpan } from '../backtest/study-data.ts';
import type { SealedFrom } from '../domain/sealed.ts';
import { sealedFromOf, sealedNotes } from '../evidence/seal.ts';
import type { Context } from './context.ts';
import { ledgerOf } from './keeping.ts';

/**
 * From when on candles are sealed for this command. Every command that looks at candles in order to find or judge
 * strategies hands this to the source of its candles; who records, copies or trades does not.
 *
 * @param lifted hashes of the seals that are unsealed for this command alone
 */
export function sealedFrom(context: Pick<Context, 'root' | 'databasePath'>, lifted?: readonly string[]): SealedFrom {
  const { lines, lost } = ledgerOf(context);
  return sealedFromOf([...lines, ...lost], lifted);
}

/** Says what a command did not look at. */
export function noteSealed(spans: readonly SeriesSpan[], { out }: Context): void {
  for (const note of sealedNotes(spans)) out.note(note);
}
