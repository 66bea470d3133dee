import { parseSync } from '@swc/core';

const MAX_LINES = 400;
const MAX_COLUMNS = 120;
const MAX_FUNCTION_LINES = 70;

/** Names that may be used only here. `.ts` ends a single file; tests may use what they test against. */
const HOMES: readonly { readonly names: RegExp; readonly files: RegExp; readonly instead: string }[] = [
  { names: /^Date\.now$|^new Date\(\)$/, files: /^src\/domain\/clock\.ts$/, instead: 'take a Clock' },
  {
    names: /^(Math\.random|crypto\.(random\w+|getRandomValues)|randomUUID|randomBytes|randomInt|getRandomValues)$/,
    files: /^src\/domain\/prng\.ts$/,
    instead: 'take a Prng',
  },
  {
    names: /^(px|sz|cloid)$/,
    files: /^src\/(exchange|simulator)\//,
    instead: "say price, size, client order id; the wire's names stay at the wire",
  },
  { names: /^console\.\w+$/, files: /^$/, instead: "print through the command line's Output, log through the Logger" },
];

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
  'GetterProperty',
  'SetterProperty',
]);

/** A node of swc's tree, as far as it matters here. Spans count bytes of UTF-8 from 1. */
interface SyntaxNode {
  readonly type: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}

/**
 * What a source file does against the project's style, each with its line. What Biome and the compiler see is left to
 * them.
 *
 * @param file path from the project's folder, with forward slashes
 */
export function styleBreaches(file: string, text: string): string[] {
  const lines = text.split('\n');
  const breaches = lines.flatMap((line, i) =>
    [...line].length > MAX_COLUMNS ? [`${file}:${i + 1}: more than ${MAX_COLUMNS} columns`] : [],
  );
  if (lines.length - 1 > MAX_LINES) breaches.push(`${file}: ${lines.length - 1} lines are more than ${MAX_LINES}`);
  if (/^src\/.+\/index\.ts$/.test(file)) breaches.push(`${file}: a barrel; import the file that has the name`);
  if (file.endsWith('.ts')) breaches.push(...codeBreaches(file, text));
  return breaches;
}

function codeBreaches(file: string, text: string): string[] {
  const bytes = Buffer.from(text);
  const lineOf = (offset: number): number =>
    bytes
      .subarray(0, offset - 1)
      .toString()
      .split('\n').length;
  const breaches: string[] = [];
  const chapters = new Set<unknown>();
  walk(parseSync(text, { syntax: 'typescript', target: 'es2024' }) as unknown as SyntaxNode, (node) => {
    const { start, end } = node.span ?? { start: 1, end: 1 };
    for (const chapter of chaptersOf(node)) chapters.add(chapter);
    if (FUNCTIONS.has(node.type) && !chapters.has(node)) {
      const length = lineOf(end) - lineOf(start) + 1;
      if (length > MAX_FUNCTION_LINES) {
        breaches.push(`${file}:${lineOf(start)}: a function of ${length} lines; ${MAX_FUNCTION_LINES} fit on a screen`);
      }
    }
    const name = nameOf(node);
    for (const home of HOMES) {
      if (name !== undefined && home.names.test(name) && !home.files.test(file) && !isTest(file)) {
        breaches.push(`${file}:${lineOf(start)}: ${name} is not for here: ${home.instead}`);
      }
    }
  });
  return breaches;
}

/** Tests, tools and benchmarks measure and compare; the rules on names are for what runs. */
function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || !/^(src|strategies)\//.test(file);
}

function walk(value: unknown, visit: (node: SyntaxNode) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && typeof value.type === 'string') visit(value as SyntaxNode);
  for (const child of Object.values(value)) walk(child, visit);
}

/** The name that a node uses: `now`, `Date.now`, `new Date()`. */
function nameOf(node: SyntaxNode): string | undefined {
  const part = (child: unknown): string | undefined =>
    typeof child === 'object' && child !== null && 'value' in child ? String(child.value) : undefined;
  switch (node.type) {
    case 'Identifier':
      return part(node);
    case 'MemberExpression':
      return `${part(node['object'])}.${part(node['property'])}`;
    case 'NewExpression':
      return Array.isArray(node['arguments']) && node['arguments'].length > 0
        ? undefined
        : `new ${part(node['callee'])}()`;
    default:
      return undefined;
  }
}

/** The bodies that `describe` groups: chapters of a test, which may be longer than a screen. */
function chaptersOf(node: SyntaxNode): unknown[] {
  const called = node.type === 'CallExpression' ? nameOf(node['callee'] as SyntaxNode) : undefined;
  if (called?.startsWith('describe') !== true) return [];
  return (node['arguments'] as { readonly expression: unknown }[]).map(({ expression }) => expression);
}
