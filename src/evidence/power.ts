import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type { DrawTable } from '../backtest/outcome.ts';

/** A study should find an edge of the size that it names in four of five cases. */
const POWER = 0.8;

/** How many standard errors an edge must measure to be found: z of the level, and z of the power. */
function detectableErrors(alpha: number): number {
  return normalQuantile(1 - alpha, 0, 1) + normalQuantile(POWER, 0, 1);
}

/**
 * The smallest edge, in R a trade, that a study with this standard error finds four times in five at a one-sided level:
 * what a verdict 'unproven' leaves open (rule 28).
 */
export function smallestEdgeR(standardErrorR: number, alpha: number): number {
  return detectableErrors(alpha) * standardErrorR;
}

/**
 * Independent trades that it takes to find an edge of `targetEdgeR` four times in five, never fewer than `floor`: with
 * the usual standard deviation of 1.3, about 1,000 for 0.1 R (rule 28). Trades that depend on each other tell less; the
 * block-wise standard error of `smallestEdgeR` accounts for this.
 *
 * @param sdR standard deviation of R; NaN gives the floor
 */
export function minimumTrades(sdR: number, targetEdgeR: number, alpha: number, floor: number): number {
  if (Number.isNaN(sdR)) return floor;
  return Math.max(floor, Math.ceil(((detectableErrors(alpha) * sdR) / targetEdgeR) ** 2));
}

/**
 * Standard deviation of R under the strategy's risk rules, pooled over the trades of its coin flips. Never the
 * strategy's own: then its result would decide how many trades it needs.
 *
 * @returns NaN where no draw made two trades
 */
export function pooledSdR(coinFlip: DrawTable): number {
  const { trades, sdR } = coinFlip.metrics;
  let squares = 0;
  let freedom = 0;
  for (let draw = 0; draw < coinFlip.draws; draw++) {
    const sd = sdR[draw] as number;
    if (Number.isNaN(sd)) continue;
    squares += ((trades[draw] as number) - 1) * sd * sd;
    freedom += (trades[draw] as number) - 1;
  }
  return Math.sqrt(squares / freedom);
}
