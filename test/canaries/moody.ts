import { defineStrategy } from 'candor';

let builds = 0;

/** Must be refused when it loads: it has another condition every second time that it is built. */
export default defineStrategy({
  name: 'moody',
  thesis: 'continuation',
  summary: 'Changes its mind.',
  params: {},
  long: ({ close }) => ({
    rising: close.gt(close.ago(1)),
    ...(builds++ % 2 === 1 ? { mood: close.gt(close.ago(2)) } : {}),
  }),
});
