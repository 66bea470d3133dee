import { CHOICE_FLOOR_TRADES, type Contender } from '../backtest/choice.ts';
import type { StrategyOutcome, WalkForward, WalkForwardFold } from '../backtest/outcome.ts';
import { available, type Estimate, notAvailable } from './estimate.ts';
import { backtestOverfitting, type Overfitting } from './overfitting.ts';
import { inR } from './words.ts';

/** Of what was promised on the past, at least half should come (Pardo 1992). */
export const EFFICIENT = 0.5;

const MOST_BLOCKS = 16;
const FEWEST_BLOCKS = 4;
/** Fewer days make no Sharpe ratio worth the name. */
const DAYS_PER_BLOCK = 5;

type Run = Extract<WalkForward, { isRun: true }>;

/** What choosing params on the past would have brought. */
export interface WalkForwardFindings {
  readonly run: Run;
  /** Of all folds together, each trade counted alike: what was promised, and what came. */
  readonly inSample: Contender;
  readonly outOfSample: Contender;
  /** Out-of-sample over in-sample expectancy (Pardo 1992): 1 is all that was promised, below 0 a loss. */
  readonly efficiency: Estimate;
  /** PBO over all combinations that were tried. */
  readonly overfitting: Estimate<Overfitting>;
}

/** @returns undefined of a brief study, and a reason where nothing could be run */
export function walkForwardFindings({
  walkForward,
}: Pick<StrategyOutcome, 'walkForward'>): Estimate<WalkForwardFindings> | undefined {
  if (walkForward === undefined) return undefined;
  if (!walkForward.isRun) return notAvailable(walkForward.reason);
  const { folds, daily } = walkForward;
  const inSample = pooled(folds.map((fold) => fold.inSample));
  const outOfSample = pooled(folds.map((fold) => fold.outOfSample));
  return available({
    run: walkForward,
    inSample,
    outOfSample,
    efficiency: efficiencyOf(folds, inSample, outOfSample),
    overfitting: overfittingOf(daily),
  });
}

function pooled(runs: readonly Contender[]): Contender {
  const traded = runs.filter(({ trades }) => trades > 0);
  const trades = traded.reduce((sum, run) => sum + run.trades, 0);
  return { trades, expectancyR: traded.reduce((sum, run) => sum + run.trades * run.expectancyR, 0) / trades };
}

/** Below this a promise is noise, and a share of it anything. */
const LEAST_PROMISE_R = 0.02;

function efficiencyOf(folds: readonly WalkForwardFold[], inSample: Contender, outOfSample: Contender): Estimate {
  const thin = folds.findIndex(({ inSample: { trades } }) => trades < CHOICE_FLOOR_TRADES);
  if (thin >= 0) {
    return notAvailable(`no params made ${CHOICE_FLOOR_TRADES} trades in training window ${thin + 1} to be chosen by`);
  }
  if (outOfSample.trades < CHOICE_FLOOR_TRADES) {
    return notAvailable(`${outOfSample.trades} trades on all test windows are too few to compare`);
  }
  if (!(inSample.expectancyR > 0)) return notAvailable('even the best params lost where they were chosen');
  if (inSample.expectancyR < LEAST_PROMISE_R) {
    return notAvailable(`the best params made ${inR(inSample.expectancyR)} where they were chosen: that is no promise`);
  }
  return available(outOfSample.expectancyR / inSample.expectancyR);
}

function overfittingOf(daily: Run['daily']): Estimate<Overfitting> {
  const blocks = Math.min(MOST_BLOCKS, 2 * Math.floor(daily.periods / (2 * DAYS_PER_BLOCK)));
  if (blocks < FEWEST_BLOCKS) {
    const needed = FEWEST_BLOCKS * DAYS_PER_BLOCK;
    return notAvailable(`${daily.periods} whole days are too few; it takes ${needed}`);
  }
  return backtestOverfitting(daily, blocks);
}
