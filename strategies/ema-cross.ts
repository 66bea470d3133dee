import { defineStrategy, int } from 'candor';

export default defineStrategy({
  name: 'ema-cross',
  thesis: 'continuation',
  summary: 'A fast average crosses a slow one that moves the same way; out on the opposite cross.',
  params: {
    // An ema needs about 10.4 lengths of candles to settle: 30 candles of 1h are 60 of 30m, and those are 622.
    fast: int({ unit: 'candles', default: 8, sweep: { from: 4, to: 12, step: 4 }, min: 2 }),
    slow: int({ unit: 'candles', default: 24, sweep: { from: 18, to: 30, step: 6 }, min: 3 }),
  },
  long: ({ close }, { fast, slow }) => ({
    crossesUp: close.ema(fast).crossesAbove(close.ema(slow)),
    slowRises: close.ema(slow).change(fast).gt(0).as('filter'),
  }),
  short: ({ close }, { fast, slow }) => ({
    crossesDown: close.ema(fast).crossesBelow(close.ema(slow)),
    slowFalls: close.ema(slow).change(fast).lt(0).as('filter'),
  }),
  exitLong: ({ close }, { fast, slow }) => ({ crossesDown: close.ema(fast).crossesBelow(close.ema(slow)) }),
  exitShort: ({ close }, { fast, slow }) => ({ crossesUp: close.ema(fast).crossesAbove(close.ema(slow)) }),
});
