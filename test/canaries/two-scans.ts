import { defineStrategy, scan } from 'candor';

/**
 * Must be caught for ever: two scans that pass notes. Where many candles are evaluated at once, the first has written
 * down all of them before the second reads; candle by candle, as in live trading, there is nothing to read yet.
 */
const closes: number[] = [];
const AHEAD = 5;

const write = (row: number, { close }: { close: number }) => {
  closes[row] = close;
  return { state: row + 1, value: close };
};

const read = (row: number, { close }: { close: number }) => {
  return { state: row + 1, value: (closes[row + AHEAD] ?? close) / close };
};

export default defineStrategy({
  name: 'two-scans',
  thesis: 'continuation',
  summary: 'Buys what has risen five candles later.',
  params: {},
  long: ({ close }) => ({
    written: scan({ initial: 0, inputs: { close }, step: write }).gt(0),
    risen: scan({ initial: 0, inputs: { close }, step: read }).gt(1.005),
  }),
  short: ({ close }) => ({
    written: scan({ initial: 0, inputs: { close }, step: write }).gt(0),
    fallen: scan({ initial: 0, inputs: { close }, step: read }).lt(0.995),
  }),
});
