/** Returns of several trials over the same periods: row-major, period by period, oldest first. */
export interface ReturnMatrix {
  readonly periods: number;
  readonly trials: number;
  /** values[period × trials + trial]: returns per period, as fractions. */
  readonly values: Float64Array;
}

/**
 * Why nothing can be said about these returns; undefined where something can.
 *
 * @throws RangeError where the values do not fill the matrix.
 */
export function faultOf({ periods, trials, values }: ReturnMatrix): string | undefined {
  if (values.length !== periods * trials) {
    throw new RangeError(`${values.length} values are no matrix of ${periods} periods × ${trials} trials`);
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return undefined;
  const period = Math.floor(at / trials);
  return `the return of trial ${(at % trials) + 1} in period ${period + 1} is not a finite number`;
}
