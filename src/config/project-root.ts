import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder upwards with strategies/ in it; else the clone that this file is in. */
export function projectRoot(workingDirectory: string): string {
  for (let folder = workingDirectory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'strategies'))) return folder;
    if (folder === dirname(folder)) return fileURLToPath(new URL('../../', import.meta.url));
  }
}
