import type { RevisedSeries } from '../backtest/candle-source.ts';
import { formatCount } from './format.ts';

/** On which values of its candles a report is, as both kinds of report have it. */
export interface SeenValues {
  readonly data: { readonly asSeen?: true | undefined };
  readonly made: { readonly revised?: readonly RevisedSeries[] | undefined };
}

/**
 * A warning about candles that were revised: always where the report is on the values that were first seen, else only
 * where there are any. It is none of the report's own, because a later revision changes the number and not the result.
 */
export function revisionWarnings(report: SeenValues): string[] {
  const candles = revisedCandles(report);
  const counted = `${formatCount(candles, 'revised candle')} in the span`;
  if (report.data.asSeen) return [`on the values first seen (${counted})`];
  return candles === 0 ? [] : [`on final values (${counted}; see --as-seen)`];
}

/** Candles of the report's span that had been revised when it was made. */
export function revisedCandles({ made: { revised = [] } }: SeenValues): number {
  return revised.reduce((sum, { candles }) => sum + candles, 0);
}

/** `BTC 1h: 3, ETH 30m: 1` */
export function revisedInWords(revised: readonly RevisedSeries[]): string {
  return revised.map(({ coin, interval, candles }) => `${coin} ${interval}: ${candles}`).join(', ');
}
