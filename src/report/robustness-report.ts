import type { Elsewhere } from '../backtest/elsewhere.ts';
import { type Cut, isUntried } from '../backtest/variation.ts';
import type { Robustness } from '../evidence/robustness.ts';
import type { Absent } from './absent.ts';
import type { ReportedElsewhere, ReportedRobustness } from './schema.ts';

type ReportedCut = ReportedRobustness['variations'][number];

export function robustnessReport(robustness: Robustness, absent: Absent): ReportedRobustness {
  const { variations, neighbours, ablation } = robustness;
  const cut = (
    path: string,
    { trades, expectancyR }: Cut,
    why = 'no trades',
  ): Pick<ReportedCut, 'trades' | 'expectancyR'> => ({
    trades,
    expectancyR: absent.number(`robustness.${path}.expectancyR`, expectancyR, why),
  });
  return {
    variations: variations.map(({ kind, subject, absent: why, ...one }, i) => {
      return { kind, subject, ...cut(`variations[${i}]`, one, why) };
    }),
    neighbours: isUntried(neighbours)
      ? { ...neighbours }
      : neighbours.map(({ changed, absent: why, ...one }, i) => {
          return { changed: { ...changed }, ...cut(`neighbours[${i}]`, one, why) };
        }),
    ablation: ablation.map(({ side, condition, whole, without, alone }, i) => ({
      side,
      condition,
      whole: cut(`ablation[${i}].whole`, whole),
      without: without === null ? null : cut(`ablation[${i}].without`, without),
      alone: cut(`ablation[${i}].alone`, alone),
    })),
  };
}

export function elsewhereReport({ otherCoins, before }: Elsewhere): ReportedElsewhere {
  return {
    otherCoins: isUntried(otherCoins)
      ? { ...otherCoins }
      : { coins: [...otherCoins.coins], fingerprint: otherCoins.data.fingerprint },
    before: isUntried(before)
      ? { ...before }
      : { fromMs: before.fromMs, toMs: before.toMs, fingerprint: before.fingerprint },
  };
}

/** Coins, not those of the study, that its results were held against. */
export function otherCoinsIn(elsewhere: ReportedElsewhere | undefined): readonly string[] {
  return elsewhere === undefined || 'reason' in elsewhere.otherCoins ? [] : elsewhere.otherCoins.coins;
}
