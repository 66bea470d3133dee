import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CandleColumns } from '../domain/candle.ts';
import { CandorError } from '../domain/errors.ts';
import { renderHtml } from './html/page.ts';
import { renderSweepHtml } from './html/sweep/page.ts';
import { nameOf, nameOfSweep } from './name.ts';
import type { Report } from './schema.ts';
import type { SweepReport } from './sweep/schema.ts';

export interface WrittenReport {
  readonly jsonPath: string;
  readonly htmlPath: string;
}

/**
 * Writes NAME-2025-07-26T040000Z-1a2b3c4d.json and the page made of it. Each file appears whole or not at all, and a
 * result that is there already is left as it is.
 *
 * @param candles of the study's own interval, for the charts; coins without them have no chart
 * @throws CandorError where a file of that name holds another result
 */
export function writeReport(directory: string, report: Report, candles: readonly CandleColumns[]): WrittenReport {
  return writeFiles(directory, nameOf(report), report, () => renderHtml(report, { candles }));
}

/** The same for a sweep: NAME-sweep-2025-07-26T040000Z-1a2b3c4d.json, and its page. */
export function writeSweepReport(directory: string, report: SweepReport): WrittenReport {
  return writeFiles(directory, nameOfSweep(report), report, () => renderSweepHtml(report));
}

function writeFiles(
  directory: string,
  name: string,
  report: { readonly resultHash: string },
  render: () => string,
): WrittenReport {
  mkdirSync(directory, { recursive: true });
  const base = join(directory, name);
  const written = { jsonPath: `${base}.json`, htmlPath: `${base}.html` };
  if (existsSync(written.jsonPath)) requireSame(written.jsonPath, report.resultHash);
  else writeWhole(written.jsonPath, `${JSON.stringify(report, null, 1)}\n`);
  if (!existsSync(written.htmlPath)) writeWhole(written.htmlPath, render());
  return written;
}

function requireSame(path: string, resultHash: string): void {
  if (readFileSync(path, 'utf8').includes(`"resultHash": "${resultHash}"`)) return;
  throw new CandorError(`${path} is there already, and holds another result`, {
    hint: 'Move it away, and run it again.',
  });
}

/** Through a file of its own beside it: a reader, or a full disk, never leaves half a report under its name. */
function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
