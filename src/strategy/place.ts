import { relative } from 'node:path';
import { callSiteOf } from '../series/poison.ts';
import type { ParamValues } from './params.ts';

/**
 * `strategies/breakout.ts:14: `, the place in the strategy that an error comes from; empty where its stack names none.
 */
export function placeOf(error: unknown): string {
  const site = error instanceof Error ? callSiteOf(error) : undefined;
  if (site === undefined || site.file.startsWith('node:')) return '';
  return `${shownPath(site.file)}:${site.line}: `;
}

/**
 * A path as a person would type it from here. Modules that were loaded afresh carry a query, which is not part of it.
 */
export function shownPath(file: string): string {
  const path = file.replace(/\?.*$/, '');
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}

/** For the details of an error: which combination of params it was. */
export function describeParams(params: ParamValues): readonly string[] {
  const shown = Object.entries(params).map(([name, value]) => `${name} = ${value}`);
  return shown.length === 0 ? [] : [`params: ${shown.join(', ')}`];
}
