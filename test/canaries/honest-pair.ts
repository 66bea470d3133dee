import { defineStrategy, int } from 'candor';

/** Reads another coin, funding and a slower interval: all of it has to be cut and poisoned at the same instant. */
export default defineStrategy({
  name: 'honest-pair',
  thesis: 'continuation',
  summary: 'Follows another coin while its own funding is cheap.',
  params: { lookback: int({ unit: 'candles', default: 6, sweep: { from: 4, to: 8, step: 2 }, min: 2 }) },
  long: ({ close, funding, every, of }, { lookback }) => ({
    leads: of('ETH').close.gt(of('ETH').high.ago(1).highest(lookback)),
    cheap: funding.lt(0.0001).as('filter'),
    risesSlowly: every('4h').close.gt(every('4h').open).as('filter'),
    lags: close.lt(close.ago(1).highest(lookback)).as('filter'),
  }),
});
