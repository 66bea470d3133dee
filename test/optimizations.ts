import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadOptimization } from '../src/config/optimize-file.ts';
import type { Optimization } from '../src/domain/optimizer.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The file that 'candor optimize' reads where none is named, with shorter windows. */
export function smallOptimization(parts: Partial<Optimization> = {}): Optimization {
  const file = loadOptimization(join(ROOT, 'backtests/optimize/monthly.yaml'), {
    root: ROOT,
    workingDirectory: ROOT,
    seed: 1,
  });
  return {
    ...file,
    windows: { trainDays: 14, testDays: 7, folds: 2 },
    controls: { draws: 100, seed: 1 },
    ...parts,
  };
}
