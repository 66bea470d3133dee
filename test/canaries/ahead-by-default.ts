import { defineStrategy } from 'candor';

/** Must be refused when it loads. */
export default defineStrategy({
  name: 'ahead-by-default',
  thesis: 'continuation',
  summary: 'Asks for tomorrow.',
  params: {},
  long: ({ close }) => ({ rising: close.gt(close.ago(1)) }),
  exitLong: ({ close }) => ({
    top: close.gt(close.ago(-1)), // Line 11
  }),
});
