import { defineStrategy, scan } from 'candor';

/** Must be refused when it loads: the step is another function each time the strategy is built. */
export default defineStrategy({
  name: 'inline-scan',
  thesis: 'continuation',
  summary: 'Hides its step in a closure.',
  params: {},
  long: ({ close }) => ({
    inline: scan({ initial: 0, inputs: { close }, step: (state: number) => ({ state, value: state }) }).gt(0),
  }),
});
