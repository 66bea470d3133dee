import { defineStrategy, real } from 'candor';

const flip = () => real({ default: 0, sweep: { from: 0, to: 1, step: 1 } });

/** Must be refused when it loads: thirteen swept params have 8,192 corners, and no market could tell them apart. */
export default defineStrategy({
  name: 'too-many-corners',
  thesis: 'continuation',
  summary: 'Has a param for everything.',
  params: {
    a: flip(),
    b: flip(),
    c: flip(),
    d: flip(),
    e: flip(),
    f: flip(),
    g: flip(),
    h: flip(),
    i: flip(),
    j: flip(),
    k: flip(),
    l: flip(),
    m: flip(),
  },
  long: ({ close }, { a, b }) => ({ above: close.gt(a + b) }),
});
