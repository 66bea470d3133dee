import type { CandleColumns } from '../../domain/candle.ts';
import type { Instrument } from '../../domain/instrument.ts';
import type { FundingColumns } from '../funding.ts';
import { TouchTree } from './touch-tree.ts';

/** What is searched in the candles of one coin: computed once, whatever strategies and rules come after. */
export class FastMarket {
  readonly instrument: Instrument;
  readonly candles: CandleColumns;
  readonly funding: FundingColumns;
  readonly tree: TouchTree;
  /** What a long of one lot received since the first row, in whole 10^−12 dollars: see `runningSums`. */
  readonly #received: Float64Array | undefined;
  /** No candle is missing, as is usual: then none has to be looked at to know. */
  readonly #isComplete: boolean;

  constructor(instrument: Instrument, candles: CandleColumns, funding: FundingColumns) {
    this.instrument = instrument;
    this.candles = candles;
    this.funding = funding;
    this.tree = new TouchTree(candles);
    this.#received = runningSums(funding);
    this.#isComplete = isComplete(candles);
  }

  /** Whether the candle of a row exists; the row is one of the grid. */
  hasCandle(row: number): boolean {
    return this.#isComplete || (this.candles.close[row] as number) > 0;
  }

  /** The first row from `from` on that has a candle; the number of rows if there is none. */
  nextStored(from: number): number {
    let row = from;
    while (row < this.candles.length && !this.hasCandle(row)) row++;
    return Math.min(row, this.candles.length);
  }

  /** The last row up to `row` that has a candle; −1 if there is none. */
  lastStored(row: number): number {
    let last = row;
    while (last >= 0 && !this.hasCandle(last)) last--;
    return last;
  }

  /**
   * What a long of one lot receives that enters at the open of one row and leaves at the open of another, or inside of
   * it, in 10^−12 dollars: an entry at an hour does not pay for it, an exit at the open of an hour does (rule 16).
   */
  fundingPerLot(entryRow: number, exitRow: number, isInside: boolean): number {
    if (this.#received === undefined) return sumOf(this.funding, entryRow, exitRow, isInside);
    if (this.#received.length === 0 || (exitRow === entryRow && !isInside)) return 0;
    const atExit = 2 * exitRow + (isInside ? 1 : 0);
    return (this.#received[atExit] as number) - (this.#received[2 * entryRow] as number);
  }
}

/**
 * Running sums, two a row: with the hour at its open, and with the hours inside it. Empty where no hour costs anything;
 * undefined where a sum could exceed what a double holds exactly, and each position has to add up its own hours.
 */
function runningSums({ atOpen, inside, isFree }: FundingColumns): Float64Array | undefined {
  if (isFree) return new Float64Array(0);
  let magnitude = 0;
  for (let row = 0; row < atOpen.length; row++) {
    magnitude += Math.abs(atOpen[row] as number) + Math.abs(inside[row] as number);
  }
  if (magnitude === 0) return new Float64Array(0);
  if (!Number.isSafeInteger(magnitude)) return undefined;
  const sums = new Float64Array(2 * atOpen.length);
  let sum = 0;
  for (let row = 0; row < atOpen.length; row++) {
    sum += atOpen[row] as number;
    sums[2 * row] = sum;
    sum += inside[row] as number;
    sums[2 * row + 1] = sum;
  }
  return sums;
}

function sumOf({ atOpen, inside }: FundingColumns, entryRow: number, exitRow: number, isInside: boolean): number {
  if (exitRow === entryRow && !isInside) return 0;
  let sum = inside[entryRow] as number;
  for (let row = entryRow + 1; row < exitRow; row++) sum += (atOpen[row] as number) + (inside[row] as number);
  if (exitRow > entryRow) sum += (atOpen[exitRow] as number) + (isInside ? (inside[exitRow] as number) : 0);
  return sum;
}

function isComplete({ close }: CandleColumns): boolean {
  for (let row = 0; row < close.length; row++) {
    if (!((close[row] as number) > 0)) return false;
  }
  return true;
}
