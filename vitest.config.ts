import { defineConfig } from 'vitest/config';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of all property tests; undefined where each draws its own. */
    readonly propertySeed: number | undefined;
  }
}

/**
 * Properties look somewhere else each time, unless this says where: `.ci/run` takes it from the sources, so that
 * what fails there fails again.
 */
const { CANDOR_PROPERTY_SEED } = process.env;

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'strategies/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/property-seed.ts'],
    provide: { propertySeed: CANDOR_PROPERTY_SEED === undefined ? undefined : Number(CANDOR_PROPERTY_SEED) },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Where a server's CPU has memory protection keys, V8 guards compiled code with them, and processes with several
    // threads have crashed of it (crbug 360909072, nodejs/node#64500). Tests start many threads and need no such guard.
    execArgv: ['--no-memory-protection-keys'],
  },
});
