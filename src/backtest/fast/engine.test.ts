import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costsArbitrary, fuzzRuns, NO_HURRY, rulesArbitrary, runArbitrary } from '../../../test/random-run.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../../domain/signal.ts';
import { runReference } from '../reference.ts';
import type { Leg, RunSpec } from '../run.ts';
import type { ActiveRun } from './active-run.ts';
import { bitsOfFlags } from './bits.ts';
import { FastEngine } from './engine.ts';
import { resultOf, runFast } from './result.ts';
import { TradeTable } from './trade-table.ts';

/** Absurd funding can exceed what is counted exactly; then both engines say so. */
function outcomeOf<Result>(run: () => Result): Result | string {
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
      fc.property(runArbitrary(2), others, fc.boolean(), ({ spec }, variants, isForgetful) => {
        const engine = isForgetful ? new FastEngine(5_000) : new FastEngine();
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

  test('agree on two strategies that trade the same candles from one account', NO_HURRY, () => {
    const twin = fc.array(fc.constantFrom(0, 0, 0, LONG, SHORT, EXIT_LONG, EXIT_SHORT), {
      minLength: 60,
      maxLength: 60,
    });
    fc.assert(
      fc.property(runArbitrary(2), twin, ({ spec }, said) => {
        const [leg] = spec.legs as [Leg];
        const signals = Uint8Array.from(leg.signals, (_, row) => said[row % said.length] as number);
        expectEqual({ ...spec, legs: [...spec.legs, { ...leg, signals }] });
      }),
      { numRuns: fuzzRuns(1_000) },
    );
  });

  test('agree on stretches of the same candles, one engine after the other', NO_HURRY, () => {
    const stretches = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 })), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(runArbitrary(2), stretches, ({ spec }, ends) => {
        const engine = new FastEngine();
        const rows = spec.legs[0]?.candles.length ?? 0;
        for (const pair of ends) {
          const [from, to] = pair.map((end) => Math.min(end, rows)).sort((a, b) => a - b) as [number, number];
          expectEqual({ ...spec, from, to }, engine);
        }
      }),
      { numRuns: fuzzRuns(1_000) },
    );
  });

  test('agree when runs are carried on a few rows at a time, in turn', NO_HURRY, () => {
    const stops = fc.array(fc.nat({ max: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(runArbitrary(2), rulesArbitrary, stops, ({ spec }, otherRules, rows) => {
        const engine = new FastEngine();
        const specs = [spec, { ...spec, rules: otherRules }, spec];
        const runs = specs.map(({ legs, ...terms }) => {
          const fastLegs = legs.map(({ signals, ...leg }) => ({ ...leg, bits: bitsOfFlags(signals) }));
          return engine.open({ ...terms, legs: fastLegs }, new TradeTable());
        });
        // What one of them says for good, it says whatever the others do.
        const said = new Map<ActiveRun, string>();
        for (const until of [...rows.sort((a, b) => a - b), Number.POSITIVE_INFINITY]) {
          for (const run of runs.filter((one) => !said.has(one))) {
            const error = outcomeOf(() => run.advance(until));
            if (error !== undefined) said.set(run, error);
          }
        }
        for (const [i, run] of runs.entries()) {
          const outcome = said.get(run) ?? outcomeOf(() => resultOf(run.outcome()));
          expect(outcome).toEqual(outcomeOf(() => runReference(specs[i] as RunSpec)));
        }
      }),
      { numRuns: fuzzRuns(1_000) },
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
