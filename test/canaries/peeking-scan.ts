import { defineStrategy, scan } from 'candor';

/**
 * Must be caught for ever: code that remembers. The first evaluation fills `seen`; every later one in the same
 * process (a sweep, a control, a study that ran the strategy before) finds in it the candle that comes next.
 */
const seen: number[] = [];

const nextMove = (row: number, { close }: { close: number }) => {
  seen[row] = close;
  const next = seen[row + 1] ?? close;
  return { state: row + 1, value: next - close };
};

export default defineStrategy({
  name: 'peeking-scan',
  thesis: 'continuation',
  summary: 'Buys what is about to rise.',
  params: {},
  long: ({ close }) => ({ foresight: scan({ initial: 0, inputs: { close }, step: nextMove }).gt(0) }),
});
