import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { runReference } from '../backtest/reference.ts';
import { openTimeAt } from '../domain/candle.ts';
import { LONG, SHORT } from '../domain/signal.ts';
import { intervalMs } from '../domain/time.ts';
import { fromUsd } from '../domain/units.ts';
import { type Chunk, SWEEP_METRICS } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { referenceMetrics } from './reference-metrics.ts';

const { work, plan } = await sweepWork(sweepOf());
const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
const whole = evaluator.evaluate({ first: 0, count: plan.count });

/** Pieces of the sweep in an order that nobody chose. */
const pieces = fc
  .uniqueArray(fc.integer({ min: 1, max: plan.count - 1 }), { maxLength: 12 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), plan.count])
  .map((bounds) =>
    bounds.slice(1).map((end, i): Chunk => ({ first: bounds[i] as number, count: end - (bounds[i] as number) })),
  )
  .chain((chunks) => fc.shuffledSubarray(chunks, { minLength: chunks.length }));

function joined(chunks: readonly Chunk[], evaluate: (chunk: Chunk) => Float64Array): Float64Array {
  const result = new Float64Array(whole.length);
  for (const chunk of chunks) result.set(evaluate(chunk), chunk.first * SWEEP_METRICS.length);
  return result;
}

const bytesOf = (values: Float64Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe('evaluating a sweep', () => {
  it('gives the same bits in whatever pieces and order it is done', () => {
    fc.assert(
      fc.property(pieces, (chunks) => {
        const result = joined(chunks, (chunk) => evaluator.evaluate(chunk));
        expect(bytesOf(result).equals(bytesOf(whole))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same bits in the chunks of the plan, to an evaluator that knows nothing yet', async () => {
    const chunks = plan.chunks(() => 1_000_000);
    expect(chunks.length).toBeGreaterThan(plan.blocks.length - 1);
    const fresh = await ChunkEvaluator.open(work, STRATEGIES);
    expect(bytesOf(joined(chunks, (chunk) => fresh.evaluate(chunk))).equals(bytesOf(whole))).toBe(true);
  });

  it.each(['each-coin', 'shared'] as const)('is what the reference engine finds (%s)', async (account) => {
    const shared = await sweepWork(sweepOf({ account }));
    const one = await ChunkEvaluator.open(shared.work, STRATEGIES);
    const found = one.evaluate({ first: 0, count: shared.plan.count });
    let trades = 0;
    for (let index = 0; index < shared.plan.count; index++) {
      const spec = one.referenceSpec(index);
      const { interval } = shared.plan.combinationAt(index).block;
      const signals = spec.legs.reduce(
        (sum, leg) => sum + leg.signals.filter((flags) => (flags & (LONG | SHORT)) !== 0).length,
        0,
      );
      const run = runReference(spec);
      const expected = referenceMetrics(run, signals, {
        depositUsd: spec.depositUsd,
        firstOpenMs: openTimeAt((spec.legs[0] as (typeof spec.legs)[0]).candles, spec.from),
        intervalMs: intervalMs(interval),
        legs: spec.legs.length,
      });
      trades += run.trades.length;
      const row = found.subarray(index * SWEEP_METRICS.length, (index + 1) * SWEEP_METRICS.length);
      expect([...row]).toEqual(SWEEP_METRICS.map((metric) => expected[metric]));
    }
    expect(trades).toBeGreaterThan(100);
  });

  it('names the combination whose money outgrows what is counted', async () => {
    const sizing = 'allEquity';
    const grid = work.sweep.grid.map(({ at, rules }) => ({ at, rules: { ...rules, sizing, leverage: 20 } as const }));
    const rich = { ...work, sweep: { ...work.sweep, grid, depositUsd: fromUsd(1_000_000_000) } };
    const open = await ChunkEvaluator.open(rich, STRATEGIES);
    expect(() => open.evaluate({ first: 0, count: plan.count })).toThrow(
      /^combination \d+ cannot be counted: \d+ is not/,
    );
  });

  it('refuses a strategy whose file is another one', async () => {
    const [first, ...others] = work.strategies;
    const strategies = [{ name: first?.name ?? '', fileSha256: '0'.repeat(64) }, ...others];
    await expect(ChunkEvaluator.open({ ...work, strategies }, STRATEGIES)).rejects.toThrow(
      'strategies/breakout-volume.ts is not the file that this run began with',
    );
  });
});
