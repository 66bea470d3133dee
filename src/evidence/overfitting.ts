import { quantiles } from '../backtest/draws.ts';
import { Prng } from '../domain/prng.ts';
import { type BlockSums, blockSums, Halves, halvings, shuffledTrials } from './block-sums.ts';
import { available, type Estimate, notAvailable } from './estimate.ts';
import { faultOf, type ReturnMatrix } from './return-matrix.ts';

export type { ReturnMatrix } from './return-matrix.ts';

/** More blocks make more than 184,756 splits, which say no more. */
const MOST_BLOCKS = 20;

/** Shuffles of which the band is made, and the halvings that each of them looks at, both ways. */
const SHUFFLES = 200;
const HALVINGS_PER_SHUFFLE = 100;
const BAND_SEED = 2017;
const BAND_SHARES = [0.05, 0.95] as const;

export interface Overfitting {
  /** PBO: share of splits in which the best trial of the training half is no better than the median of the other. */
  readonly probability: number;
  /**
   * Where PBO lies in nine of ten cases if no trial is any better than another. N equally good trials give about one
   * half although none is overfit, and with few of them, or few blocks, anything from 0.1 to 0.9: within the band, PBO
   * cannot be told from that.
   */
  readonly luckBand: { readonly low: number; readonly high: number };
  /** Mean λ. λ is the log odds of the best trial's rank on the test half, and 0 at the median. */
  readonly meanLogit: number;
  /** Share of splits in which the best trial of the training half loses on the test half. */
  readonly lossProbability: number;
  /** Slope of the best trial's Sharpe ratio on the test half, on that of the training half: below 0, good is bad. */
  readonly slope: Estimate;
  /** Number of splits, C(S, S / 2). */
  readonly splits: number;
  /** S. */
  readonly blocks: number;
  readonly periodsPerBlock: number;
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado &
 * Zhu 2017, J. Computational Finance 20(4)). The periods are cut into S equal blocks (the oldest that do not fit are
 * left out), and every choice of half of them is a training half once. On it the trial with the highest Sharpe ratio
 * is chosen; its rank ω among all trials on the other half (1 is the worst, ties averaged, divided by N + 1) gives
 * λ = ln(ω / (1 − ω)), and PBO is the share of λ ≤ 0. All trials belong into the matrix: survivors alone say nothing.
 *
 * A trial without a return over a half has a Sharpe ratio of 0 there; of trials that are equally good in training, the
 * one that tests worst is chosen.
 *
 * *The band* is made of 200 shuffles: within each block the trials change names, all at random, so that who was good in
 * one block tells nothing about the next; what trials have in common, and how they scatter, stays (each is first scaled
 * to a mean square of one). 100 halvings of each shuffle, both ways, or all where there are fewer, give its PBO;
 * the band reaches from the 5 % to the 95 % quantile. Its seed is fixed: the same matrix has the same band.
 *
 * @param blocks S, even, 2 … 20
 * @returns not available for fewer than two trials, for too few periods, without any return, and for NaN inside.
 * @throws RangeError for another S, and where the values do not fill the matrix.
 */
export function backtestOverfitting(matrix: ReturnMatrix, blocks: number): Estimate<Overfitting> {
  if (!(Number.isInteger(blocks / 2) && blocks >= 2 && blocks <= MOST_BLOCKS)) {
    throw new RangeError(`${blocks} blocks cannot be halved; an even number from 2 to ${MOST_BLOCKS} is needed`);
  }
  const fault = faultOf(matrix);
  if (fault !== undefined) return notAvailable(fault);
  const { periods, trials } = matrix;
  if (trials < 2) return notAvailable('a choice needs two trials or more');
  const periodsPerBlock = Math.floor(periods / blocks);
  if ((periodsPerBlock * blocks) / 2 < 2) {
    return notAvailable(`${periods} periods cannot be cut into ${blocks} blocks with a Sharpe ratio in each half`);
  }
  if (matrix.values.every((value) => value === 0)) return notAvailable('no trial has a return other than 0');

  const sums = blockSums(matrix, blocks);
  const choices = halvings(blocks);
  const record = new SplitRecord();
  const halves = new Halves(sums);
  for (const choice of choices) {
    halves.cut(choice);
    record.add(halves.first, halves.second);
    record.add(halves.second, halves.first);
  }
  return available({
    probability: record.overfit / record.splits,
    luckBand: luckBand(sums, choices),
    meanLogit: record.logits / record.splits,
    lossProbability: record.losses / record.splits,
    slope: record.slope(),
    splits: record.splits,
    blocks,
    periodsPerBlock,
  });
}

/** What the splits came to so far. */
class SplitRecord {
  splits = 0;
  overfit = 0;
  losses = 0;
  logits = 0;
  #trainMean = 0;
  #testMean = 0;
  #trainSquares = 0;
  #products = 0;

  /** Counts one split, by the Sharpe ratios of all trials on its two halves. */
  add(train: Float64Array, test: Float64Array): void {
    const best = bestOf(train, test);
    const chosen = test[best] as number;
    // From the counts, so that the median has exactly λ = 0.
    const rank = rankOf(chosen, test);
    const logit = Math.log(rank / (test.length + 1 - rank));
    this.splits++;
    this.logits += logit;
    if (logit <= 0) this.overfit++;
    if (chosen < 0) this.losses++;
    const trainDelta = (train[best] as number) - this.#trainMean;
    this.#trainMean += trainDelta / this.splits;
    this.#testMean += (chosen - this.#testMean) / this.splits;
    this.#trainSquares += trainDelta * ((train[best] as number) - this.#trainMean);
    this.#products += trainDelta * (chosen - this.#testMean);
  }

  /** Least squares. */
  slope(): Estimate {
    const slope = this.#products / this.#trainSquares;
    return Number.isFinite(slope) ? available(slope) : notAvailable('the best trial was equally good in every split');
  }
}

/** The place of the highest value in training; of equals, of the one that tests worst. */
function bestOf(train: Float64Array, test: Float64Array): number {
  let best = 0;
  for (let trial = 1; trial < train.length; trial++) {
    const lead = (train[trial] as number) - (train[best] as number);
    if (lead > 0 || (lead === 0 && (test[trial] as number) < (test[best] as number))) best = trial;
  }
  return best;
}

/** 1 for the lowest of all values; equals share the mean of their ranks. */
function rankOf(value: number, values: Float64Array): number {
  let below = 0;
  let equal = 0;
  for (let i = 0; i < values.length; i++) {
    const other = values[i] as number;
    if (other < value) below++;
    else if (other === value) equal++;
  }
  return below + (equal + 1) / 2;
}

function luckBand(sums: BlockSums, choices: Int32Array): Overfitting['luckBand'] {
  const rng = new Prng(BAND_SEED);
  const probabilities = new Float64Array(SHUFFLES);
  for (let i = 0; i < SHUFFLES; i++) {
    const halves = new Halves(shuffledTrials(sums, rng));
    const record = new SplitRecord();
    for (let k = 0; k < Math.min(choices.length, HALVINGS_PER_SHUFFLE); k++) {
      const isAll = choices.length <= HALVINGS_PER_SHUFFLE;
      halves.cut(choices[isAll ? k : rng.below(choices.length)] as number);
      record.add(halves.first, halves.second);
      record.add(halves.second, halves.first);
    }
    probabilities[i] = record.overfit / record.splits;
  }
  const [low, high] = quantiles(probabilities, BAND_SHARES) as [number, number];
  return { low, high };
}
