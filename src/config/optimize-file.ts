import { z } from 'zod';
import type { Optimization, OptimizedCell } from '../domain/optimizer.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import { INTERVALS, intervalMs } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { deepFreeze } from './config-file.ts';
import { riskRulesSchema } from './risk-schema.ts';
import { listOf, section, seed, wholeNumber } from './schema.ts';
import { deposit, type FilePlace, findFile, kebabCase } from './study-schema.ts';
import { sweptStrategy } from './sweep-file.ts';
import { readYaml } from './yaml-file.ts';

const DEFAULT_CANDIDATES = 183;
const DEFAULT_DRAWS = 1000;
const DEFAULT_WINDOWS = { trainDays: 60, testDays: 20, folds: 6 };

const cell = riskRulesSchema.transform((rules: RiskRules, context): OptimizedCell => {
  const { sizing, maxHold } = rules;
  if (maxHold !== null && sizing !== 'allEquity') return { ...rules, sizing, maxHold };
  if (maxHold === null) {
    const message = 'is missing: it is the distance between what chooses params and what tests them';
    context.addIssue({ code: 'custom', path: ['maxHold'], message });
  }
  if (sizing === 'allEquity') {
    const message = 'candidates are compared at an equal risk budget: write { riskFraction: 1 % }';
    context.addIssue({ code: 'custom', path: ['sizing'], message });
  }
  return z.NEVER;
});

const optimizationSchema = section({
  name: kebabCase.optional(),
  strategies: listOf(sweptStrategy, ({ name }) => name),
  coins: listOf(z.string().min(1), String),
  interval: z.enum(INTERVALS),
  confirm: z.array(z.enum(INTERVALS)).default([]),
  cell,
  windows: section({
    trainDays: wholeNumber({ from: 7, to: 3650, why: 'a shorter window chooses by chance alone' }).default(
      DEFAULT_WINDOWS.trainDays,
    ),
    testDays: wholeNumber({ from: 1, to: 3650 }).default(DEFAULT_WINDOWS.testDays),
    folds: wholeNumber({ from: 2, to: 100, why: 'one fold is one moment of the market' }).default(
      DEFAULT_WINDOWS.folds,
    ),
  }).prefault({}),
  candidates: wholeNumber({ from: 2, to: 10_000 }).default(DEFAULT_CANDIDATES),
  controls: section({
    draws: wholeNumber({ from: 100, to: 100_000, why: 'fewer cannot tell 5 % from chance' }).default(DEFAULT_DRAWS),
    seed: seed.optional(),
  }).prefault({}),
  account: section({ deposit }).prefault({}),
}).superRefine(({ confirm, interval }, context) => {
  confirm.forEach((finer, i) => {
    const ratio = intervalMs(interval) / intervalMs(finer);
    if (ratio > 1 && Number.isInteger(ratio)) return;
    const message = `${finer} does not divide ${interval} into finer candles`;
    context.addIssue({ code: 'custom', path: ['confirm', i], message });
  });
});

/** Where the file is looked for, and what it takes from the config. */
export interface OptimizationPlace extends FilePlace {
  /** For controls that name no seed of their own. */
  readonly seed: number;
}

/** The folder in which optimisations are found by their bare names. */
export const OPTIMIZATIONS_FOLDER = 'backtests/optimize';

/**
 * Reads what is to be optimised, complete and deeply frozen. Whether its coins, strategies and params exist is not
 * known here.
 *
 * @param named a file of backtests/optimize/ without its ending, or a path
 * @throws UsageError with every wrong key or value and its line; for an unknown name with the nearest ones
 */
export function loadOptimization(named: string, place: OptimizationPlace): Optimization {
  const file = findFile(named, 'optimisation', OPTIMIZATIONS_FOLDER, place);
  const written = readYaml(file.path, file.shownAs, 'optimisation', optimizationSchema);
  const { account, controls, name = file.bareName, ...rest } = written;
  return deepFreeze({
    ...rest,
    name,
    controls: { draws: controls.draws, seed: controls.seed ?? place.seed },
    depositUsd: fromUsd(account.deposit),
  });
}
