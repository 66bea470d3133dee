import { defineStrategy, scan } from 'candor';

/**
 * Must be caught for ever: code that carries data of its own and counts its way through it. Here it is a table of two
 * numbers; a table of prices would be the future. Its signals depend on where the data began.
 */
const TABLE = [1, -1];

const lookUp = (row: number, _: { close: number }) => ({ state: row + 1, value: TABLE[row % TABLE.length] as number });

export default defineStrategy({
  name: 'counting-scan',
  thesis: 'continuation',
  summary: 'Trades by the number of the candle.',
  params: {},
  long: ({ close }) => ({ table: scan({ initial: 0, inputs: { close }, step: lookUp }).gt(0) }),
});
