import { defineStrategy, int } from 'candor';

/** Passes at both ends of its sweep and reads ahead in the middle: refused when that combination is built. */
export default defineStrategy({
  name: 'ahead-inside',
  thesis: 'continuation',
  summary: 'Looks ahead between the corners.',
  params: { lookback: int({ unit: 'candles', default: 10, sweep: { from: 10, to: 30, step: 10 } }) },
  long: ({ close }, { lookback }) => ({
    bent: close.gt(close.ago((lookback - 20) ** 2 - 50)),
  }),
});
