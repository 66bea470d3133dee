import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import type { Sweep } from '../domain/sweep.ts';
import { loadStrategy } from '../strategy/load.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { requireNoLookAhead } from './look-ahead.ts';

const CANARIES = fileURLToPath(new URL('../../test/canaries/', import.meta.url));

/** What is said when all combinations of a sweep of one strategy are looked at; how many had to be replayed. */
async function lookAt(name: string, directory: string, parts: Partial<Sweep> = {}): Promise<number> {
  const { work, plan } = await sweepWork(sweepOf({ strategies: [{ name, params: {} }], ...parts }), directory);
  const evaluator = await ChunkEvaluator.open(work, directory);
  const loaded = await loadStrategy(name, directory);
  let replayed = 0;
  const all = Array.from({ length: plan.count }, (_, index) => index);
  const { signal } = new AbortController();
  await requireNoLookAhead(evaluator, [loaded], all, { onProgress: () => replayed++, signal });
  return replayed;
}

describe('the best of a sweep', () => {
  it('is refused when a strategy knew the future', async () => {
    await expect(lookAt('two-scans', CANARIES)).rejects.toMatchObject({
      name: 'LookAheadError',
      message: expect.stringMatching(/^it looks ahead: /),
      details: [expect.stringMatching(/^two-scans on (BTC|ETH) \dh$/)],
    });
  });

  it('passes when its code is honest: once for each coin, interval and set of params', async () => {
    const strategies = [{ name: 'honest-scan', params: { run: [3, 4] } }];
    expect(await lookAt('honest-scan', CANARIES, { strategies })).toBe(8);
  });

  it('passes without a replay when it is made of expressions alone', async () => {
    expect(await lookAt('ema-cross', STRATEGIES)).toBe(0);
  });

  it('is replayed on one shared account as one', async () => {
    const strategies = [{ name: 'honest-scan', params: { run: [3] } }];
    expect(await lookAt('honest-scan', CANARIES, { strategies, account: 'shared', intervals: ['1h'] })).toBe(1);
  });
});
