import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runArbitrary } from '../../test/random-run.ts';
import { CandorError } from '../domain/errors.ts';
import type { Trade } from '../domain/trade.ts';
import type { MicroUsd } from '../domain/units.ts';
import { bitsOfFlags } from './fast/bits.ts';
import { FastEngine } from './fast/engine.ts';
import { resultOf } from './fast/result.ts';
import type { FastLeg, FastSpec } from './fast/spec.ts';
import { differenceOfRuns, EngineDifference, flagsOfBits, isEngineDifference, referenceOf, replay } from './replay.ts';
import type { RunResult, RunSpec } from './run.ts';

function fastSpecOf(spec: RunSpec): FastSpec {
  return { ...spec, legs: spec.legs.map(({ signals, ...leg }): FastLeg => ({ ...leg, bits: bitsOfFlags(signals) })) };
}

/** A run of some trades. */
const { spec } = fc
  .sample(runArbitrary(), { numRuns: 300, seed: 1 })
  .find((run) => resultOf(new FastEngine().run(fastSpecOf(run.spec))).trades.length >= 4) as { spec: RunSpec };
const fastSpec = fastSpecOf(spec);
const result = resultOf(new FastEngine().run(fastSpec));

const changed = (at: number, parts: Partial<Trade>): Trade[] =>
  result.trades.map((trade, i) => (i === at ? { ...trade, ...parts } : trade));

describe('a replay', () => {
  test('of what the fast engine said is silent', () => {
    expect(() => replay(fastSpec, result, 'the run')).not.toThrow();
  });

  test('of anything else names the run and the first difference', () => {
    const wrong = { ...result, trades: changed(2, { feesUsd: 1 as MicroUsd }) };
    const feesUsd = (result.trades[2] as Trade).feesUsd;
    const error = (() => {
      try {
        replay(fastSpec, wrong, "draw 7 of the rotation of 'breakout'");
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(EngineDifference);
    expect(error).toMatchObject({
      message: "the fast engine and the reference engine do not agree on draw 7 of the rotation of 'breakout'",
      details: ['trade 3, feesUsd', 'fast engine: 1', `reference engine: ${feesUsd}`],
    });
    expect(isEngineDifference(error)).toBe(true);
    expect(isEngineDifference(new CandorError('something else'))).toBe(false);
  });

  test.each<[string, Partial<RunResult>]>([
    ['trade 1, maeR', { trades: changed(0, { maeR: 0.125 }) }],
    [`trade ${result.trades.length}`, { trades: result.trades.slice(0, -1) }],
    ['the ledger, feesUsd', { ledger: { ...result.ledger, feesUsd: 0 as MicroUsd } }],
    ['the refusals, no-cash', { refusals: { ...result.refusals, 'no-cash': 1_000 } }],
    ['the counts, lapses', { lapses: result.lapses + 1 }],
    ['the account at close 2', { equityUsd: result.equityUsd.with(1, Number.NaN) }],
    [`the account at close ${result.equityUsd.length}`, { equityUsd: result.equityUsd.subarray(0, -1) }],
  ])('finds a fault in %s', (where, fault) => {
    expect(differenceOfRuns({ ...result, ...fault }, result)).toMatchObject({ where });
    expect(differenceOfRuns(result, { ...result, ...fault })).toMatchObject({ where });
  });
});

test('property: bitmaps and flags say the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 15, maxLength: 100 }), (flags) => {
      expect(flagsOfBits(bitsOfFlags(flags), flags.length)).toEqual(flags);
    }),
  );
  expect(referenceOf(fastSpec).legs).toEqual(spec.legs);
});
