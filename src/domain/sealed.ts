import type { EpochMs } from './units.ts';

/**
 * From when on a coin is sealed: of candles that close after it, and of funding that is settled after it, nothing may
 * be seen by whoever looks for strategies (rule 33). Undefined where all of them may be.
 */
export type SealedFrom = (coin: string) => EpochMs | undefined;

/** Of whoever may see everything: a recorder, a copy, a bot that trades. */
export const NOTHING_SEALED: SealedFrom = () => undefined;

/** The end of a stretch as far as it may be seen. */
export function visibleUntil(toMs: number, sealedFromMs: number | undefined): number {
  return sealedFromMs === undefined ? toMs : Math.min(toMs, sealedFromMs);
}
