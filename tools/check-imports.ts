/**
 * Holds the import table (tools/import-table.ts) over the sources: `npm run imports`.
 *
 * A checker that cannot parse finds nothing wrong. So this one first has to find violations of every rule, planted in a
 * tree of their own, and then says how many modules it read; it fails when it missed a file, or an import of one.
 */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { HOMES, homeRule, IMPORT_RULES, MAY_IMPORT, mayImportRule, PURE, pureRule } from './import-table.ts';

const FOLDERS = ['src', 'strategies', 'bench'];
const ROOT = resolve(import.meta.dirname, '..');

interface Planted {
  readonly file: string;
  readonly text: string;
  /** Name of the rule that must be broken here; none for what the violations lead to. */
  readonly breaks?: string;
}

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const { output } = await cruise(
    FOLDERS.filter((folder) => existsSync(join(baseDir, folder))),
    {
      baseDir,
      parser: 'swc',
      validate: true,
      ruleSet: { forbidden: [...IMPORT_RULES] },
      doNotFollow: { path: 'node_modules' },
    },
    { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  );
  if (typeof output === 'string') throw new Error(`dependency-cruiser answered with text: ${output}`);
  return output;
}

/** One violation for every pair of folders that the table keeps apart, and for every other rule. */
function plantedTree(): Planted[] {
  const folders = [...Object.keys(MAY_IMPORT).filter((name) => !name.endsWith('.ts')), 'cli'];
  const targets = folders.map((folder) => ({ file: `src/${folder}/target.ts`, text: 'export type Target = 1;\n' }));
  const pairs = Object.entries(MAY_IMPORT).flatMap(([from, others]) =>
    folders
      .filter((to) => to !== from && to !== 'domain' && !others.includes(to))
      .map((to) => {
        const face = from.endsWith('.ts');
        const file = face ? `src/${from}` : `src/${from}/to-${to}.ts`;
        return { file, text: `import type { Target } from '${face ? '.' : '..'}/${to}/target.ts';\n`, from };
      }),
  );
  const homeless = Object.keys(HOMES).map((name) => ({
    file: `src/journal/${name.replace('/', '-')}.ts`,
    text: `await import('${name}');\n`,
    breaks: homeRule(name),
  }));
  const impure = Object.keys(PURE).map((folder) => ({
    file: `src/${folder}/reads-files.ts`,
    text: "import { readFileSync } from 'node:fs';\n",
    breaks: pureRule(folder),
  }));
  // The face imports several folders: one file.
  const face = pairs.filter(({ from }) => from.endsWith('.ts')).map(({ text }) => text);
  return [
    ...targets,
    ...pairs
      .filter(({ from }) => !from.endsWith('.ts'))
      .map(({ file, text, from }) => ({ file, text, breaks: mayImportRule(from) })),
    { file: 'src/index.ts', text: face.join(''), breaks: mayImportRule('index.ts') },
    ...homeless,
    ...impure,
    {
      file: 'src/strategy/reads-files.ts',
      text: "import 'node:fs';\n",
      breaks: 'strategy/ touches files in its loader alone',
    },
    {
      file: 'strategies/deep.ts',
      text: "import '../src/series/target.ts';\n",
      breaks: "strategies/ import the package's face alone",
    },
    { file: 'src/cli/a.test.ts', text: '' },
    { file: 'src/cli/uses-test.ts', text: "import './a.test.ts';\n", breaks: 'what runs imports no tests' },
    { file: 'src/cli/a.ts', text: "import './b.ts';\n", breaks: 'no circles' },
    { file: 'src/cli/b.ts', text: "import './a.ts';\n" },
    { file: 'src/cli/lost.ts', text: "import './nowhere.ts';\n", breaks: 'every import leads somewhere' },
  ];
}

/** Plants the violations and returns those that were not found. */
async function missedViolations(planted: readonly Planted[]): Promise<Planted[]> {
  const folder = mkdtempSync(join(tmpdir(), 'candor-imports-'));
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const { file, text } of planted) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const { summary } = await cruiseTree(folder);
    const found = new Set(summary.violations.map(({ from, rule }) => `${from} ${rule.name}`));
    return planted.filter(({ file, breaks }) => breaks !== undefined && !found.has(`${file} ${breaks}`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Files that were not read, and files with imports of which none was seen. */
function blindSpots({ modules }: ICruiseResult): string[] {
  const importsOf = new Map(modules.map(({ source, dependencies }) => [source, dependencies.length]));
  return globSync(
    FOLDERS.map((folder) => `${folder}/**/*.ts`),
    { cwd: ROOT },
  ).filter((file) => {
    const imports = importsOf.get(file);
    return imports === undefined || (imports === 0 && /^(import|export) .*from '/m.test(readFileSync(file, 'utf8')));
  });
}

/** Folders of src/ that have no row in the table. */
function foldersWithoutRow(): string[] {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).filter((name) => name !== 'cli' && MAY_IMPORT[name] === undefined);
}

process.chdir(ROOT);
const planted = plantedTree();
const missed = await missedViolations(planted);
const result = await cruiseTree(ROOT);
const problems = [
  ...missed.map(({ file, breaks }) => `a planted violation was not found: ${file} (${breaks})`),
  ...blindSpots(result).map((file) => `${file} was not read`),
  ...foldersWithoutRow().map((folder) => `src/${folder} has no row in tools/import-table.ts`),
  ...result.summary.violations.map(({ from, to, rule }) => `${from} → ${to}: ${rule.name}`),
];
const read = result.modules.filter(({ source }) => source.endsWith('.ts')).length;
const caught = planted.filter(({ breaks }) => breaks !== undefined).length - missed.length;
const report = [...problems, `${read} modules, ${problems.length} problems; ${caught} planted violations were caught`];
process.stdout.write(`${report.join('\n')}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
