import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costsArbitrary, fuzzRuns, NO_HURRY, rulesArbitrary, runArbitrary } from '../../../test/random-run.ts';
import { runReference } from '../reference.ts';
import type { RunResult, RunSpec } from '../run.ts';
import { FastEngine } from './engine.ts';
import { runFast } from './result.ts';

/** Absurd funding can exceed what is counted exactly; then both engines say so. */
function outcomeOf(run: () => RunResult): RunResult | string {
  try {
    return run();
  } catch (error) {
    return (error as Error).message;
  }
}

function expectEqual(spec: RunSpec, engine = new FastEngine()): void {
  expect(outcomeOf(() => runFast(spec, engine))).toEqual(outcomeOf(() => runReference(spec)));
}

describe('the fast engine and the reference engine', () => {
  test('agree on every trade, every refusal and every close of the account', NO_HURRY, () => {
    fc.assert(
      fc.property(runArbitrary(), ({ spec }) => {
        expectEqual(spec);
      }),
      { numRuns: fuzzRuns(5_000) },
    );
  });

  test('agree whatever the engine remembers from runs under other rules', NO_HURRY, () => {
    const others = fc.array(fc.record({ rules: rulesArbitrary, costs: costsArbitrary, isNear: fc.boolean() }), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(runArbitrary(2), others, ({ spec }, variants) => {
        const engine = new FastEngine();
        for (const { rules, costs, isNear } of variants) {
          // Near ones differ in stop, target and the clock alone, so that they lean on each other.
          const { stop, target, maxHold } = rules;
          const varied = isNear
            ? { ...spec, rules: { ...spec.rules, stop, target, maxHold } }
            : { ...spec, rules, costs };
          expectEqual(varied, engine);
        }
      }),
      { numRuns: fuzzRuns(2_000) },
    );
  });

  test('agree on the upper bound, where a candle that touched both gave the target', NO_HURRY, () => {
    fc.assert(
      fc.property(runArbitrary(1), ({ spec }) => {
        expectEqual({ ...spec, bothTouched: 'target' });
      }),
      { numRuns: fuzzRuns(1_000) },
    );
  });
});
