import { defineStrategy, scan } from 'candor';

/**
 * Must be pointed out for ever: code that recognises candles by their exact prices, as one would with a table of what
 * came after each. Nothing that happens to the future or to the start of the data changes what it says.
 */
const recognise = (_: number, { close }: { close: number }) => ({ state: 0, value: Math.round(close * 1e4) % 2 });

export default defineStrategy({
  name: 'prices-by-heart',
  thesis: 'continuation',
  summary: 'Remembers every price.',
  params: {},
  long: ({ close }) => ({ recognised: scan({ initial: 0, inputs: { close }, step: recognise }).gt(0) }),
});
