import { resolve } from 'node:path';
import { formatTime, SECOND_MS } from '../domain/time.ts';
import { backupDatabase } from '../market/backup.ts';
import { formatSeconds } from '../report/format.ts';
import type { Context, ExitCode } from './context.ts';
import { shownPath, withStoredDatabase } from './database.ts';
import type { Progress } from './output.ts';

export interface BackupOptions {
  readonly json?: true;
}

/** Copies the database as it is at this moment to a new file, and checks the copy. */
export async function run(file: string, options: BackupOptions, context: Context): Promise<ExitCode> {
  const { out, clock, signal, workingDirectory } = context;
  const startedMs = clock.nowMs();
  let bar: Progress | undefined;
  const onProgress = (done: number, total: number): void => {
    bar ??= out.progress('backup', total, clock);
    bar.update(done);
  };
  const path = resolve(workingDirectory, file);
  const { bytes } = await withStoredDatabase(context, (db) =>
    backupDatabase(db, path, { onProgress, signal }).finally(() => bar?.stop()),
  );
  const tookMs = clock.nowMs() - startedMs;
  const database = shownPath(context, context.databasePath);
  if (options.json) {
    out.json({ database, file: path, bytes, asOfMs: startedMs, tookMs });
    return 0;
  }
  out.line(`${shownPath(context, path)}: ${(bytes / 1e6).toFixed(1)} MB, checked, in ${formatSeconds(tookMs)}`);
  out.line(
    `It is ${database} as of ${formatTime(Math.floor(startedMs / SECOND_MS) * SECOND_MS)}; --database FILE reads it.`,
  );
  return 0;
}
