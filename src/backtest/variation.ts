/** A number of trades and what they made: NaN without any, or where the run could not be made. */
export interface Cut {
  readonly trades: number;
  readonly expectancyR: number;
}

/** Why something was not tried, as a phrase. */
export interface Untried {
  readonly reason: string;
}

export function isUntried(value: object): value is Untried {
  return 'reason' in value;
}

/** In which way a run, or the reading of its trades, differs from that of the verdict; in the order shown. */
export const VARIATIONS = [
  'costs-doubled',
  'entry-late',
  'without-coin',
  'without-best-week',
  'without-best-trades',
  'first-half',
  'second-half',
  'coarser',
  'other-coins',
  'span-before',
] as const;
export type VariationKind = (typeof VARIATIONS)[number];

/** The strategy once more, with one thing changed. */
export interface Variation extends Cut {
  readonly kind: VariationKind;
  /** What was changed, where the kind does not say it: the coin, the interval, the week. */
  readonly subject: string;
  /** Why there is no such run. */
  readonly absent?: string;
}

/** A variation that could not be made. */
export function untried(kind: VariationKind, subject: string, absent: string): Variation {
  return { kind, subject, trades: 0, expectancyR: Number.NaN, absent };
}
