import { defineStrategy } from 'candor';
import { sharedData } from '../shared-data.ts';

// biome-ignore lint/style/noNonNullAssertion: it is what defeats the lexer
const half = (value: number | undefined) => value! / 2;

/** Reads a file through an import that a lexer of JavaScript does not see, because of the types above. */
export default defineStrategy({
  name: 'peeking-types',
  thesis: 'continuation',
  summary: 'Imports a helper beside code that only TypeScript can read.',
  params: {},
  long: ({ close }) => ({ high: close.gt(half(sharedData('').length)) }),
});
