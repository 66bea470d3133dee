import { createHash } from 'node:crypto';
import type { SweepWork } from './contract.ts';
import { type Program, thisProgram } from './program.ts';

/**
 * sha256 of all that the columns of a sweep depend on, the code that computes them included: results of two versions
 * of it never mix. Its name is none of it, nor the seed of its sample, nor where the candles came from: they are in it
 * by their fingerprint. That they are as they were first seen is part of it all the same: where nothing was revised the
 * values are the final ones, and the two sweeps are kept apart.
 */
export function identityOf(
  { sweep, costs, strategies, data }: SweepWork,
  { code, node }: Program = thisProgram(),
): string {
  const facts = {
    program: { code, node },
    coins: sweep.coins,
    grids: data.grids.map(({ interval, from, to }) => ({ interval, from, to })),
    fromMs: data.fromMs,
    toMs: data.toMs,
    fingerprint: data.fingerprint,
    ...(data.asSeen && { asSeen: true }),
    instruments: [...data.instruments].sort(([a], [b]) => (a < b ? -1 : 1)),
    strategies: sweep.strategies.map(({ name, params }, i) => [
      name,
      strategies[i]?.fileSha256,
      Object.entries(params),
    ]),
    cells: sweep.grid.map(({ rules }) => rules),
    account: sweep.account,
    depositUsd: sweep.depositUsd,
    costs,
  };
  return sha256(JSON.stringify(facts));
}

/** sha256 of the columns; a metric without a value is one NaN, whatever its bits. */
export function hashOfColumns(columns: Iterable<Float64Array>): string {
  const hash = createHash('sha256');
  for (const column of columns) {
    // + 0 makes −0 the zero that it equals.
    const same = Float64Array.from(column, (value) => (Number.isNaN(value) ? Number.NaN : value + 0));
    hash.update(same);
  }
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
