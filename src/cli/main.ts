import { main } from './program.ts';

/** The program, as bin/candor.js starts it. */
await main(process.argv.slice(2));
