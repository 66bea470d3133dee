import { defineStrategy, int, type Market, real } from 'candor';

/**
 * The box of the `length` candles before the one that just closed.
 *
 * This is the trap that Candor exists to avoid. If the box contains the candle that is judged, that candle decides
 * for itself whether the range was narrow and where its edge lies: a fact of its close is used as though it had been
 * known while it traded, at prices that were gone by then. Such backtests look splendid, and nobody can trade them.
 * Here the box is complete before the candle opens.
 */
const boxOf = ({ high, low }: Market, length: number) => {
  const top = high.ago(1).highest(length);
  const bottom = low.ago(1).lowest(length);
  return { top, bottom, height: top.minus(bottom) };
};

export default defineStrategy({
  name: 'narrow-range-breakout',
  thesis: 'continuation',
  summary: 'Close beyond a box of closed candles that is narrow by recent standards.',
  params: {
    length: int({ unit: 'candles', default: 8, sweep: { from: 4, to: 16, step: 4 }, min: 2 }),
    memory: int({ unit: 'candles', default: 96, sweep: { from: 48, to: 144, step: 48 }, min: 2 }),
    // Narrow: among the smallest share of the boxes in memory.
    narrow: real({ default: 0.25, sweep: { from: 0.1, to: 0.4, step: 0.05 }, min: 0, max: 1 }),
  },
  long: (market, { length, memory, narrow }) => {
    const { top, height } = boxOf(market, length);
    return {
      narrow: height.rank(memory).lt(narrow).as('filter'),
      breakout: market.close.gt(top),
    };
  },
  short: (market, { length, memory, narrow }) => {
    const { bottom, height } = boxOf(market, length);
    return {
      narrow: height.rank(memory).lt(narrow).as('filter'),
      breakdown: market.close.lt(bottom),
    };
  },
});
