import type { Trade } from '../../domain/trade.ts';
import { formatCount, formatNumber, formatR } from '../format.ts';

/** Below a quarter of the result, whatever it is, nobody would judge the combination otherwise. */
const NOTABLE_SHARE = 0.25;

/** What hangs on few of the trades of one combination. */
export interface Fragility {
  readonly trades: number;
  readonly sumR: number;
  /** Trades that closed only because the data ended: nobody decided to close there. */
  readonly settled: number;
  readonly settledR: number;
  /** Null for a single trade. */
  readonly expectancyWithoutBestR: number | null;
  /** Part of all gains in R that the best trade made; null without a gain. */
  readonly bestShareOfGains: number | null;
}

export function fragilityOf(trades: readonly Pick<Trade, 'reason' | 'rMultiple'>[]): Fragility {
  const sumOf = (some: readonly Pick<Trade, 'rMultiple'>[]): number =>
    some.reduce((sum, { rMultiple }) => sum + rMultiple, 0);
  const settled = trades.filter(({ reason }) => reason === 'end');
  const gainsR = sumOf(trades.filter(({ rMultiple }) => rMultiple > 0));
  const bestR = trades.reduce((best, { rMultiple }) => Math.max(best, rMultiple), Number.NEGATIVE_INFINITY);
  const sumR = sumOf(trades);
  return {
    trades: trades.length,
    sumR,
    settled: settled.length,
    settledR: sumOf(settled),
    expectancyWithoutBestR: trades.length < 2 ? null : (sumR - bestR) / (trades.length - 1),
    bestShareOfGains: gainsR > 0 ? bestR / gainsR : null,
  };
}

/** Sentences about the best: what it is without its best trade, and what the end of the data made of it. */
export function fragilityInWords(fragility: Fragility): string[] {
  const { trades, sumR, settled, settledR, expectancyWithoutBestR } = fragility;
  const words: string[] = [];
  if (expectancyWithoutBestR !== null) {
    words.push(`Without its best trade it has ${formatR(expectancyWithoutBestR)} a trade.`);
  }
  if (settled > 0 && Math.abs(settledR) >= NOTABLE_SHARE * Math.abs(sumR)) {
    words.push(
      `${formatNumber(settled)} of ${formatCount(trades, 'trade')} closed only because the data ended: ` +
        `${formatR(settledR, 1)} of ${formatR(sumR, 1)}.`,
    );
  }
  return words;
}
