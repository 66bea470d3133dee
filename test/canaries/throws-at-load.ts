import { defineStrategy } from 'candor';

const limit = Number.parseFloat('none');
if (Number.isNaN(limit)) throw new Error('no limit was set'); // Line 4

export default defineStrategy({
  name: 'throws-at-load',
  thesis: 'continuation',
  summary: 'Does not get as far as being defined.',
  params: {},
  long: ({ close }) => ({ above: close.gt(limit) }),
});
