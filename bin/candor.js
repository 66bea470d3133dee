#!/usr/bin/env node
// Not TypeScript: a Node that is too old for the program must be able to say so, and where this file needed its types
// stripped, the WebAssembly that does it would be loaded at every start.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NODE_NEEDED) {
  process.stderr.write(
    `error: this is Node ${process.versions.node}, and Candor needs ${NODE_NEEDED}\n` +
      "'npm ci' installs the right one beside it: use 'npx candor …' or the npm scripts.\n",
  );
  process.exitCode = 1;
} else {
  // What was stripped and compiled once is read from then on: a start in half the time, and 25 MB less to live with.
  // The folder is this clone's own: Node's is in the folder for temporary files, where others could have filled it.
  // Where nothing can be written, nothing is kept.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/candor', import.meta.url)));
  await import('../src/cli/main.ts');
}
