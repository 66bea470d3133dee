import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Program, programDifference } from '../program.ts';
import type { Announcement } from './announcements.ts';

/** The name of a strategy, and not a path out of its folder. */
const STRATEGY_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/i;

/**
 * Why this machine must not take part in a sweep, and what to do about it; undefined where it may. Nothing of the
 * sweep is loaded or run for it: strategies are code, and are compared as text.
 */
export function whyNot(
  { strategies, program }: Announcement,
  here: Program,
  strategiesDirectory: string,
): string | undefined {
  const difference = programDifference(program, here);
  if (difference !== undefined) return `${difference}: bring both machines to one commit (git pull && npm ci)`;
  for (const { name, fileSha256 } of strategies) {
    const file = `strategies/${name}.ts`;
    const found = STRATEGY_NAME.test(name) ? hashOf(join(strategiesDirectory, `${name}.ts`)) : undefined;
    if (found === undefined) return `${file} is not here: strategies are never sent, so bring it here (git pull)`;
    if (found !== fileSha256) return `${file} is another version here: bring both machines to the same one (git pull)`;
  }
  return undefined;
}

function hashOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}
