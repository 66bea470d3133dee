import type { RiskRules } from '../domain/risk-rules.ts';
import { PRODUCT_ERROR } from '../domain/rounding.ts';
import type { MicroUsd } from '../domain/units.ts';
import { refusalCode } from './sizing.ts';

/** What an account holds and has ordered, as it stands before an entry. */
export interface InUse {
  /** Positions and pending entries. */
  readonly legs: number;
  /** Sum of their entry notionals, and of those on the side of the entry, in micro-dollars. */
  readonly notionalUsd: number;
  readonly sideNotionalUsd: number;
  /** Is one of them on the coin of the entry? */
  readonly isCoinOccupied: boolean;
}

const WITHIN = 0;
const COIN_OCCUPIED = refusalCode('coin-occupied');
const MAX_OPEN = refusalCode('max-open');
const MAX_EXPOSURE = refusalCode('max-exposure');
const MAX_COIN_EXPOSURE = refusalCode('max-coin-exposure');
const MAX_SIDE_EXPOSURE = refusalCode('max-side-exposure');

/**
 * The code of the first limit that an entry of this value would exceed, in the order of rule 45; zero where it exceeds
 * none. What is exactly at a limit is within it.
 *
 * @param cashUsd realised cash, of which the limits on exposure are multiples
 */
export function limitCode(rules: RiskRules, cashUsd: number, notionalUsd: MicroUsd, inUse: InUse): number {
  const { maxOpen, maxExposure, maxCoinExposure, maxSideExposure } = rules;
  if (inUse.isCoinOccupied) return COIN_OCCUPIED;
  if (maxOpen !== null && inUse.legs >= maxOpen) return MAX_OPEN;
  if (maxExposure !== null && exceeds(inUse.notionalUsd + notionalUsd, maxExposure, cashUsd)) return MAX_EXPOSURE;
  // Nothing else is on the coin (rule 7), so that its exposure is this entry.
  if (maxCoinExposure !== null && exceeds(notionalUsd, maxCoinExposure, cashUsd)) return MAX_COIN_EXPOSURE;
  if (maxSideExposure !== null && exceeds(inUse.sideNotionalUsd + notionalUsd, maxSideExposure, cashUsd)) {
    return MAX_SIDE_EXPOSURE;
  }
  return WITHIN;
}

/** Whole micro-dollars are compared exactly: 0.57 × 100 dollars are 57, though a little less in doubles. */
function exceeds(notionalUsd: number, multiple: number, cashUsd: number): boolean {
  return notionalUsd > multiple * cashUsd * (1 + PRODUCT_ERROR);
}
