import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { available, type Estimate, notAvailable } from './estimate.ts';

const EULER_MASCHERONI = 0.5772156649015329;

/** Returns that differ by less, relative to the largest, differ by rounding: their Sharpe ratio would be noise. */
const CONSTANT = 1e-12;

/** Ranges below this have lost digits already: doubles that small are no longer evenly fine. */
const LEAST_RANGE = 2 ** -1000;

/** A variance of the Sharpe ratio below this, where 1 is that of normal returns, is one that rounding left over. */
const NO_VARIANCE = 1e-9;

/**
 * What a record of returns says about its Sharpe ratio. Everything is **per period** (per day, where returns are
 * daily) and never annualised: an annual ratio beside a count of days makes every strategy certain.
 */
export interface SharpeMoments {
  /** Number of returns. */
  readonly count: number;
  /** Mean / standard deviation. */
  readonly sharpe: number;
  /** g3: 0 for normal returns. */
  readonly skewness: number;
  /** g4, **non-excess**: 3 for normal returns. */
  readonly kurtosis: number;
}

/**
 * Moments of per-period returns (fractions). The standard deviation has the divisor T − 1; skewness and kurtosis are
 * the plain ratios m3 / m2^(3/2) and m4 / m2² of central moments with the divisor T. Sums run from the smallest return
 * to the largest, so that the order of observations does not change the last digit.
 *
 * @returns not available for fewer than two returns, for a constant series, and where a return is not a finite number.
 */
export function sharpeMoments(returns: ArrayLike<number>): Estimate<SharpeMoments> {
  const count = returns.length;
  if (count < 2) return notAvailable(`a Sharpe ratio needs two returns or more, and there ${are(count)}`);
  const sorted = Float64Array.from(returns).sort();
  // Infinity and NaN stand at the ends.
  const least = sorted[0] as number;
  const largest = sorted[count - 1] as number;
  if (!Number.isFinite(least) || !Number.isFinite(largest)) return notAvailable(unusable(returns));
  const noise = CONSTANT * Math.max(Math.abs(least), Math.abs(largest));
  if (largest - least <= Math.max(noise, LEAST_RANGE)) {
    return notAvailable('all returns are the same, and a Sharpe ratio needs some that differ');
  }
  let mean = 0;
  for (const value of sorted) mean += value / count;
  let [m2, m3, m4] = [0, 0, 0];
  for (const value of sorted) {
    // In units of the range, so that fourth powers of small returns do not vanish.
    const distance = (value - mean) / (largest - least);
    m2 += distance ** 2 / count;
    m3 += distance ** 3 / count;
    m4 += distance ** 4 / count;
  }
  const sd = Math.sqrt((m2 * count) / (count - 1)) * (largest - least);
  const moments = { count, sharpe: mean / sd, skewness: m3 / m2 ** 1.5, kurtosis: m4 / m2 ** 2 };
  if (!Object.values(moments).every(Number.isFinite)) return notAvailable('returns of this size cannot be measured');
  return available(moments);
}

function are(count: number): string {
  return count === 0 ? 'are none' : 'is one';
}

function unusable(returns: ArrayLike<number>): string {
  const at = Array.from(returns).findIndex((value) => !Number.isFinite(value));
  return `return ${at + 1} of ${returns.length} is not a finite number`;
}

/**
 * PSR: the probability that the true Sharpe ratio lies above a benchmark (Bailey & López de Prado 2012, *The Sharpe
 * Ratio Efficient Frontier*, J. of Risk 15(2)):
 *
 *     PSR(SR*) = Z[(SR − SR*) √(T − 1) / √(1 − g3·SR + (g4 − 1)/4·SR²)]
 *
 * @param benchmarkSharpe SR*, per period, in the same period as the moments
 */
export function probabilisticSharpe(moments: SharpeMoments, benchmarkSharpe: number): Estimate {
  const variance = relativeVariance(moments);
  if (!variance.isAvailable) return variance;
  if (!Number.isFinite(benchmarkSharpe)) return notAvailable('the benchmark is not a finite number');
  if (!(moments.count >= 2)) return notAvailable(`a Sharpe ratio needs two returns or more, not ${moments.count}`);
  const errors = ((moments.sharpe - benchmarkSharpe) * Math.sqrt(moments.count - 1)) / Math.sqrt(variance.value);
  return available(normalCdf(errors, 0, 1));
}

/**
 * MinTRL: how many returns it takes until PSR(SR*) reaches 1 − α, if the Sharpe ratio stays what it is (same paper):
 *
 *     MinTRL = 1 + [1 − g3·SR + (g4 − 1)/4·SR²] · (Z⁻¹(1 − α) / (SR − SR*))²
 *
 * @param alpha one-sided level, 0 < α < 0.5
 * @returns observations, not rounded; not available where the Sharpe ratio is not above the benchmark.
 * @throws RangeError for another α.
 */
export function minimumTrackRecord(moments: SharpeMoments, benchmarkSharpe: number, alpha: number): Estimate {
  if (!(alpha > 0 && alpha < 0.5)) throw new RangeError(`a level of ${alpha} does not lie between 0 and 0.5`);
  const variance = relativeVariance(moments);
  if (!variance.isAvailable) return variance;
  const excess = moments.sharpe - benchmarkSharpe;
  if (!(excess > 0)) {
    return notAvailable("the Sharpe ratio is not above the benchmark's: no track record is long enough");
  }
  const observations = 1 + variance.value * (normalQuantile(1 - alpha, 0, 1) / excess) ** 2;
  if (!Number.isFinite(observations)) return notAvailable('no track record is long enough for so small a difference');
  return available(observations);
}

/**
 * T − 1 times the variance of an estimated Sharpe ratio: 1 − g3·SR + (g4 − 1)/4·SR² (Mertens 2002). It is positive for
 * every record but those of two values at one certain distance, of which it says nothing.
 */
function relativeVariance({ sharpe, skewness, kurtosis }: SharpeMoments): Estimate {
  const variance = 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2;
  if (!Number.isFinite(variance)) return notAvailable('the moments are not finite numbers');
  if (kurtosis < (1 + skewness ** 2) * (1 - NO_VARIANCE)) {
    return notAvailable(`no returns have skewness ${skewness} and kurtosis ${kurtosis}: is that the excess kurtosis?`);
  }
  if (variance < NO_VARIANCE) return notAvailable('the returns leave no estimate of how far the Sharpe ratio scatters');
  return available(variance);
}

/**
 * About what the best of N independent standard normal values is, on average (Bailey & López de Prado 2014, *The
 * Deflated Sharpe Ratio*, J. of Portfolio Management 40(5)):
 *
 *     E[max_N] ≈ (1 − γ)·Z⁻¹[1 − 1/N] + γ·Z⁻¹[1 − 1/(N·e)],   N = 1 → 0
 *
 * @param trials N, a whole number
 * @throws RangeError for another N.
 */
export function expectedMaximum(trials: number): number {
  if (!(Number.isInteger(trials) && trials >= 1)) throw new RangeError(`${trials} is not a number of trials`);
  if (trials === 1) return 0;
  // Z⁻¹(1 − x) = −Z⁻¹(x), which keeps the digits of a small x.
  const upper = (share: number): number => -normalQuantile(share, 0, 1);
  return (1 - EULER_MASCHERONI) * upper(1 / trials) + EULER_MASCHERONI * upper(1 / (trials * Math.E));
}

export interface DeflatedSharpe {
  /** DSR: the probability that the true Sharpe ratio lies above the hurdle. */
  readonly probability: number;
  /** SR0: the best Sharpe ratio that so many trials without any skill would show on average, per period. */
  readonly hurdleSharpe: number;
}

/**
 * DSR = PSR(SR0), SR0 = √V · E[max_N] (Bailey & López de Prado 2014): the probabilistic Sharpe ratio against the luck
 * of everything that was tried. Without variance between the trials, and for a single one, the hurdle is 0. What N and
 * V are for trials that resemble each other is rule 31: clusters count, and V is never below `nullSharpeVariance`.
 *
 * @param sharpeVariance V, the variance of the *per-period* Sharpe ratio over the trials: the annual one divided by the
 * periods of a year
 * @throws RangeError where `trials` is not a whole number above 0.
 */
export function deflatedSharpe(
  moments: SharpeMoments,
  trials: number,
  sharpeVariance: number,
): Estimate<DeflatedSharpe> {
  if (!(sharpeVariance >= 0 && Number.isFinite(sharpeVariance))) {
    return notAvailable('the variance of the Sharpe ratio over the trials is not known');
  }
  const hurdleSharpe = Math.sqrt(sharpeVariance) * expectedMaximum(trials);
  const probability = probabilisticSharpe(moments, hurdleSharpe);
  if (!probability.isAvailable) return probability;
  return available({ probability: probability.value, hurdleSharpe });
}

/**
 * The variance that the Sharpe ratio of one strategy without skill has from sampling alone, 1 / (T − 1): the formula of
 * PSR at SR = 0. The floor of V (rule 31): near duplicates of one trial, which differ by nothing, would lower the
 * hurdle otherwise.
 *
 * @param count T, number of returns, at least 2
 */
export function nullSharpeVariance(count: number): number {
  if (!(count >= 2)) throw new RangeError(`a Sharpe ratio needs two returns or more, not ${count}`);
  return 1 / (count - 1);
}

/**
 * MinBTL: years of candles below which the best of N trials without skill is expected to show the target Sharpe ratio
 * (Bailey, Borwein, López de Prado & Zhu 2014, *Pseudo-Mathematics and Financial Charlatanism*, Notices of the AMS
 * 61(5)): (E[max_N] / SR)². 0 for a single trial, from which nothing was chosen: what it needs is its track record.
 *
 * @param annualSharpe the target, a year: the one place where an annual ratio belongs
 * @returns years; not available for a target that is not above 0.
 * @throws RangeError where `trials` is not a whole number above 0.
 */
export function minimumBacktestYears(trials: number, annualSharpe: number): Estimate {
  const years = (expectedMaximum(trials) / annualSharpe) ** 2;
  if (!(annualSharpe > 0 && Number.isFinite(annualSharpe))) {
    return notAvailable('a Sharpe ratio that is not above 0 needs no luck');
  }
  if (!Number.isFinite(years)) return notAvailable('no backtest is long enough for so small a Sharpe ratio');
  return available(years);
}
