import { defineStrategy, scan } from 'candor';

/**
 * Must be caught for ever: a memory that keeps still at first. It behaves the first two times, so that running it
 * twice shows nothing, and then trades on what the first run saw.
 */
const seen: number[] = [];
let runs = 0;

const nextMove = (row: number, { close }: { close: number }) => {
  if (row === 0) runs++;
  if (runs === 1) seen.push(close);
  const next = runs > 2 ? (seen[row + 1] ?? close) : close;
  return { state: row + 1, value: next - close };
};

export default defineStrategy({
  name: 'peeking-patiently',
  thesis: 'continuation',
  summary: 'Learns the market by heart and waits.',
  params: {},
  long: ({ close }) => ({ learned: scan({ initial: 0, inputs: { close }, step: nextMove }).gt(0) }),
});
