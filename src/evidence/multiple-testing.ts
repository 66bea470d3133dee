import { available, type Estimate, notAvailable } from './estimate.ts';

/**
 * Holm's step-down correction (1979, Scand. J. Statist. 6): valid under any dependence, and needs the single p-values
 * alone; the fallback where joint draws cannot be had. NaN stays NaN and takes no part.
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = pValues.map(() => Number.NaN);
  const inOrder = ascending(pValues);
  let floor = 0;
  inOrder.forEach(({ p, index }, rank) => {
    floor = Math.min(1, Math.max(floor, (inOrder.length - rank) * p));
    adjusted[index] = floor;
  });
  return adjusted;
}

/**
 * Benjamini & Hochberg's step-up correction (1995, J. R. Statist. Soc. B 57(1)): who takes all with a corrected value
 * of at most q has, on average, a share of at most q of false ones among them. Valid for independent p-values and for
 * those that rise together (Benjamini & Yekutieli 2001). It lets more pass than Holm, which bounds the chance of a
 * single false one: for looking on, not for KEEP. NaN stays NaN and takes no part.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const adjusted = pValues.map(() => Number.NaN);
  const inOrder = ascending(pValues);
  let ceiling = 1;
  for (const [rank, { p, index }] of [...inOrder.entries()].toReversed()) {
    ceiling = Math.min(ceiling, (inOrder.length / (rank + 1)) * p);
    adjusted[index] = ceiling;
  }
  return adjusted;
}

function ascending(pValues: readonly number[]): { readonly p: number; readonly index: number }[] {
  return pValues
    .map((p, index) => ({ p, index }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((a, b) => a.p - b.p);
}

/** When to stop drawing controls. */
export interface SequentialPlan {
  /** h: so many draws that did at least as well settle the matter. 10 tell a p of 5 % to about a third of itself. */
  readonly exceedances: number;
  /** The most that are drawn: what an observation without any exceedance costs, and 1 / (draws + 1) its p-value. */
  readonly draws: number;
}

/**
 * A permutation p-value that stops as soon as it is clear (Besag & Clifford 1991, *Sequential Monte Carlo p-values*,
 * Biometrika 78(2)): controls are drawn one by one until h of them did at least as well as the observation, which gives
 * p = h / l after l draws; or until n are drawn, which gives p = (b + 1) / (n + 1), b < h being those that did. Both
 * are exact: without any effect P(p ≤ α) ≤ α, whatever h. What has no edge, and so most of a calibration, is settled
 * after about h / p draws instead of n.
 *
 * A state, not a process: `after` gives the next one, and nothing is drawn here.
 */
export class SequentialPValue {
  readonly plan: SequentialPlan;
  /** Draws seen so far, and how many of them did at least as well. */
  readonly drawn: number;
  readonly exceeded: number;

  private constructor(plan: SequentialPlan, drawn: number, exceeded: number) {
    this.plan = plan;
    this.drawn = drawn;
    this.exceeded = exceeded;
  }

  /** @throws RangeError where either count is not a whole number above 0. */
  static start(plan: SequentialPlan): SequentialPValue {
    const { exceedances, draws } = plan;
    if (!(isCount(exceedances) && isCount(draws))) {
      throw new RangeError(`${exceedances} exceedances in ${draws} draws are no plan for drawing`);
    }
    return new SequentialPValue(plan, 0, 0);
  }

  get isSettled(): boolean {
    return this.exceeded === this.plan.exceedances || this.drawn === this.plan.draws;
  }

  /**
   * The state after one more draw.
   *
   * @param isAsGood whether it did at least as well; ties count against us (`countAsGood` says what is one)
   * @throws RangeError after the matter is settled: who looks on until it pleases has no p-value.
   */
  after(isAsGood: boolean): SequentialPValue {
    if (this.isSettled) throw new RangeError(`the p-value is settled after ${this.drawn} draws`);
    return new SequentialPValue(this.plan, this.drawn + 1, this.exceeded + (isAsGood ? 1 : 0));
  }

  /** Not available before the matter is settled. */
  get pValue(): Estimate {
    const { exceedances, draws } = this.plan;
    if (this.exceeded === exceedances) return available(exceedances / this.drawn);
    if (this.drawn === draws) return available((this.exceeded + 1) / (draws + 1));
    return notAvailable(
      `${this.drawn} of ${draws} controls are drawn, and ${this.exceeded} of ${exceedances} did as well`,
    );
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
