import { defineStrategy, int, real } from 'candor';

export default defineStrategy({
  name: 'bollinger-reversion',
  thesis: 'reversal',
  summary: 'Back inside the Bollinger band after a close outside; out again at its middle.',
  params: {
    length: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 50, step: 10 }, min: 2 }),
    width: real({ default: 2, sweep: { from: 1.5, to: 3, step: 0.5 }, min: 0 }),
  },
  long: ({ close, bollinger }, { length, width }) => {
    const { lower, middle } = bollinger(length, width);
    return {
      backInside: close.crossesAbove(lower),
      // A candle that has already returned to the middle leaves nothing to earn.
      roomAbove: close.lt(middle).as('filter'),
    };
  },
  short: ({ close, bollinger }, { length, width }) => {
    const { upper, middle } = bollinger(length, width);
    return {
      backInside: close.crossesBelow(upper),
      roomBelow: close.gt(middle).as('filter'),
    };
  },
  exitLong: ({ close, bollinger }, { length, width }) => ({ middle: close.gt(bollinger(length, width).middle) }),
  exitShort: ({ close, bollinger }, { length, width }) => ({ middle: close.lt(bollinger(length, width).middle) }),
});
