import { defineStrategy } from 'candor';

/** Must be refused when it loads: one side bets on more of the same, the other on the way back. */
export default defineStrategy({
  name: 'mixed-bets',
  thesis: 'continuation',
  summary: 'Wants both.',
  params: {},
  long: ({ close, high }) => ({
    breakout: close.gt(high.ago(1).highest(20)),
    oversold: close.rsi(7).lt(30).as('reversal'),
  }),
});
