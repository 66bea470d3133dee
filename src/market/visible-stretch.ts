import { DataError } from '../domain/errors.ts';
import { formatTime, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import type { SeriesSpan } from './series-store.ts';

export interface Stretch {
  readonly fromMs?: number | undefined;
  /** A candle closes at or before it; a settlement is before it. */
  readonly toMs?: number | undefined;
}

export interface VisibleStretch {
  readonly visible: Stretch;
  /** Where something of the stretch is left out: from when on it is sealed. */
  readonly sealedFromMs?: EpochMs;
}

/**
 * What of a stretch of a stored series may be seen where it is sealed from some instant on. A settlement at that very
 * instant may be seen, as a candle that closes at it.
 *
 * @throws DataError where all of it is sealed
 */
export function visibleStretch(
  series: SeriesSpan,
  { fromMs, toMs }: Stretch,
  sealedFromMs: EpochMs | undefined,
): VisibleStretch {
  if (sealedFromMs === undefined) return { visible: { fromMs, toMs } };
  const { kind, coin, firstOpenMs, lastOpenMs } = series;
  const rowMs = kind === 'funding' ? 1 : intervalMs(series.interval);
  const untilMs = kind === 'funding' ? sealedFromMs + 1 : sealedFromMs;
  if (Math.min(toMs ?? Number.POSITIVE_INFINITY, lastOpenMs + rowMs) <= untilMs) return { visible: { fromMs, toMs } };
  if (Math.max(fromMs ?? 0, firstOpenMs) + rowMs > untilMs) {
    const what = kind === 'funding' ? `funding of ${coin}` : `${series.interval} candles of ${coin}`;
    throw new DataError(`all ${what} of that time are sealed`, {
      details: [`sealed from ${formatTime(sealedFromMs)}, stored from ${formatTime(firstOpenMs)}`],
      hint: 'Ask for older ones, or spend the seal on one last study: candor unseal STRATEGY --study NAME.',
    });
  }
  return { visible: { fromMs, toMs: epochMs(untilMs) }, sealedFromMs };
}
