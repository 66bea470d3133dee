import { defineStrategy, scan } from 'candor';

const breaks = (row: number, _: { close: number }) => {
  if (row === 100) throw new Error('out of luck'); // Line 4
  return { state: row + 1, value: 0 };
};

/** Loads, and fails on the hundred and first candle. */
export default defineStrategy({
  name: 'throws-midway',
  thesis: 'continuation',
  summary: 'Breaks in the middle of a run.',
  params: {},
  long: ({ close }) => ({ broken: scan({ initial: 0, inputs: { close }, step: breaks }).gt(0) }),
});
