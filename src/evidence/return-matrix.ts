/** Returns of several trials over the same periods: row-major, period by period, oldest first. */
export interface ReturnMatrix {
  readonly periods: number;
  readonly trials: number;
  /** values[period × trials + trial]: returns per period, as fractions. */
  readonly values: Float64Array;
}

/** Larger ones are no returns, and have no squares. */
const LARGEST = 1e100;

/**
 * Why nothing can be said about these returns; undefined where something can.
 *
 * @throws RangeError where the values do not fill the matrix.
 */
export function faultOf({ periods, trials, values }: ReturnMatrix): string | undefined {
  if (values.length !== periods * trials) {
    throw new RangeError(`${values.length} values are no matrix of ${periods} periods × ${trials} trials`);
  }
  const at = values.findIndex((value) => !(Math.abs(value) < LARGEST));
  if (at < 0) return undefined;
  return `the return of trial ${(at % trials) + 1} in period ${Math.floor(at / trials) + 1} is ${values[at]}`;
}
