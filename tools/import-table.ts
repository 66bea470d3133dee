import type { IRegularForbiddenRuleType } from 'dependency-cruiser';

/**
 * Who may import whom inside src/; every folder may import itself and `domain`, and nobody may import `cli`.
 * `index.ts` is the package's face: what a strategy sees of Candor.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  series: [],
  strategy: ['series'],
  core: ['strategy'],
  exchange: [],
  market: ['exchange'],
  simulator: ['exchange', 'core', 'market'],
  backtest: ['core', 'series', 'strategy', 'market'],
  evidence: ['backtest', 'market'],
  optimize: ['evidence', 'backtest', 'strategy', 'market'],
  journal: ['market'],
  live: ['core', 'series', 'strategy', 'market', 'exchange', 'simulator', 'journal'],
  report: ['backtest', 'evidence', 'optimize', 'journal'],
  dashboard: ['report', 'journal', 'market', 'live'],
  config: ['core', 'strategy'],
  'index.ts': ['series', 'strategy'],
  'research.ts': ['market', 'backtest', 'evidence', 'optimize', 'report', 'config'],
};

/** The only folders that may use a package; packages that are not listed are free, but for the pure folders. */
export const HOMES: Readonly<Record<string, readonly string[]>> = {
  '@nktkas/hyperliquid': ['exchange', 'simulator'],
  'better-sqlite3': ['market', 'evidence'],
  bullmq: ['optimize'],
  'cli-progress': ['cli'],
  'cli-table3': ['cli'],
  commander: ['cli'],
  'danfojs-node': ['research.ts'],
  hyparquet: ['market'],
  'hyparquet-compressors': ['market'],
  'hyparquet-writer': ['market'],
  ioredis: ['optimize'],
  pino: ['config'],
  'pino-pretty': ['config'],
  ws: ['simulator'],
  yaml: ['config'],
  zod: ['config', 'evidence', 'exchange', 'report'],
};

/**
 * Folders that know no files, network, processes or time, with the modules from outside that they use all the same:
 * pure arithmetic, `module` (to require a CommonJS package) and `v8` (to clone plain data).
 */
export const PURE: Readonly<Record<string, readonly string[]>> = {
  domain: ['fastest-levenshtein'],
  series: ['technicalindicators', 'module', 'v8'],
  core: [],
};

const TEST_FILE = '\\.test\\.ts$';

/** The tables as rules of dependency-cruiser. Tests are free to import: an oracle may know better. */
export const IMPORT_RULES: readonly IRegularForbiddenRuleType[] = [
  ...Object.entries(MAY_IMPORT).map(([folder, others]) =>
    rule(
      mayImportRule(folder),
      { path: within(folder), pathNot: TEST_FILE },
      { path: '^src/', pathNot: [folder, 'domain', ...others].map(within) },
    ),
  ),
  ...Object.entries(HOMES).map(([name, folders]) =>
    rule(homeRule(name), { path: '^src/', pathNot: [...folders.map(within), TEST_FILE] }, { path: outside(name) }),
  ),
  ...Object.entries(PURE).map(([folder, modules]) =>
    rule(
      pureRule(folder),
      { path: within(folder), pathNot: TEST_FILE },
      { pathNot: ['^src/', ...modules.map(outside)] },
    ),
  ),
  rule(
    'strategy/ touches files in its loader alone',
    { path: within('strategy'), pathNot: ['^src/strategy/load', TEST_FILE] },
    { dependencyTypes: ['core'], pathNot: '^(path|url)$' },
  ),
  rule(
    "strategies/ import the package's face alone",
    { path: '^strategies/', pathNot: TEST_FILE },
    { pathNot: '^src/index\\.ts$' },
  ),
  rule(
    'what runs imports no tests',
    { path: '^(src|strategies)/', pathNot: TEST_FILE },
    { path: [TEST_FILE, '^test/'] },
  ),
  rule('no circles', {}, { circular: true }),
  rule('every import leads somewhere', {}, { couldNotResolve: true }),
];

export function mayImportRule(folder: string): string {
  return `${folder} imports only ${['domain', ...(MAY_IMPORT[folder] ?? [])].join(', ')}`;
}

export function homeRule(name: string): string {
  return `${name} is at home in ${(HOMES[name] ?? []).join(', ')} alone`;
}

export function pureRule(folder: string): string {
  return `${folder} is pure`;
}

function rule(
  name: string,
  from: IRegularForbiddenRuleType['from'],
  to: IRegularForbiddenRuleType['to'],
): IRegularForbiddenRuleType {
  return { name, severity: 'error', from, to };
}

/** A folder of src/, or a file in it. */
function within(name: string): string {
  return name.endsWith('.ts') ? `^src/${escaped(name)}$` : `^src/${name}/`;
}

/** A package, wherever it is installed, or a module of Node. */
function outside(name: string): string {
  return `(^|/)node_modules/${escaped(name)}/|^${escaped(name)}$`;
}

function escaped(name: string): string {
  return name.replaceAll('.', '\\.');
}
