import { CandorError } from '../domain/errors.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../domain/signal.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { hasBit } from './fast/bits.ts';
import type { FastSpec } from './fast/spec.ts';
import { runReference } from './reference.ts';
import type { RunResult, RunSpec } from './run.ts';

/** The first thing in which the engines do not agree. */
export interface Difference {
  /** `trade 3, exitPrice`; `the ledger, feesUsd`; `the account at close 7`. */
  readonly where: string;
  readonly fast: unknown;
  readonly reference: unknown;
}

/** What one of the two engines said is wrong, and nothing may be concluded from either. */
export class EngineDifference extends CandorError {
  override readonly name = 'EngineDifference';
}

/** Of the class, or by name where it was thrown in a worker. */
export function isEngineDifference(error: unknown): boolean {
  return error instanceof CandorError && error.name === 'EngineDifference';
}

/**
 * Runs again what the fast engine ran, on the reference engine.
 *
 * @param what the run is, for the error
 * @throws EngineDifference where they are not equal to the last bit
 */
export function replay(spec: FastSpec, fast: RunResult, what: string): void {
  const difference = differenceOfRuns(fast, runReference(referenceOf(spec)));
  if (difference === undefined) return;
  const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
  throw new EngineDifference(`the fast engine and the reference engine do not agree on ${what}`, {
    details: [
      difference.where,
      `fast engine: ${shown(difference.fast)}`,
      `reference engine: ${shown(difference.reference)}`,
    ],
    hint: 'This is a fault of Candor, and no result of this run can be trusted. Please report it with these lines.',
  });
}

/** The same run for the reference engine, which reads one byte a row. */
export function referenceOf({ legs, ...rest }: FastSpec): RunSpec {
  return {
    ...rest,
    legs: legs.map(({ bits, ...leg }) => ({ ...leg, signals: flagsOfBits(bits, leg.candles.length) })),
  };
}

const FLAGS = { long: LONG, short: SHORT, exitLong: EXIT_LONG, exitShort: EXIT_SHORT } as const;

/** Bitmaps as the flags of domain/signal.ts, one byte a row. */
export function flagsOfBits(bits: SignalBits, rows: number): Uint8Array {
  const flags = new Uint8Array(rows);
  for (const [side, bitmap] of Object.entries(bits) as [keyof typeof FLAGS, Uint32Array][]) {
    const end = Math.min(rows, 32 * bitmap.length);
    for (let row = 0; row < end; row++) {
      if (hasBit(bitmap, row)) flags[row] = (flags[row] as number) | FLAGS[side];
    }
  }
  return flags;
}

/** Trades, ledger, counts and account value: undefined where all are the same to the last bit. */
export function differenceOfRuns(fast: RunResult, reference: RunResult): Difference | undefined {
  for (let i = 0; i < Math.max(fast.trades.length, reference.trades.length); i++) {
    const found = differenceOfFields(`trade ${i + 1}`, fast.trades[i], reference.trades[i]);
    if (found !== undefined) return found;
  }
  const { heldRows, conflicts, lapses } = reference;
  const counts = { heldRows: fast.heldRows, conflicts: fast.conflicts, lapses: fast.lapses };
  return (
    differenceOfFields('the ledger', fast.ledger, reference.ledger) ??
    differenceOfFields('the refusals', fast.refusals, reference.refusals) ??
    differenceOfFields('the counts', counts, { heldRows, conflicts, lapses }) ??
    differenceOfAccounts(fast.equityUsd, reference.equityUsd)
  );
}

function differenceOfAccounts(fast: Float64Array, reference: Float64Array): Difference | undefined {
  for (let i = 0; i < Math.max(fast.length, reference.length); i++) {
    if (!isSame(fast[i], reference[i])) {
      return { where: `the account at close ${i + 1}`, fast: fast[i], reference: reference[i] };
    }
  }
  return undefined;
}

/** The first field whose values differ, in the order of the reference. */
function differenceOfFields(
  where: string,
  fast: object | undefined,
  reference: object | undefined,
): Difference | undefined {
  if (fast === undefined || reference === undefined) return { where, fast: fast ?? null, reference: reference ?? null };
  const values = fast as Readonly<Record<string, unknown>>;
  for (const key of new Set([...Object.keys(reference), ...Object.keys(fast)])) {
    const expected = (reference as Readonly<Record<string, unknown>>)[key];
    if (!isSame(values[key], expected)) return { where: `${where}, ${key}`, fast: values[key], reference: expected };
  }
  return undefined;
}

/** There is one zero and one NaN. */
export function isSame(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || one === other;
}
