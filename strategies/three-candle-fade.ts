import { defineStrategy, int, type Market, real } from 'candor';

// The signal of three-candle-momentum, to the letter, and the opposite bet: at most one of the two can be right, and
// after costs it may well be neither.
const threeUp = ({ close }: Market, step: number) =>
  close.gt(close.ago(step)).and(close.ago(step).gt(close.ago(2 * step)), close.ago(2 * step).gt(close.ago(3 * step)));

const threeDown = ({ close }: Market, step: number) =>
  close.lt(close.ago(step)).and(close.ago(step).lt(close.ago(2 * step)), close.ago(2 * step).lt(close.ago(3 * step)));

/** The way of all three together, measured against what the same time usually brings. */
const large = ({ close }: Market, step: number, memory: number, size: number) => {
  const move = close.change(3 * step).abs();
  return move.gt(move.ago(1).mean(memory).times(size));
};

export default defineStrategy({
  name: 'three-candle-fade',
  thesis: 'reversal',
  summary: 'Three closes in one direction that went further than usual: go against them.',
  params: {
    step: int({ unit: 'candles', default: 1, sweep: { from: 1, to: 4, step: 1 } }),
    memory: int({ unit: 'candles', default: 72, sweep: { from: 24, to: 120, step: 24 }, min: 2 }),
    size: real({ default: 1.5, sweep: { from: 1, to: 3, step: 0.5 }, min: 0 }),
  },
  long: (market, { step, memory, size }) => ({
    threeDown: threeDown(market, step),
    large: large(market, step, memory, size).as('filter'),
  }),
  short: (market, { step, memory, size }) => ({
    threeUp: threeUp(market, step),
    large: large(market, step, memory, size).as('filter'),
  }),
});
