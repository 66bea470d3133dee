import { defineStrategy, int, type Market, real } from 'candor';

/** How quiet the candles before this one were: their deviation, as a share of the price, among those in memory. */
const quiet = ({ close }: Market, length: number, memory: number, share: number) =>
  close.deviation(length).over(close.mean(length)).ago(1).rank(memory).lt(share);

export default defineStrategy({
  name: 'squeeze-expansion',
  thesis: 'continuation',
  summary: 'Close beyond the Bollinger band out of an unusual calm.',
  params: {
    length: int({ unit: 'candles', default: 20, sweep: { from: 10, to: 30, step: 5 }, min: 2 }),
    memory: int({ unit: 'candles', default: 120, sweep: { from: 60, to: 240, step: 60 }, min: 2 }),
    share: real({ default: 0.25, sweep: { from: 0.1, to: 0.4, step: 0.05 }, min: 0, max: 1 }),
  },
  long: (market, { length, memory, share }) => ({
    squeezed: quiet(market, length, memory, share).as('filter'),
    expandsUp: market.close.gt(market.bollinger(length, 2).upper),
  }),
  short: (market, { length, memory, share }) => ({
    squeezed: quiet(market, length, memory, share).as('filter'),
    expandsDown: market.close.lt(market.bollinger(length, 2).lower),
  }),
});
