import { z } from 'zod';
import { nearestNames } from '../domain/errors.ts';

/** A section of a file with exactly these keys; any other is refused with the nearest of them. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const names = issue.keys.map((key) => {
        const nearest = nearestNames(key, known, 1)[0];
        return nearest === undefined ? `'${key}'` : `'${key}' (did you mean ${nearest}?)`;
      });
      return `unknown key ${names.join(', ')}; known: ${known.join(', ')}`;
    },
  });
}

export interface Range {
  readonly above?: number;
  readonly from?: number;
  readonly to: number;
  /** Why there is such a bound: a sentence that begins in lower case. */
  readonly why?: string;
}

/** A number in a range; a message outside says the range, and why it is there. */
export function number(range: Range) {
  return z.number().superRefine((value, context) => checkRange(value, range, context));
}

export function wholeNumber(range: Range) {
  return z.int().superRefine((value, context) => checkRange(value, range, context));
}

/** A fraction, which may be written as a percentage: 0.02 or `2 %`. */
export function fraction(range: Range) {
  return z.preprocess(fractionOf, number(range));
}

const PERCENT = /^(-?\d+(?:\.\d+)?) ?%$/;

function fractionOf(value: unknown): unknown {
  const percent = typeof value === 'string' ? PERCENT.exec(value)?.[1] : undefined;
  // Through the text, so that '0.7 %' is 0.007 and not 0.006999999999999999.
  return percent === undefined ? value : Number(`${percent}e-2`);
}

function checkRange(value: number, range: Range, context: z.core.$RefinementCtx<number>): void {
  const low = range.above === undefined ? value >= (range.from ?? Number.NEGATIVE_INFINITY) : value > range.above;
  if (low && value <= range.to) return;
  const lower = range.above === undefined ? `from ${range.from ?? '−∞'}` : `above ${range.above}`;
  const why = range.why === undefined ? '' : `: ${range.why}`;
  context.addIssue({ code: 'custom', message: `${value} is out of range (${lower} to ${range.to})${why}` });
}

/** Seeds are 32 bits wide. */
export const seed = wholeNumber({ from: 0, to: 0xffffffff });

/** A list that is not empty and holds nothing twice. */
export function listOf<Item>(item: z.ZodType<Item>, nameOf: (item: Item) => string) {
  return z
    .array(item)
    .min(1)
    .superRefine((items, context) => {
      const names = items.map(nameOf);
      names.forEach((name, i) => {
        if (names.indexOf(name) < i)
          context.addIssue({ code: 'custom', path: [i], message: `${name} is listed twice` });
      });
    });
}
