import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'strategies/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Where a server's CPU has memory protection keys, V8 guards compiled code with them, and processes with several
    // threads have crashed of it (crbug 360909072, nodejs/node#64500). Tests start many threads and need no such guard.
    execArgv: ['--no-memory-protection-keys'],
  },
});
