import type { Report } from './schema.ts';

/** What the files of a report are called, without their ending: its study and when it was made. */
export function nameOf(report: Report): string {
  const stamp = new Date(report.made.createdAtMs).toISOString().slice(0, 19).replaceAll(':', '');
  return `${report.study.name}-${stamp}Z`;
}
