import { Prng } from '../domain/prng.ts';
import { available, type Estimate, notAvailable } from './estimate.ts';
import { faultOf, type ReturnMatrix } from './return-matrix.ts';
import { type IndexStream, stationaryIndices } from './stationary-bootstrap.ts';

/**
 * A record of few stretches hardly differs from its resamples, and everything looks better than chance. Noise passes
 * SPA at a nominal 5 % in 25 % of records of 20 stretches where there are 183 trials, and with fewer more often still
 * (bench/snooping.ts; the table is in docs/statistics.md).
 */
export const FEWEST_STRETCHES = 20;

/** A difference that scatters by less, relative to its size, is a constant that was rounded. */
const CONSTANT = 1e-9;

export interface BootstrapOptions {
  /** 1 / (mean length of a stretch in periods), 0 < q ≤ 1: as long as neighbours depend on each other. */
  readonly q: number;
  /** B, a whole number above 0. */
  readonly resamples: number;
  /** The rows of each resample: drawn with q from this stream, or given. */
  readonly indices: Prng | IndexStream;
}

/** How many resamples did at least as well as what was observed; ties count against us. */
export interface BootstrapP {
  readonly exceedances: number;
  /** Exceedances / B, as the papers write it; can be 0. */
  readonly share: number;
  /** (exceedances + 1) / (B + 1): never 0, and what gates read. */
  readonly pValue: number;
}

export interface RealityCheck extends BootstrapP {
  /** V = max √n·d̄ over the trials. */
  readonly statistic: number;
}

export interface SuperiorAbility {
  /** T = max(max √n·d̄ / ω, 0) over the trials. */
  readonly statistic: number;
  /** Every trial that did worse than the benchmark is taken to be as bad as it looked: too small a p. */
  readonly lower: BootstrapP;
  /** What is reported: only one that did worse beyond doubt is. */
  readonly consistent: BootstrapP;
  /** None is, all are as good as the benchmark, as White has it: too large a p where there are many bad ones. */
  readonly upper: BootstrapP;
  /** ω of each trial; 0 where a trial never differs from the benchmark, which takes no part. */
  readonly deviations: Float64Array;
}

/**
 * White's Reality Check (2000, *A Reality Check for Data Snooping*, Econometrica 68(5)): is the best of all trials
 * better than the benchmark, or just the best of many?
 *
 *     V = max_k √n·d̄_k;  V*_b = max_k √n·(d̄*_{k,b} − d̄_k);  p = (1 + #{V*_b ≥ V}) / (B + 1)
 *
 * A nervous trial rules the maximum, and bad ones cost power: `superiorAbility` mends both.
 *
 * @param differences d: per-period performance of each trial less the benchmark's (zero, the incumbent, the control)
 * @returns not available without trials, for fewer than 20 stretches (n·q), for NaN inside, where a trial differs from
 * the benchmark by a constant, and where none differs at all.
 * @throws RangeError for another q or number of resamples, and where the values do not fill the matrix.
 */
export function realityCheck(differences: ReturnMatrix, options: BootstrapOptions): Estimate<RealityCheck> {
  const measured = measure(differences, options);
  if (!measured.isAvailable) return measured;
  const { means } = measured.value;
  const root = Math.sqrt(differences.periods);
  const statistic = root * maximum(means);
  let exceedances = 0;
  forEachResample(differences, options, (resampled) => {
    let best = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < means.length; k++) {
      best = Math.max(best, root * ((resampled[k] as number) - (means[k] as number)));
    }
    if (best >= statistic) exceedances++;
  });
  return available({ statistic, ...bootstrapP(exceedances, options.resamples) });
}

/**
 * Hansen's test for superior predictive ability (2005, *A Test for Superior Predictive Ability*, J. of Business &
 * Economic Statistics 23(4)): as the Reality Check, but every trial is measured in its own standard deviation, and one
 * that is worse than the benchmark beyond doubt does not count among the competitors:
 *
 *     T = max(max_k √n·d̄_k / ω_k, 0);  T*_b = max(max_k √n·(d̄*_{k,b} − g(d̄_k)) / ω_k, 0)
 *     lower: g(x) = max(x, 0);  consistent: g(x) = x·1{x ≥ −√(ω²/n · 2 ln ln n)};  upper: g(x) = x
 *
 * ω² is the variance that the stationary bootstrap itself gives √n·d̄ (Politis & Romano 1994).
 *
 * @param differences as for `realityCheck`
 * @returns not available in the cases of `realityCheck`
 * @throws RangeError as there
 */
export function superiorAbility(differences: ReturnMatrix, options: BootstrapOptions): Estimate<SuperiorAbility> {
  const measured = measure(differences, options);
  if (!measured.isAvailable) return measured;
  const { means, deviations } = measured.value;
  const root = Math.sqrt(differences.periods);
  const doubt = Math.sqrt(2 * Math.log(Math.log(differences.periods))) / root;
  const centres = [
    means.map((mean) => Math.max(mean, 0)),
    means.map((mean, trial) => (mean >= -(deviations[trial] as number) * doubt ? mean : 0)),
    means,
  ] as const;
  const studentised = (values: Float64Array, centre?: Float64Array): number => {
    let best = 0;
    for (let k = 0; k < values.length; k++) {
      const excess = (values[k] as number) - (centre === undefined ? 0 : (centre[k] as number));
      const deviation = deviations[k] as number;
      if (deviation > 0) best = Math.max(best, (root * excess) / deviation);
    }
    return best;
  };
  const statistic = studentised(means);
  const exceedances = [0, 0, 0];
  forEachResample(differences, options, (resampled) => {
    centres.forEach((centre, i) => {
      if (studentised(resampled, centre) >= statistic) exceedances[i] = (exceedances[i] as number) + 1;
    });
  });
  const [lower, consistent, upper] = exceedances.map((count) => bootstrapP(count, options.resamples)) as [
    BootstrapP,
    BootstrapP,
    BootstrapP,
  ];
  return available({ statistic, lower, consistent, upper, deviations });
}

interface Measured {
  /** d̄ of each trial. */
  readonly means: Float64Array;
  /** ω of each trial; 0 where it never differs from the benchmark. */
  readonly deviations: Float64Array;
}

function measure(differences: ReturnMatrix, options: BootstrapOptions): Estimate<Measured> {
  const fault = tooLittle(differences, options);
  if (fault !== undefined) return notAvailable(fault);
  const means = meansOf(differences);
  const deviations = means.map((mean, trial) => deviationOf(differences, trial, mean, options.q));
  // All resamples of a constant are the same, so chance would never do as well.
  const constant = means.findIndex((mean, trial) => (deviations[trial] as number) < CONSTANT * Math.abs(mean));
  if (constant >= 0) return notAvailable(`trial ${constant + 1} differs from the benchmark by a constant`);
  if (deviations.every((deviation) => deviation === 0)) return notAvailable('no trial differs from the benchmark');
  return available({ means, deviations });
}

function tooLittle(differences: ReturnMatrix, { q, resamples }: BootstrapOptions): string | undefined {
  if (!(q > 0 && q <= 1)) throw new RangeError(`stretches of 1 / ${q} periods cannot be drawn`);
  if (!(Number.isInteger(resamples) && resamples > 0)) throw new RangeError(`${resamples} resamples cannot be drawn`);
  const fault = faultOf(differences);
  if (fault !== undefined) return fault;
  const { periods, trials } = differences;
  if (trials === 0) return 'there are no trials';
  if (periods * q >= FEWEST_STRETCHES - CONSTANT) return undefined;
  return `${periods} periods are fewer than the ${FEWEST_STRETCHES} stretches of ${rounded(1 / q)} that are needed`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function meansOf({ periods, trials, values }: ReturnMatrix): Float64Array {
  const sums = new Float64Array(trials);
  for (let row = 0; row < periods; row++) {
    for (let k = 0; k < trials; k++) sums[k] = (sums[k] as number) + (values[row * trials + k] as number);
  }
  return sums.map((sum) => sum / periods);
}

/**
 * ω: the standard deviation of √n·d̄ under the stationary bootstrap,
 *
 *     ω² = γ_0 + 2 Σ_{i=1}^{n−1} κ(n,i)·γ_i,   κ(n,i) = ((n−i)/n)(1−q)^i + (i/n)(1−q)^{n−i}
 *
 * with γ_i the i-th autocovariance, divisor n. The second part of κ counts the lags that go round the end, so the sum
 * is Σ (1 − i/n)(1−q)^i c_i over *circular* autocovariances c_i; and what the past adds to row t, Σ (1−q)^i x_{t−i}
 * and Σ i·(1−q)^i x_{t−i}, follows from what it added to row t − 1. So ω costs n steps, not n².
 */
function deviationOf({ periods, trials, values }: ReturnMatrix, trial: number, mean: number, q: number): number {
  const x = Float64Array.from({ length: periods }, (_, row) => (values[row * trials + trial] as number) - mean);
  const keep = 1 - q;
  const wrap = keep ** periods;
  let past = 0;
  let pastByLag = 0;
  for (let lag = 1, weight = keep; lag < periods; lag++, weight *= keep) {
    past += weight * (x[periods - lag] as number);
    pastByLag += lag * weight * (x[periods - lag] as number);
  }
  let variance = 0;
  for (let row = 0; row < periods; row++) {
    const own = x[row] as number;
    variance += own * (own + 2 * (past - pastByLag / periods));
    const next = x[(row + 1) % periods] as number;
    pastByLag = keep * (pastByLag + past + own) - periods * wrap * next;
    past = keep * (past + own) - wrap * next;
  }
  return Math.sqrt(Math.max(variance / periods, 0));
}

/** Hands over the means of each resample, in an array that is written again with the next. */
function forEachResample(
  { periods, trials, values }: ReturnMatrix,
  { q, resamples, indices }: BootstrapOptions,
  visit: (means: Float64Array) => void,
): void {
  const nextRows = indices instanceof Prng ? stationaryIndices(q, indices) : indices;
  const rows = new Int32Array(periods);
  const counts = new Int32Array(periods);
  const means = new Float64Array(trials);
  for (let resample = 0; resample < resamples; resample++) {
    nextRows(rows);
    // How often each row was drawn is all that a mean needs: the resample itself is never made.
    counts.fill(0);
    for (const row of rows) {
      if (!(row >= 0 && row < periods)) throw new RangeError(`there is no row ${row} in ${periods} periods`);
      counts[row] = (counts[row] as number) + 1;
    }
    means.fill(0);
    for (let row = 0; row < periods; row++) {
      const weight = (counts[row] as number) / periods;
      if (weight === 0) continue;
      const from = row * trials;
      for (let k = 0; k < trials; k++) means[k] = (means[k] as number) + weight * (values[from + k] as number);
    }
    visit(means);
  }
}

function maximum(values: Float64Array): number {
  return values.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
}

function bootstrapP(exceedances: number, resamples: number): BootstrapP {
  return { exceedances, share: exceedances / resamples, pValue: (exceedances + 1) / (resamples + 1) };
}
