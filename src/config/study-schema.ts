import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { didYouMean, UsageError } from '../domain/errors.ts';
import type { RiskRules } from '../domain/risk-rules.ts';
import type { RiskCell, Span } from '../domain/study.ts';
import { parseTime } from '../domain/time.ts';
import type { EpochMs } from '../domain/units.ts';
import { riskRuleSchemas, ruleAsText } from './risk-schema.ts';
import { listOf, number, section, wholeNumber } from './schema.ts';

/** What the files of studies and of sweeps have in common. */

const DEFAULT_DEPOSIT_USD = 10_000;

export const kebabCase = z
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

export const span = section({
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

/** Of a param. */
export const oneValue = z.union([z.number(), z.string()], { error: 'a value is a number or a name' });

export type Grid = { readonly [Rule in keyof RiskRules]?: readonly RiskRules[Rule][] };

export const grid = section(
  Object.fromEntries(
    Object.entries(riskRuleSchemas).map(([rule, schema]) => [
      rule,
      listOf(schema as z.ZodType, JSON.stringify).optional(),
    ]),
  ),
) as unknown as z.ZodType<Grid>;

export const deposit = number({
  from: 10,
  to: 1_000_000_000,
  why: 'it is in dollars, and no order may be below $10',
}).default(DEFAULT_DEPOSIT_USD);

/** Every combination of the grid's values, on top of the named cell; the last rule varies fastest. */
export function cellsOf(cell: RiskRules, grid: Grid): RiskCell[] {
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

/** How many cells a grid has, without making them. */
export function countCells(grid: Grid): number {
  return Object.values(grid).reduce((product, values) => product * (values?.length ?? 1), 1);
}

const YAML_ENDING = /\.ya?ml$/;

/** Where a file is looked for by its name. */
export interface FilePlace {
  readonly root: string;
  readonly workingDirectory: string;
}

/** A file that was found, and what it is called where its text does not say it. */
export interface FoundFile {
  readonly path: string;
  readonly shownAs: string;
  readonly bareName: string;
}

/**
 * Finds a file by its bare name in a folder of the project, or by its path.
 *
 * @param what it is, for the message: 'study'
 * @throws UsageError for an unknown name with the nearest ones
 */
export function findFile(named: string, what: string, folder: string, place: FilePlace): FoundFile {
  const bareName = basename(named).replace(YAML_ENDING, '');
  if (YAML_ENDING.test(named)) return { path: resolve(place.workingDirectory, named), shownAs: named, bareName };
  const directory = join(place.root, folder);
  const path = join(directory, `${named}.yaml`);
  if (existsSync(path)) return { path, shownAs: `${folder}/${named}.yaml`, bareName };
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const known = files.filter((name) => YAML_ENDING.test(name)).map((name) => name.replace(YAML_ENDING, ''));
  throw new UsageError(`there is no ${what} '${named}' in ${folder}/`, { hint: didYouMean(named, known) });
}
