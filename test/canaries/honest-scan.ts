import { defineStrategy, int, scan } from 'candor';

/** Candles since the close was last above the middle of its candle: custom code that only looks back. */
const sinceStrong = (age: number, candle: { high: number; low: number; close: number }, { most }: { most: number }) => {
  const state = 2 * candle.close > candle.high + candle.low ? 0 : Math.min(age + 1, most);
  return { state, value: state };
};

export default defineStrategy({
  name: 'honest-scan',
  thesis: 'reversal',
  summary: 'Buys after a run of weak closes; proves that a scan can pass.',
  params: { run: int({ unit: 'candles', default: 3, sweep: { from: 2, to: 6, step: 1 } }) },
  long: ({ high, low, close }, { run }) => ({
    weakRun: scan({
      initial: 0,
      inputs: { high, low, close },
      args: { most: run },
      step: sinceStrong,
      settle: run,
    }).gte(run),
  }),
});
