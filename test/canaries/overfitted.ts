import { defineStrategy, int } from 'candor';

/**
 * Must be caught for ever: honest, and worthless. With three dials of six places there is always a setting that has
 * done well, on any candles that there ever were.
 */
export default defineStrategy({
  name: 'overfitted',
  thesis: 'continuation',
  summary: 'Buys and sells on whatever the past has liked.',
  params: {
    now: int({ default: 3, sweep: { from: 1, to: 6, step: 1 }, min: 1 }),
    skip: int({ default: 3, sweep: { from: 1, to: 6, step: 1 }, min: 1 }),
    back: int({ default: 3, sweep: { from: 1, to: 6, step: 1 }, min: 1 }),
  },
  long: ({ close }, { now, skip, back }) => ({
    risen: close.gt(close.ago(now)),
    hadRisen: close.ago(skip).gt(close.ago(skip + back)),
  }),
  short: ({ close }, { now, skip, back }) => ({
    fallen: close.lt(close.ago(now)),
    hadFallen: close.ago(skip).lt(close.ago(skip + back)),
  }),
});
