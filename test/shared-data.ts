import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const root = fileURLToPath(new URL('../../shared/data/', import.meta.url));
const present = existsSync(root);

if (!present && process.env['CANDOR_REQUIRE_SHARED_DATA'] === '1') {
  throw new Error('CANDOR_REQUIRE_SHARED_DATA=1, but ../shared/data is not there');
}

/** Path of a file of real market data, which lies beside the repository and is never part of it. */
export function sharedData(path: string): string {
  return `${root}${path}`;
}

/**
 * Tests on real data: skipped, and shown as skipped, where the data is absent. The body itself runs all the same, so
 * files are read in its tests and its `beforeAll`.
 */
export const describeWithSharedData = present
  ? describe
  : (name: string, body: () => void) => describe.skip(`${name} (skipped: ../shared/data is absent)`, body);
