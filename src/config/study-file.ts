import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean, UsageError } from '../domain/errors.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { RiskCell, Span, Study } from '../domain/study.ts';
import { INTERVALS, intervalMs, parseTime } from '../domain/time.ts';
import { type EpochMs, fromUsd } from '../domain/units.ts';
import { deepFreeze } from './config-file.ts';
import { riskRuleSchemas, riskRulesSchema, ruleAsText } from './risk-schema.ts';
import { number, section, seed, wholeNumber } from './schema.ts';
import { readYaml } from './yaml-file.ts';

const MAX_CELLS = 1000;
const DEFAULT_DRAWS = 1000;
const DEFAULT_DEPOSIT_USD = 10_000;

const kebabCase = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: "a name is in lower case with hyphens, like 'ema-cross'" });

const instant = z.string().transform((text, context): EpochMs => {
  try {
    return parseTime(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({ code: 'custom', message: `${error.message}: write it as 2025-07-26 or 2025-07-26T04:00 (UTC)` });
    return z.NEVER;
  }
});

const span = section({
  days: wholeNumber({ from: 1, to: 3650 }).optional(),
  from: instant.optional(),
  to: instant.optional(),
}).transform(({ days, from, to }, context): Span => {
  if (days !== undefined && from === undefined && to === undefined) return { days };
  if (days === undefined && from !== undefined && to !== undefined && from < to) return { fromMs: from, toMs: to };
  const message =
    from !== undefined && to !== undefined && days === undefined
      ? 'it ends before it begins'
      : 'a span is either { days: 90 }, the newest that there are, or { from: …, to: … }';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const strategy = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  section({ name: kebabCase, params: z.record(z.string(), z.unknown()).default({}) }),
);

type Grid = { readonly [Rule in keyof RiskRules]?: readonly RiskRules[Rule][] };

const grid = section(
  Object.fromEntries(
    Object.entries(riskRuleSchemas).map(([rule, schema]) => [
      rule,
      listOf(schema as z.ZodType, JSON.stringify).optional(),
    ]),
  ),
) as unknown as z.ZodType<Grid>;

/** A list that is not empty and holds nothing twice. */
function listOf<Item>(item: z.ZodType<Item>, nameOf: (item: Item) => string) {
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
  account: section({
    deposit: number({ from: 10, to: 1_000_000_000, why: 'it is in dollars, and no order may be below $10' }).default(
      DEFAULT_DEPOSIT_USD,
    ),
  }).prefault({}),
}).superRefine((study, context) => {
  study.confirm.forEach((finer, i) => {
    const ratio = intervalMs(study.interval) / intervalMs(finer);
    if (ratio > 1 && Number.isInteger(ratio)) return;
    const message = `${finer} does not divide ${study.interval} into finer candles`;
    context.addIssue({ code: 'custom', path: ['confirm', i], message });
  });
  const cells = Object.values(study.grid).reduce((product, values) => product * (values?.length ?? 1), 1);
  if (cells > MAX_CELLS) {
    context.addIssue({ code: 'custom', path: ['grid'], message: `${cells} cells are more than ${MAX_CELLS}` });
  }
});

/** Where a study file is looked for, and what it takes from the config. */
export interface StudyPlace {
  readonly root: string;
  readonly workingDirectory: string;
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
  const file = fileOf(named, place);
  const written = readYaml(file.path, file.shownAs, 'study', studySchema);
  return deepFreeze({
    name: written.name ?? basename(file.path).replace(YAML_ENDING, ''),
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

const YAML_ENDING = /\.ya?ml$/;

function fileOf(named: string, place: StudyPlace): { path: string; shownAs: string } {
  if (YAML_ENDING.test(named)) return { path: resolve(place.workingDirectory, named), shownAs: named };
  const folder = join(place.root, 'backtests');
  const path = join(folder, `${named}.yaml`);
  if (existsSync(path)) return { path, shownAs: `backtests/${named}.yaml` };
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const known = files.filter((name) => YAML_ENDING.test(name)).map((name) => name.replace(YAML_ENDING, ''));
  throw new UsageError(`there is no study '${named}' in backtests/`, { hint: didYouMean(named, known) });
}

/** Every combination of the grid's values, on top of the named cell; the last rule varies fastest. */
function cellsOf(cell: RiskRules, grid: Grid): RiskCell[] {
  const rules = Object.keys(grid) as (keyof RiskRules)[];
  if (rules.length === 0) return [];
  let cells: RiskCell[] = [{ at: {}, rules: cell }];
  for (const rule of rules) {
    cells = cells.flatMap((base) =>
      (grid[rule] ?? []).map((value) => {
        const varied = { ...base.rules, [rule]: value };
        return { at: { ...base.at, [rule]: ruleAsText(rule, varied) }, rules: varied };
      }),
    );
  }
  return cells;
}
