import type { Report } from './schema.ts';

/** Two values that should be one; undefined where one side has nothing there. */
export interface Difference {
  /** Like `strategies[2].trades[17].exitPrice`. */
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** What is stated about a run, and is no part of its result. */
const CIRCUMSTANCES = new Set<keyof Report>(['schema', 'resultHash', 'made', 'versions', 'commit']);

/**
 * Every place where two reports differ in their result, to the last digit: numbers are equal only if they are the same
 * double. When they were made, by which commit and versions, is not compared.
 */
export function compareReports(expected: Report, actual: Report): Difference[] {
  const differences: Difference[] = [];
  for (const key of Object.keys({ ...expected, ...actual }) as (keyof Report)[]) {
    if (!CIRCUMSTANCES.has(key)) compare(key, expected[key], actual[key], differences);
  }
  return differences;
}

function compare(path: string, expected: unknown, actual: unknown, into: Difference[]): void {
  if (expected === actual) return;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    for (let i = 0; i < length; i++) compare(`${path}[${i}]`, expected[i], actual[i], into);
  } else if (isObject(expected) && isObject(actual)) {
    for (const key of Object.keys({ ...expected, ...actual }))
      compare(`${path}.${key}`, expected[key], actual[key], into);
  } else {
    into.push({ path, expected, actual });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
