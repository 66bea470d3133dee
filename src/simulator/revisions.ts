import { type CandleColumns, openTimeAt } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import { decimalsOf } from '../market/resample.ts';
import type { Revision } from './coin-tape.ts';
import { firstExtremeIsLow, PATH_FRACTIONS } from './price-path.ts';

export interface RevisionPlan {
  readonly seed: number;
  /** How likely a candle is revised. */
  readonly chance: number;
  /** The longest after its close. */
  readonly withinMs: number;
}

/**
 * Candles that are revised after their close, the same ones for the same seed: each closes without its last trade,
 * which is counted later.
 */
export function seededRevisions(columns: CandleColumns, { seed, chance, withinMs }: RevisionPlan): Revision[] {
  const prng = new Prng(seed).fork(`revisions ${columns.coin} ${columns.interval}`);
  const scale = 10 ** decimalsOf(columns.volume);
  const trades = PATH_FRACTIONS.length - 1;
  const revisions: Revision[] = [];
  for (let row = 0; row < columns.length; row++) {
    const [open, close] = [columns.open[row] as number, columns.close[row] as number];
    const volume = Math.floor((columns.volume[row] as number) * scale * (trades / PATH_FRACTIONS.length)) / scale;
    if (!(volume > 0) || prng.uniform() >= chance) continue;
    const lastExtreme = (firstExtremeIsLow({ open, close }) ? columns.high : columns.low)[row] as number;
    revisions.push({
      interval: columns.interval,
      openTimeMs: openTimeAt(columns, row),
      afterMs: 1 + prng.below(withinMs),
      first: { close: lastExtreme, volume, trades },
    });
  }
  return revisions;
}
