/** A number, or more, that the data can carry; or the reason why they can't. Never NaN, and never a guess. */
export type Estimate<T = number> =
  | { readonly isAvailable: true; readonly value: T }
  | { readonly isAvailable: false; readonly reason: string };

export function available<T>(value: T): Estimate<T> {
  return { isAvailable: true, value };
}

/** @param reason what the data lack, to be read behind 'not available:' */
export function notAvailable(reason: string): Estimate<never> {
  return { isAvailable: false, reason };
}
