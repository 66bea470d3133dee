import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What computes. Two machines give the same bits where all of it is the same. */
export interface Program {
  readonly candor: string;
  readonly node: string;
  /** SHA-256 of all sources but tests, and of the versions of all libraries. */
  readonly code: string;
}

const CLONE = fileURLToPath(new URL('../../', import.meta.url));
/** Pages and commands show results and make none. */
const COMPUTING = 'src/{*.ts,{backtest,core,domain,market,optimize,series,strategy}/**/*.ts}';

/** The program that runs here. */
export function thisProgram(): Program {
  const { version } = JSON.parse(readFileSync(`${CLONE}package.json`, 'utf8')) as { version: string };
  return { candor: version, node: process.versions.node, code: codeHash(COMPUTING) };
}

/** SHA-256 of the versions of all libraries, and of the sources that match the pattern, tests left out. */
export function codeHash(pattern: string): string {
  const hash = createHash('sha256');
  const sources = globSync(pattern, { cwd: CLONE, exclude: (file) => file.endsWith('.test.ts') });
  for (const file of ['package-lock.json', ...sources.map((path) => path.replaceAll('\\', '/')).sort()]) {
    const text = readFileSync(`${CLONE}${file}`);
    hash.update(`${file} ${text.byteLength}\n`).update(text);
  }
  return hash.digest('hex');
}

/** In which way this program is not the one that is wanted; undefined where it is. */
export function programDifference(wanted: Program, here: Program): string | undefined {
  if (wanted.candor !== here.candor) return `it is a sweep of Candor ${wanted.candor}, and this is ${here.candor}`;
  if (wanted.code !== here.code) return `it is a sweep of another commit of Candor (or of a changed file in src/)`;
  if (wanted.node !== here.node) return `it is a sweep on Node ${wanted.node}, and this is ${here.node}`;
  return undefined;
}
