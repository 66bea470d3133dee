import type { Contender } from '../backtest/choice.ts';
import type { Estimate } from '../evidence/estimate.ts';
import type { WalkForwardFindings } from '../evidence/walk-forward.ts';
import type { Absent } from './absent.ts';
import type { JudgedStrategy } from './schema.ts';

type Reported = NonNullable<JudgedStrategy['walkForward']>;
type Result = Reported['inSample'];

/** Params chosen on the past and tried on what followed; null where that makes no sense, with the reason kept. */
export function walkForwardReport(found: Estimate<WalkForwardFindings>, absent: Absent): Reported | null {
  if (!found.isAvailable) {
    absent.number('walkForward', Number.NaN, found.reason);
    return null;
  }
  const { run, inSample, outOfSample, efficiency, overfitting } = found.value;
  const resultOf = ({ trades, expectancyR }: Contender, path: string): Result => {
    return { trades, expectancyR: absent.number(`walkForward.${path}.expectancyR`, expectancyR, 'no trades') };
  };
  return {
    combinations: run.combinations,
    tried: run.tried,
    unsettled: run.unsettled,
    folds: run.folds.map(({ train, test, params, ...fold }, i) => ({
      train: { ...train },
      test: { ...test },
      params: { ...params },
      inSample: resultOf(fold.inSample, `folds[${i}].inSample`),
      outOfSample: resultOf(fold.outOfSample, `folds[${i}].outOfSample`),
    })),
    inSample: resultOf(inSample, 'inSample'),
    outOfSample: resultOf(outOfSample, 'outOfSample'),
    efficiency: orNull(efficiency, 'walkForward.efficiency', absent),
    overfitting: overfittingReport(overfitting, run.daily.periods, absent),
  };
}

function overfittingReport(
  overfitting: WalkForwardFindings['overfitting'],
  days: number,
  absent: Absent,
): Reported['overfitting'] {
  const found = orNull(overfitting, 'walkForward.overfitting', absent);
  if (found === null) return null;
  const { probability, luckBand, lossProbability, blocks, splits } = found;
  return { probability, luckBand: { ...luckBand }, lossProbability, days, blocks, splits };
}

function orNull<T>(estimate: Estimate<T>, path: string, absent: Absent): T | null {
  if (estimate.isAvailable) return estimate.value;
  absent.reasons[path] = estimate.reason;
  return null;
}
