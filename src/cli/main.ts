#!/usr/bin/env node
const NODE_NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NODE_NEEDED) {
  process.stderr.write(
    `error: this is Node ${process.versions.node}, and Candor needs ${NODE_NEEDED}\n` +
      "'npm ci' installs the right one beside it: use 'npx candor …' or the npm scripts.\n",
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./program.ts');
  await main(process.argv.slice(2));
}

export {};
