import type { Estimate } from '../src/evidence/estimate.ts';

/** The value of an estimate that has to be available. */
export function valueIn<T>(estimate: Estimate<T>): T {
  if (!estimate.isAvailable) throw new Error(`not available: ${estimate.reason}`);
  return estimate.value;
}

/** Why an estimate is not available; a text that no reason contains where it is. */
export function reasonIn(estimate: Estimate<unknown>): string {
  return estimate.isAvailable ? 'available after all' : estimate.reason;
}
