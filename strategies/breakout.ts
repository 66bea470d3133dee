import { defineStrategy, int, real } from 'candor';

export default defineStrategy({
  name: 'breakout',
  thesis: 'continuation',
  summary: 'Close beyond the recent range, near the end of its own candle.',
  params: {
    lookback: int({ unit: 'candles', default: 24, sweep: { from: 12, to: 72, step: 12 }, min: 2 }),
    // The place of the close within its candle: 0.5 is the middle, 1 the extreme.
    strength: real({ default: 0.7, sweep: { from: 0.5, to: 0.9, step: 0.1 }, min: 0, max: 1 }),
  },
  // ago(1): the range ends before the candle that breaks it. No close can be above the high of its own candle.
  long: ({ high, low, close }, { lookback, strength }) => ({
    breakout: close.gt(high.ago(1).highest(lookback)),
    strongClose: close.minus(low).gt(high.minus(low).times(strength)).as('filter'),
  }),
  short: ({ high, low, close }, { lookback, strength }) => ({
    breakdown: close.lt(low.ago(1).lowest(lookback)),
    weakClose: high.minus(close).gt(high.minus(low).times(strength)).as('filter'),
  }),
});
