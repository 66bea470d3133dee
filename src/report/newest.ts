import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { didYouMean, UsageError } from '../domain/errors.ts';

/** As `nameOf` writes it: the study, when its report was made, and the head of its hash. */
const REPORT_FILE = /^(.+)-(\d{4}-\d\d-\d\dT\d{6}Z)-[0-9a-f]+\.json$/;

/**
 * The report of a study that was made last.
 *
 * @param directory where reports are kept; it need not be there
 * @returns the path of its JSON file
 * @throws UsageError where there is none, with the nearest studies that have one
 */
export function newestReport(directory: string, study: string): string {
  const reports = filesIn(directory).flatMap((file) => {
    const [, name, madeAt] = REPORT_FILE.exec(file) ?? [];
    return name === undefined || madeAt === undefined ? [] : [{ file, name, madeAt }];
  });
  const ofStudy = reports.filter(({ name }) => name === study).sort((a, b) => (a.madeAt < b.madeAt ? 1 : -1));
  const [newest] = ofStudy;
  if (newest !== undefined) return join(directory, newest.file);
  const studies = new Set(reports.map(({ name }) => name).filter((name) => !name.endsWith('-sweep')));
  throw new UsageError(`there is no report of a study '${study}'`, {
    hint:
      studies.size === 0
        ? `Run the study first: 'npx candor study ${study}' writes one to ${directory}.`
        : didYouMean(study, studies),
  });
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
