import { defineStrategy } from 'candor';

/** Must be caught for ever: it trades often, in both directions, and for no reason. */
export default defineStrategy({
  name: 'no-edge',
  thesis: 'continuation',
  summary: 'Follows a candle of no significance.',
  params: {},
  long: ({ close, open, volume }) => ({ rose: close.gt(open), often: volume.rank(24).gt(0.8).as('filter') }),
  short: ({ close, open, volume }) => ({ fell: close.lt(open), often: volume.rank(24).gt(0.8).as('filter') }),
});
