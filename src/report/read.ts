import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DataError } from '../domain/errors.ts';
import { resultHashOf } from './build.ts';
import { type Report, reportSchema, SCHEMA_NAME, SCHEMA_VERSION } from './schema.ts';
import { SWEEP_SCHEMA_NAME } from './sweep/schema.ts';

const MOST_ISSUES = 5;

/**
 * Reads a report back.
 *
 * @throws DataError for a file that cannot be read, is no JSON, is no report, is of another schema version, has a field
 *   that is wrong (by its path), or does not bear the hash of its own result.
 */
export function readReport(path: string): Report {
  const report = parseReport(parsedJson(path), path);
  const actual = resultHashOf(report);
  if (actual !== report.resultHash) {
    throw new DataError(`${path} was changed after it was written`, {
      details: [`hash it bears: ${report.resultHash}`, `hash of its result: ${actual}`],
      hint: 'Take the report as the study wrote it, or run the study again.',
    });
  }
  return report;
}

function parsedJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new DataError(`the report ${path} ${reason}`, { cause, hint: 'Give the path of a report in JSON.' });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path} is not JSON`, {
      cause,
      // It quotes the beginning of the file, line breaks included.
      details: [(cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ')],
      hint: 'A report is the .json file beside the HTML page of the same name.',
    });
  }
}

const sweepHeadSchema = z.object({ schema: z.object({ name: z.literal(SWEEP_SCHEMA_NAME) }) });
const headSchema = z.object({ schema: z.object({ name: z.literal(SCHEMA_NAME), version: z.number() }) });

/** @throws DataError as `readReport`, for everything but the hash. */
export function parseReport(value: unknown, source: string): Report {
  if (sweepHeadSchema.safeParse(value).success) {
    throw new DataError(`${source} is the report of a sweep, and only those of studies can be run again from it`, {
      hint: 'Run the sweep again: the same candles, files and settings give the same resultHash.',
    });
  }
  const head = headSchema.safeParse(value);
  if (!head.success) {
    throw new DataError(`${source} is not a report of Candor`, {
      hint: `A report begins with "schema": { "name": "${SCHEMA_NAME}" }.`,
    });
  }
  const { version } = head.data.schema;
  if (version !== SCHEMA_VERSION) {
    throw new DataError(
      `${source} has version ${version} of the report's schema; this Candor reads version ${SCHEMA_VERSION}`,
      {
        hint: version > SCHEMA_VERSION ? 'Read it with a newer Candor.' : 'Run the study again.',
      },
    );
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const named = issues.slice(0, MOST_ISSUES).map(({ path, message }) => `${z.core.toDotPath(path)}: ${message}`);
  const more = issues.length > MOST_ISSUES ? [`… and ${issues.length - MOST_ISSUES} more`] : [];
  throw new DataError(`${source} is not a whole report`, {
    details: [...named, ...more],
    hint: 'Take the report as the study wrote it, or run the study again.',
  });
}
