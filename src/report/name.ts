import type { Report } from './schema.ts';
import type { SweepReport } from './sweep/schema.ts';

const HASH_DIGITS = 8;

/**
 * What the files of a report are called, without their ending: its study, when it was made, and the head of its hash,
 * since two studies may end in the same second.
 */
export function nameOf(report: Report): string {
  return `${report.study.name}-${markOf(report)}`;
}

/** The same for a sweep, which may have the name of a study. */
export function nameOfSweep(report: Pick<SweepReport, 'sweep' | 'made' | 'resultHash'>): string {
  return `${report.sweep.name}-sweep-${markOf(report)}`;
}

function markOf({ made, resultHash }: Pick<Report, 'resultHash'> & { made: { createdAtMs: number } }): string {
  const stamp = new Date(made.createdAtMs).toISOString().slice(0, 19).replaceAll(':', '');
  return `${stamp}Z-${resultHash.slice(0, HASH_DIGITS)}`;
}
