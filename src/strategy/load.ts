import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ImportSpecifier } from 'es-module-lexer';
import { didYouMean, StrategyError, UsageError } from '../domain/errors.ts';
import { checkCorners } from './corners.ts';
import { isStrategy, type Strategy } from './define.ts';
import { shownPath } from './place.ts';

export interface LoadedStrategy {
  readonly strategy: Strategy;
  /** Absolute path. */
  readonly file: string;
  /** Of the file's text. A strategy imports nothing of its own, so this says all that it does. */
  readonly sha256: string;
  /** The same strategy with the state of its module as it was before anything ran. */
  readonly reload: () => Promise<Strategy>;
}

/** Counted over all strategies: a module under the same URL is the same module, with everything that it remembers. */
let reloads = 0;

/** The names of the strategies in a directory, sorted. */
export function listStrategies(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
}

/**
 * Imports a strategy by its name in the directory, or by its path, and builds it at its defaults and at every corner of
 * its sweeps, so that what is wrong with it is said here and not in the middle of a run.
 *
 * @throws UsageError for a name that is unknown, with the nearest ones; LookAheadError for an expression that reads
 *   ahead; StrategyError for anything else that is wrong with the file, each with its line where there is one.
 */
export async function loadStrategy(nameOrFile: string, directory: string): Promise<LoadedStrategy> {
  const { file, text, sha256 } = read(nameOrFile, directory);
  await refuseImports(file, text);
  const loaded = await importLoaded(file, sha256);
  checkCorners(loaded.strategy, shownPath(file));
  return loaded;
}

/**
 * Imports a strategy that `loadStrategy` has checked already, here or in the process that handed out the work: no more
 * than that it is the same file is looked at. Worker threads load theirs so, because the check runs on WebAssembly.
 *
 * @param checkedSha256 of the file that was checked
 * @throws StrategyError where this is another file
 */
export async function loadCheckedStrategy(
  nameOrFile: string,
  directory: string,
  checkedSha256: string,
): Promise<LoadedStrategy> {
  const { file, sha256 } = read(nameOrFile, directory);
  if (sha256 !== checkedSha256) {
    throw new StrategyError(`${shownPath(file)} is not the file that this run began with`, {
      details: [`wanted: sha256 ${checkedSha256}`, `found: sha256 ${sha256}`],
      hint: 'Results of two versions of a strategy do not belong together. Give every worker the same file.',
    });
  }
  return importLoaded(file, sha256);
}

function read(nameOrFile: string, directory: string): { file: string; text: string; sha256: string } {
  const file = fileOf(nameOrFile, directory);
  const text = readText(file, nameOrFile, directory);
  return { file, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** sha256 of a strategy's file as it is now, without loading it; undefined where there is none. */
export function fileSha256Of(name: string, directory: string): string | undefined {
  const file = join(directory, `${name}.ts`);
  return existsSync(file) ? read(file, directory).sha256 : undefined;
}

async function importLoaded(file: string, sha256: string): Promise<LoadedStrategy> {
  // The query ties the module to its text: a file that changed is another module, in a process that lives on as well.
  const url = `${pathToFileURL(file).href}?sha256=${sha256}`;
  const strategy = await importStrategy(file, url);
  return { strategy, file, sha256, reload: () => importStrategy(file, `${url}&reload=${++reloads}`) };
}

function fileOf(nameOrFile: string, directory: string): string {
  return /[\\/]|\.ts$/.test(nameOrFile) ? resolve(nameOrFile) : resolve(directory, `${nameOrFile}.ts`);
}

function readText(file: string, nameOrFile: string, directory: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new UsageError(`${shownPath(file)} cannot be read: ${(cause as Error).message}`, { cause });
    }
    const hint = didYouMean(basename(nameOrFile, '.ts'), listStrategies(directory));
    throw new UsageError(`unknown strategy '${nameOrFile}'`, { hint, details: [`looked for ${shownPath(file)}`] });
  }
}

/** How the lexer marks `import.meta`, which imports nothing. */
const IMPORT_META = -2;

/**
 * A strategy is one file that imports 'candor' alone. What it could import besides is data of its own (a file of prices
 * knows the future, and no experiment on candles can tell), or code that its hash would not cover.
 */
async function refuseImports(file: string, text: string): Promise<void> {
  for (const { n: specifier, s: start, d: kind } of await importsOf(text, file)) {
    if (kind === IMPORT_META || specifier === 'candor') continue;
    const line = text.slice(0, start).split('\n').length;
    throw new StrategyError(`${shownPath(file)}:${line} imports ${specifier ?? 'a computed name'}`, {
      hint: "A strategy imports 'candor' alone: candles are all that it may know, and its file all that it does.",
    });
  }
}

type Import = Pick<ImportSpecifier, 'n' | 's' | 'd'>;

/** What comes after an import's or an export's `from`, or after `import` itself. */
const IMPORTED = /\b(?:from|import)\s*\(?\s*(['"`])(.*?)\1/g;

async function importsOf(text: string, file: string): Promise<readonly Import[]> {
  // WebAssembly, whatever the build ("use asm" becomes it too), and so nothing that a worker thread may load.
  const { init, parse } = await import('es-module-lexer');
  await init;
  try {
    return parse(text, file)[0];
  } catch {
    // The lexer knows JavaScript alone, and some types (`x! / 2`) defeat it. Then text that looks like an import is
    // one: rather a sentence in a comment is refused than a file of prices read.
    return [...text.matchAll(IMPORTED)].map((match) => ({ n: match[2], s: match.index, d: -1 }));
  }
}

async function importStrategy(file: string, url: string): Promise<Strategy> {
  const module = await importModule(file, url);
  const strategy: unknown = module['default'];
  const name = basename(file, '.ts');
  if (!isStrategy(strategy)) {
    throw new StrategyError(`${shownPath(file)} does not export a strategy by default`, {
      hint: `End it with export default defineStrategy({ name: '${name}', … }).`,
    });
  }
  if (strategy.name !== name) {
    throw new StrategyError(`${shownPath(file)} holds a strategy named '${strategy.name}'`, {
      hint: `Call it '${name}', or the file ${strategy.name}.ts.`,
    });
  }
  return strategy;
}

async function importModule(file: string, url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const line = lineOf(cause, file);
    const place = line === undefined ? shownPath(file) : `${shownPath(file)}:${line}`;
    const parts = cause instanceof StrategyError && cause.hint !== undefined ? { hint: cause.hint } : {};
    throw new StrategyError(`${place} cannot be loaded: ${reason}`, { ...parts, cause });
  }
}

/** The first line of the file that a stack, or the head of a syntax error, names. */
function lineOf(error: unknown, file: string): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = error.stack ?? error.message;
  const name = basename(file);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const match = /^(?:\?[^\s:)]*)?:(\d+)/.exec(text.slice(at + name.length));
    if (match !== null) return Number(match[1]);
  }
  return undefined;
}
