import { defineStrategy } from 'candor';

/** Must be refused when it loads: a study that names one would get the other. */
export default defineStrategy({
  name: 'something-else',
  thesis: 'continuation',
  summary: 'Is not called like its file.',
  params: {},
  long: ({ close }) => ({ rising: close.gt(close.ago(1)) }),
});
