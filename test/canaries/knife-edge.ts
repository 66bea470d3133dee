import { defineStrategy, real } from 'candor';

/** Honest: an average that needs to settle, against a level that a test puts exactly where it lies. */
export default defineStrategy({
  name: 'knife-edge',
  thesis: 'continuation',
  summary: 'Compares an average with a level.',
  params: { level: real({ default: 100 }) },
  long: ({ close }, { level }) => ({ above: close.ema(5).gt(level) }),
});
