import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { SweepPlan } from '../../optimize/plan.ts';
import type { Combinations } from './combinations.ts';
import { fragilityOf } from './fragility.ts';
import type { Luck } from './schema.ts';

/** With fewer trades a mean is not near enough to normal. */
const LEAST_TRADES = 30;
/** In R: where a trade spreads wider, a handful of them makes the mean, and its t says little. */
const WIDEST_SPREAD_R = 3;
const MOST_OF_THE_GAINS = 0.5;

/**
 * How far from zero the highest expectancy stands, in its own standard errors, and how far the farthest of as many
 * combinations would stand if none was worth anything and they knew nothing of each other. A mean alone cannot be
 * compared: one trade of a wild combination makes any mean.
 *
 * @returns null where fewer than two counted combinations have a standard error
 */
export function luckOf(combinations: Combinations): Luck | null {
  const { isCounted, result } = combinations;
  const { trades, expectancyR, sdR } = result.columns;
  const known: number[] = [];
  let best: number | undefined;
  for (const [place, isIn] of isCounted.entries()) {
    if (isIn === 0) continue;
    if (best === undefined || (expectancyR[place] as number) > (expectancyR[best] as number)) best = place;
    if ((sdR[place] as number) > 0) known.push(place);
  }
  if (best === undefined || known.length < 2) return null;
  const tOf = (place: number): number =>
    (expectancyR[place] as number) / ((sdR[place] as number) / Math.sqrt(trades[place] as number));
  // Half of all sweeps of so many independent combinations have a highest value above this.
  const reach = normalQuantile(0.5 ** (1 / known.length), 0, 1);
  const reachOf = (place: number): number => studentOf(reach, (trades[place] as number) - 1);
  const { block, params, cell } = new SweepPlan(result.sweep).combinationAt(best);
  const t = tOf(best);
  return {
    combinations: known.length,
    beyondReach: known.filter((place) => tOf(place) > reachOf(place)).length,
    best: {
      ...{ combination: best, strategy: block.name, coins: block.coins, interval: block.interval },
      ...{ params, rules: cell.at },
      expectancyR: expectancyR[best] as number,
      trades: trades[best] as number,
      t: Number.isFinite(t) ? t : null,
      reachT: Number.isFinite(t) ? reachOf(best) : null,
    },
    silence: silenceOf(combinations, best),
  };
}

/** Why the t of the best is not worth a word. */
function silenceOf({ result }: Combinations, best: number): Luck['silence'] {
  const { trades, sdR } = result.columns;
  if (!((trades[best] as number) >= LEAST_TRADES)) return 'few-trades';
  if (!((sdR[best] as number) > 0)) return 'no-spread';
  if ((sdR[best] as number) > WIDEST_SPREAD_R) return 'wild';
  const replayed = result.best.find(({ index }) => index === best);
  if (replayed === undefined) return null;
  return (fragilityOf(replayed.trades).bestShareOfGains ?? 0) > MOST_OF_THE_GAINS ? 'one-trade' : null;
}

/** Student's t that is as rare as a standard normal value: within 0.02 from ten degrees of freedom (Wallace 1959). */
function studentOf(normal: number, degrees: number): number {
  const stretched = (normal * (8 * degrees + 3)) / (8 * degrees + 1);
  return Math.sqrt(degrees * Math.expm1((stretched * stretched) / degrees));
}
