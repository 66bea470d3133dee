import { defineStrategy, int } from 'candor';

export default defineStrategy({
  name: 'dip-in-uptrend',
  thesis: 'reversal',
  summary: 'A new short-term low inside a long-term rise, or a new high inside a fall.',
  params: {
    trend: int({ unit: 'candles', default: 96, sweep: { from: 48, to: 192, step: 48 }, min: 2 }),
    dip: int({ unit: 'candles', default: 6, sweep: { from: 3, to: 12, step: 3 } }),
  },
  // The trend is that of the long average, which a dip of a few candles hardly bends.
  long: ({ low, close }, { trend, dip }) => ({
    uptrend: close.mean(trend).change(dip).gt(0).as('filter'),
    dip: close.lt(low.ago(1).lowest(dip)),
  }),
  short: ({ high, close }, { trend, dip }) => ({
    downtrend: close.mean(trend).change(dip).lt(0).as('filter'),
    rally: close.gt(high.ago(1).highest(dip)),
  }),
});
