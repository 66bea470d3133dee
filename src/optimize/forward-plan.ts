import type { Optimization } from '../domain/optimizer.ts';
import { DAY_MS, intervalMs } from '../domain/time.ts';
import { type RowRange, type WalkForwardSplit, walkForwardSplits } from '../domain/walk-forward-splits.ts';

/** Days of the span, counted from its first; `to` is the first that is not one of them. */
export type Days = RowRange;

export interface ForwardPlan {
  /** Of the whole span. */
  readonly days: number;
  /** As long as a position can be held, so that none reaches from the days that choose into those that test. */
  readonly embargoDays: number;
  /** Test windows follow each other without a gap. */
  readonly folds: readonly WalkForwardSplit[];
  /** The newest training window: it ranks, and chooses what would be traded next. */
  readonly newest: Days;
  /** What lies before it, less the embargo: days that the newest choice has not seen. */
  readonly unseen: Days;
}

export function planForward({
  windows,
  cell,
  interval,
}: Pick<Optimization, 'windows' | 'cell' | 'interval'>): ForwardPlan {
  const { trainDays, testDays, folds } = windows;
  const embargoDays = Math.ceil((cell.maxHold * intervalMs(interval)) / DAY_MS);
  const days = trainDays + embargoDays + folds * testDays;
  return {
    days,
    embargoDays,
    folds: walkForwardSplits({
      rows: days,
      ...{ trainRows: trainDays, testRows: testDays, embargoRows: embargoDays },
      kind: 'rolling',
    }),
    newest: { from: days - trainDays, to: days },
    unseen: { from: 0, to: folds * testDays },
  };
}

/** All windows that every candidate is run on: training and test of each fold, then the newest training window. */
export function windowsOf({ folds, newest }: ForwardPlan): Days[] {
  return [...folds.flatMap(({ train, test }) => [train, test]), newest];
}
