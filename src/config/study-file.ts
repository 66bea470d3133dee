import { z } from 'zod';
import type { Study, StudyStrategy } from '../domain/study.ts';
import { INTERVALS, intervalMs } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { deepFreeze } from './config-file.ts';
import { riskRulesSchema } from './risk-schema.ts';
import { listOf, section, seed, wholeNumber } from './schema.ts';
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

const MAX_CELLS = 1000;
const DEFAULT_DRAWS = 1000;

/** A choice is made again in every draw of every control, so a list of params is a short one. */
const MAX_COMBINATIONS = 500;

const strategy = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  section({
    name: kebabCase,
    params: z.record(z.string(), z.unknown()).default({}),
    choose: z.record(z.string(), listOf(oneValue, String)).optional(),
  }).transform(({ choose, ...fixed }, context): StudyStrategy => {
    if (choose === undefined || Object.keys(choose).length === 0) return fixed;
    for (const name of Object.keys(choose)) {
      if (!Object.hasOwn(fixed.params, name)) continue;
      const message = `${name} is fixed in params and chosen here: it can be one of the two`;
      context.addIssue({ code: 'custom', path: ['choose', name], message });
    }
    const combinations = Object.values(choose).reduce((product, values) => product * values.length, 1);
    if (combinations > MAX_COMBINATIONS) {
      const message = `${combinations} combinations are more than ${MAX_COMBINATIONS}: a sweep can look at more`;
      context.addIssue({ code: 'custom', path: ['choose'], message });
    }
    return { ...fixed, choose };
  }),
);

const studySchema = section({
  name: kebabCase.optional(),
  coins: listOf(z.string().min(1), String),
  interval: z.enum(INTERVALS),
  confirm: z.array(z.enum(INTERVALS)).default([]),
  span,
  strategies: listOf(strategy, ({ name }) => name),
  cell: riskRulesSchema,
  grid: grid.default({}),
  controls: section({
    draws: wholeNumber({ from: 100, to: 100_000, why: 'fewer cannot tell 5 % from chance' }).default(DEFAULT_DRAWS),
    seed: seed.optional(),
  }).prefault({}),
  account: section({ deposit }).prefault({}),
}).superRefine((study, context) => {
  study.confirm.forEach((finer, i) => {
    const ratio = intervalMs(study.interval) / intervalMs(finer);
    if (ratio > 1 && Number.isInteger(ratio)) return;
    const message = `${finer} does not divide ${study.interval} into finer candles`;
    context.addIssue({ code: 'custom', path: ['confirm', i], message });
  });
  const cells = countCells(study.grid);
  if (cells > MAX_CELLS) {
    context.addIssue({ code: 'custom', path: ['grid'], message: `${cells} cells are more than ${MAX_CELLS}` });
  }
});

/** Where a study file is looked for, and what it takes from the config. */
export interface StudyPlace extends FilePlace {
  /** For controls that name no seed of their own. */
  readonly seed: number;
}

/**
 * Reads a study, complete and deeply frozen. Whether its coins, strategies and params exist is not known here.
 *
 * @param named a file of backtests/ without its ending, or a path
 * @throws UsageError with every wrong key or value and its line; for an unknown name with the nearest ones
 */
export function loadStudy(named: string, place: StudyPlace): Study {
  const file = findFile(named, 'study', 'backtests', place);
  const written = readYaml(file.path, file.shownAs, 'study', studySchema);
  return deepFreeze({
    name: written.name ?? file.bareName,
    coins: written.coins,
    interval: written.interval,
    confirm: written.confirm,
    span: written.span,
    strategies: written.strategies,
    cell: written.cell,
    grid: cellsOf(written.cell, written.grid),
    controls: { draws: written.controls.draws, seed: written.controls.seed ?? place.seed },
    depositUsd: fromUsd(written.account.deposit),
  });
}
