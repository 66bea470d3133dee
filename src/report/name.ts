import type { Report } from './schema.ts';

const HASH_DIGITS = 8;

/**
 * What the files of a report are called, without their ending: its study, when it was made, and the head of its hash,
 * since two studies may end in the same second.
 */
export function nameOf(report: Report): string {
  const stamp = new Date(report.made.createdAtMs).toISOString().slice(0, 19).replaceAll(':', '');
  return `${report.study.name}-${stamp}Z-${report.resultHash.slice(0, HASH_DIGITS)}`;
}
