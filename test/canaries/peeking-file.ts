import { readFileSync } from 'node:fs';
import { defineStrategy, scan } from 'candor';

/** Must be refused when it loads: it brings its own prices, and no experiment on candles could tell. */
const prices = readFileSync(new URL(import.meta.url), 'utf8')
  .split(/\D+/)
  .map(Number);

const nextMove = (row: number, { close }: { close: number }) => ({
  state: row + 1,
  value: (prices[row + 1] ?? close) - close,
});

export default defineStrategy({
  name: 'peeking-file',
  thesis: 'continuation',
  summary: 'Has read the future in a file.',
  params: {},
  long: ({ close }) => ({ foresight: scan({ initial: 0, inputs: { close }, step: nextMove }).gt(0) }),
});
