import { defineStrategy, int, real } from 'candor';

export default defineStrategy({
  name: 'breakout-volume',
  thesis: 'continuation',
  summary: 'Close beyond the recent range on elevated volume.',
  params: {
    lookback: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 65, step: 5 } }),
    surge: real({ default: 1.5, sweep: { from: 1, to: 2, step: 0.5 }, min: 0 }),
  },
  long: ({ close, high, volume }, { lookback, surge }) => ({
    breakout: close.gt(high.ago(1).highest(lookback)),
    surge: volume.gt(volume.ago(1).mean(lookback).times(surge)).as('filter'),
  }),
  short: ({ close, low, volume }, { lookback, surge }) => ({
    breakdown: close.lt(low.ago(1).lowest(lookback)),
    surge: volume.gt(volume.ago(1).mean(lookback).times(surge)).as('filter'),
  }),
});
