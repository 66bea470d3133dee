import { z } from 'zod';
import { CandorError } from '../domain/errors.ts';
import type { Sweep } from '../domain/sweep.ts';
import { INTERVALS } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { stepValues } from '../strategy/params.ts';
import { deepFreeze } from './config-file.ts';
import { riskRulesSchema } from './risk-schema.ts';
import { listOf, section, seed } from './schema.ts';
import {
  cellsOf,
  countCells,
  deposit,
  type FilePlace,
  findFile,
  grid,
  kebabCase,
  oneValue,
  span,
} from './study-schema.ts';
import { readYaml } from './yaml-file.ts';

/** A risk grid of more is a slip of the pen; how many combinations a sweep may have is asked when it is run. */
const MAX_CELLS = 10_000;

const range = section({ from: z.number(), to: z.number(), step: z.number() }).transform((written, context) => {
  try {
    return stepValues(written);
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    const hint = error.hint === undefined ? '' : `. ${error.hint}`;
    context.addIssue({ code: 'custom', message: `${error.message}${hint}` });
    return z.NEVER;
  }
});

const valueList = listOf(oneValue, String);

/** `{ from: 10, to: 60, step: 5 }`, `[10, 20]`, or one value: `30`. */
const paramValues = z.unknown().transform((value, context): readonly (number | string)[] => {
  const isRange = typeof value === 'object' && value !== null && !Array.isArray(value);
  const listed = typeof value === 'number' || typeof value === 'string' ? [value] : value;
  const read = (isRange ? range : valueList).safeParse(listed);
  if (read.success) return read.data;
  for (const { code, path, message } of read.error.issues) {
    context.addIssue({ code: 'custom', path, message: code === 'too_small' ? 'the list is empty' : message });
  }
  return z.NEVER;
});

/** A strategy with the values to try of its params: a bare name, or `{ name, params }`. */
export const sweptStrategy = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  section({ name: kebabCase, params: z.record(z.string(), paramValues).default({}) }),
);

const sweepSchema = section({
  name: kebabCase.optional(),
  coins: listOf(z.string().min(1), String),
  intervals: listOf(z.enum(INTERVALS), String),
  span,
  strategies: listOf(sweptStrategy, ({ name }) => name),
  cell: riskRulesSchema,
  grid: grid.default({}),
  account: section({ deposit, shared: z.boolean().default(false) }).prefault({}),
  seed: seed.optional(),
}).superRefine((sweep, context) => {
  const cells = countCells(sweep.grid);
  if (cells <= MAX_CELLS) return;
  const message = `${cells.toLocaleString('en-US')} cells are more than ${MAX_CELLS.toLocaleString('en-US')}`;
  context.addIssue({ code: 'custom', path: ['grid'], message });
});

/** Where a sweep file is looked for, and what it takes from the config. */
export interface SweepPlace extends FilePlace {
  /** For sweeps that name no seed of their own. */
  readonly seed: number;
}

/** The folder in which sweeps are found by their bare names. */
export const SWEEPS_FOLDER = 'backtests/sweeps';

/**
 * Reads a sweep, complete and deeply frozen. Whether its coins, strategies and params exist is not known here.
 *
 * @param named a file of backtests/sweeps/ without its ending, or a path
 * @throws UsageError with every wrong key or value and its line; for an unknown name with the nearest ones
 */
export function loadSweep(named: string, place: SweepPlace): Sweep {
  const file = findFile(named, 'sweep', SWEEPS_FOLDER, place);
  const written = readYaml(file.path, file.shownAs, 'sweep', sweepSchema);
  const cells = cellsOf(written.cell, written.grid);
  return deepFreeze({
    name: written.name ?? file.bareName,
    coins: written.coins,
    intervals: written.intervals,
    span: written.span,
    strategies: written.strategies,
    cell: written.cell,
    grid: cells.length === 0 ? [{ at: {}, rules: written.cell }] : cells,
    account: written.account.shared ? 'shared' : 'each-coin',
    depositUsd: fromUsd(written.account.deposit),
    seed: written.seed ?? place.seed,
  });
}
