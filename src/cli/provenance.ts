import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface Commit {
  readonly sha: string;
  /** Files under version control differ from it. */
  readonly isModified: boolean;
}

/** Where this program lies; the project that it works on may lie elsewhere. */
const CLONE = fileURLToPath(new URL('../../', import.meta.url));

/** What bears on numbers: the program, the runtime, and the libraries that compute. */
const COMPUTING = ['better-sqlite3', 'technicalindicators'] as const;

/** The commit that the code is of; null outside a git checkout, or where git is not installed. */
export async function commitOf(): Promise<Commit | null> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: CLONE, timeout: 10_000 })).stdout.trim();
  try {
    const sha = await git('rev-parse', 'HEAD');
    // The trial ledger grows with every study; it is no part of the program.
    const changed = await git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!backtests/trials.jsonl');
    return { sha, isModified: changed !== '' };
  } catch {
    return null;
  }
}

/** Versions by name, of Candor itself, Node, and what computes. */
export async function versionsOf(): Promise<Record<string, string>> {
  const versionIn = async (path: string): Promise<string> =>
    (JSON.parse(await readFile(join(CLONE, path, 'package.json'), 'utf8')) as { version: string }).version;
  const libraries = COMPUTING.map(async (name) => [name, await versionIn(`node_modules/${name}`)] as const);
  return {
    candor: await versionIn('.'),
    node: process.versions.node,
    ...Object.fromEntries(await Promise.all(libraries)),
  };
}
