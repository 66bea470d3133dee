import { defineStrategy, int, real } from 'candor';

export default defineStrategy({
  name: 'rsi-reversion',
  thesis: 'reversal',
  summary: 'An extreme RSI and the first candle that turns; out again in the middle.',
  params: {
    // Wilder's smoothing needs about 21 lengths of candles to settle, so long ones eat the data that there is.
    length: int({ unit: 'candles', default: 14, sweep: { from: 6, to: 14, step: 2 }, min: 2 }),
    // Distance from the middle, 50: 20 is oversold below 30 and overbought above 70.
    extreme: real({ default: 20, sweep: { from: 15, to: 30, step: 5 }, min: 0, max: 50 }),
  },
  long: ({ open, close }, { length, extreme }) => ({
    oversold: close
      .rsi(length)
      .ago(1)
      .lt(50 - extreme),
    turnsUp: close.gt(open),
  }),
  short: ({ open, close }, { length, extreme }) => ({
    overbought: close
      .rsi(length)
      .ago(1)
      .gt(50 + extreme),
    turnsDown: close.lt(open),
  }),
  exitLong: ({ close }, { length }) => ({ middle: close.rsi(length).gt(50) }),
  exitShort: ({ close }, { length }) => ({ middle: close.rsi(length).lt(50) }),
});
