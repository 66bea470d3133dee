import { existsSync, readFileSync } from 'node:fs';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { nearestNames, UsageError } from '../domain/errors.ts';

type Path = readonly PropertyKey[];

/**
 * Reads a YAML file that must fit a schema.
 *
 * @param shownAs how messages name the file
 * @param what it is, for the message: 'config', 'study'
 * @throws UsageError that lists everything wrong with the file, each with its line
 */
export function readYaml<T>(file: string, shownAs: string, what: string, schema: z.ZodType<T>): T {
  if (!existsSync(file)) throw new UsageError(`there is no ${what} ${shownAs}`);
  return parseYaml(readFileSync(file, 'utf8'), shownAs, what, schema);
}

/** As `readYaml`, on the text itself. An empty text is an empty section. */
export function parseYaml<T>(text: string, shownAs: string, what: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const details = document.errors.map((e) => `line ${lines.linePos(e.pos[0]).line}: ${e.message}`);
    throw new UsageError(`${shownAs} is not valid YAML`, { details });
  }
  const result = schema.safeParse(document.toJS() ?? {}, { error: plainMessage });
  if (result.success) return result.data;
  const mistakes = result.error.issues.map((issue) => {
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
    const where = issue.path.length === 0 ? '' : `${showPath(issue.path)}: `;
    return { line: lines.linePos(offsetOf(document, path)).line, text: `${where}${issue.message}` };
  });
  const details = mistakes.sort((a, b) => a.line - b.line).map(({ line, text }) => `line ${line}: ${text}`);
  throw new UsageError(`the ${what} ${shownAs} cannot be used`, { details });
}

/** `cell.stop`, `strategies[2]` */
function showPath(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('');
}

/** Where the key at a path is written; where the path leads to nothing, its nearest ancestor that is there. */
function offsetOf(document: Document, path: Path): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section of keys',
};

/** What zod finds, in plain words; its own message where there are none for it. */
function plainMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = TYPE_NAMES[issue.expected] ?? issue.expected;
      return issue.input === undefined ? `is missing: ${expected}` : `${show(issue.input)} is not ${expected}`;
    }
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (issue.input === undefined) return `is missing: one of ${values.join(', ')}`;
      const nearest = nearestNames(String(issue.input), values, 1)[0];
      const hint = nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
      return `${show(issue.input)} is not one of ${values.join(', ')}${hint}`;
    }
    case 'too_small':
      return issue.origin === 'array' ? 'the list is empty' : undefined;
    default:
      return undefined;
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}
