import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type OracleResult, runOracle } from '../../test/oracle.ts';
import { Undecidable } from '../../test/oracle-prices.ts';
import { countable, fuzzRuns, NO_HURRY, runArbitrary } from '../../test/random-run.ts';
import { cashOf } from '../core/ledger.ts';
import { runReference } from './reference.ts';
import type { RunResult } from './run.ts';

/** All that is exact: everything but the two excursions, which are ratios of prices in doubles. */
function exactPart({ trades, refusals, conflicts, lapses }: OracleResult | RunResult, cashUsd: number): unknown {
  return { trades: trades.map(({ maeR, mfeR, ...exact }) => exact), cashUsd, refusals, conflicts, lapses };
}

function excursions({ trades }: OracleResult | RunResult): number[] {
  return trades.flatMap(({ maeR, mfeR }) => [maeR, mfeR]);
}

function decidable(run: () => OracleResult): OracleResult {
  try {
    return run();
  } catch (error) {
    fc.pre(!(error instanceof Undecidable));
    throw error;
  }
}

test('the engine and a naive oracle in exact arithmetic agree on every trade, to the micro-dollar', NO_HURRY, () => {
  fc.assert(
    fc.property(runArbitrary(), ({ spec, rates }) => {
      const engine = countable(() => runReference(spec));
      const oracle = decidable(() => runOracle(spec, rates));
      expect(exactPart(engine, cashOf(engine.ledger))).toEqual(exactPart(oracle, oracle.cashUsd));
      const expected = excursions(oracle);
      for (const [index, value] of excursions(engine).entries()) {
        const exact = expected[index] as number;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(1e-9 * Math.max(1, exact));
      }
    }),
    { numRuns: fuzzRuns(5_000) },
  );
});
