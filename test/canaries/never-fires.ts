import { defineStrategy } from 'candor';

/** A contradiction: it loads, and never says anything. */
export default defineStrategy({
  name: 'never-fires',
  thesis: 'continuation',
  summary: 'Waits for what cannot happen.',
  params: {},
  long: ({ close }) => ({ up: close.gt(close.ago(1)), down: close.lt(close.ago(1)) }),
});
