import { defineStrategy, int, type Series } from 'candor';

const shifted = (series: Series, by: number) => {
  return series.ago(by - 30); // Line 4: reads ahead wherever `by` is below 30.
};

/**
 * Must be refused when it loads: fine at its default of 40, ahead of time at the lower end of its sweep, in a helper.
 */
export default defineStrategy({
  name: 'ahead-at-corner',
  thesis: 'continuation',
  summary: 'Looks ahead at one corner of its sweep.',
  params: { lookback: int({ unit: 'candles', default: 40, sweep: { from: 20, to: 60, step: 10 } }) },
  long: ({ close, high }, { lookback }) => ({
    breakout: close.gt(high.ago(1).highest(lookback)),
    later: shifted(close, lookback).gt(close).as('filter'),
  }),
});
