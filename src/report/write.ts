import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CandleColumns } from '../domain/candle.ts';
import { renderHtml } from './html/page.ts';
import { nameOf } from './name.ts';
import type { Report } from './schema.ts';

export interface WrittenReport {
  readonly jsonPath: string;
  readonly htmlPath: string;
}

/**
 * Writes NAME-2025-07-26T040000Z.json and the page made of it. Each file appears whole or not at all.
 *
 * @param candles of the study's own interval, for the charts; coins without them have no chart
 */
export function writeReport(directory: string, report: Report, candles: readonly CandleColumns[]): WrittenReport {
  mkdirSync(directory, { recursive: true });
  const base = join(directory, nameOf(report));
  const written = { jsonPath: `${base}.json`, htmlPath: `${base}.html` };
  writeWhole(written.jsonPath, `${JSON.stringify(report, null, 1)}\n`);
  writeWhole(written.htmlPath, renderHtml(report, { candles }));
  return written;
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
