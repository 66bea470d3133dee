import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { styleBreaches } from './style.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

describe('the style of the tree', () => {
  const files = globSync(['{src,strategies,bench,tools,test}/**/*.ts', '{config,backtests}/*.yaml'], { cwd: root });

  it('is kept by every file', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(files.flatMap((file) => styleBreaches(file, readFileSync(root + file, 'utf8')))).toEqual([]);
  });
});

describe('the style test itself', () => {
  const statements = (count: number): string => '  count += 1;\n'.repeat(count);

  it.each([
    ['src/core/a.ts:1: more than 120 columns', 'src/core/a.ts', `const long = '${'x'.repeat(120)}';`],
    ['src/core/a.ts: 401 lines are more than 400', 'src/core/a.ts', 'x();\n'.repeat(401)],
    ['src/core/index.ts: a barrel', 'src/core/index.ts', ''],
    ['src/core/a.ts:2: a function of 71 lines', 'src/core/a.ts', `// é\nfunction f() {\n${statements(69)}}\n`],
    ['src/core/a.ts:2: a function of 71 lines', 'src/core/a.ts', `class A {\n  get x() {\n${statements(69)}  }\n}\n`],
    ['src/core/a.test.ts:1: a function of 71 lines', 'src/core/a.test.ts', `it('is', () => {\n${statements(69)}});\n`],
    ['src/core/a.ts:3: Date.now is not for here', 'src/core/a.ts', '\n\nconst now = Date.now();'],
    ['src/core/a.ts:1: new Date() is not for here', 'src/core/a.ts', 'const now = new Date();'],
    ['src/core/a.ts:1: Math.random is not for here', 'src/core/a.ts', 'const luck = Math.random();'],
    ['randomUUID is not for here', 'src/market/a.ts', "import { randomUUID } from 'node:crypto';"],
    ['src/core/a.ts:1: px is not for here', 'src/core/a.ts', 'interface Fill { readonly px: number }'],
    ['strategies/a.ts:1: console.log is not for here', 'strategies/a.ts', 'console.log(1);'],
  ])('refuses: %s', (message, file, text) => {
    expect(styleBreaches(file, text).join('\n')).toContain(message);
  });

  it.each([
    ['src/core/a.ts', 'a function of 70 lines', `function f() {\n${statements(68)}}\n`],
    ['src/core/a.test.ts', 'a long chapter', `describe('a', () => {\n${statements(100)}});\n`],
    ['src/domain/clock.ts', 'the clock', 'const now = Date.now();'],
    ['src/core/a.ts', 'a date, and names in comments', 'const day = new Date(0); // never Date.now() or px'],
    ['src/exchange/wire.ts', 'names of the wire', 'interface Fill { readonly px: number; readonly sz: number }'],
    ['src/index.ts', 'the face', "export { x } from './domain/x.ts';"],
  ])('accepts in %s: %s', (file, _, text) => {
    expect(styleBreaches(file, text)).toEqual([]);
  });
});
