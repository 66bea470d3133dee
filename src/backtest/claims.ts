import { directionOf, type Side } from '../domain/trade.ts';
import type { ClaimResult } from './outcome.ts';
import type { StrategyBench } from './strategy-bench.ts';

/** Without a time exit, what happened after a condition is measured over this many candles. */
const DEFAULT_HORIZON = 24;

/**
 * What each condition of the entries says it bets on, against what followed when it fired, alone: the mean return from
 * the next open over the horizon, in the direction of its side, less the mean over all candles (so that a rising
 * market is no merit).
 */
export function measureClaims(bench: StrategyBench): ClaimResult[] {
  const horizonCandles = bench.study.cell.maxHold ?? DEFAULT_HORIZON;
  const returns = bench.study.coins.map((coin) => forwardReturns(bench, coin, horizonCandles));
  return (['long', 'short'] as const).flatMap((side) =>
    (bench.built.sides[side] ?? []).map(({ name, condition, bet }) => {
      const bits = bench.study.coins.map((_, leg) => bench.bitsOf(leg, condition));
      return { side, condition: name, bet, horizonCandles, ...excessOf(side, bits, returns) };
    }),
  );
}

/**
 * Return from the open after each row to the open `horizon` candles later; NaN where either is missing or beyond the
 * span.
 */
function forwardReturns(bench: StrategyBench, coin: string, horizon: number): Float64Array {
  const { from, to } = bench.room.grid(bench.study.interval);
  const { open } = bench.room.candles(bench.study.interval, coin);
  const returns = new Float64Array(to).fill(Number.NaN);
  for (let row = from; row + 1 + horizon < to; row++) {
    returns[row] = (open[row + 1 + horizon] as number) / (open[row + 1] as number) - 1;
  }
  return returns;
}

function excessOf(
  side: Side,
  bits: readonly Uint32Array[],
  returns: readonly Float64Array[],
): Pick<ClaimResult, 'fires' | 'excessReturn'> {
  let fires = 0;
  let sumFired = 0;
  let rows = 0;
  let sumAll = 0;
  for (const [leg, column] of returns.entries()) {
    const fired = bits[leg] as Uint32Array;
    for (let row = 0; row < column.length; row++) {
      const value = column[row] as number;
      if (Number.isNaN(value)) continue;
      rows++;
      sumAll += value;
      if ((((fired[row >>> 5] as number) >>> (row & 31)) & 1) === 1) {
        fires++;
        sumFired += value;
      }
    }
  }
  return { fires, excessReturn: directionOf(side) * (sumFired / fires - sumAll / rows) };
}
