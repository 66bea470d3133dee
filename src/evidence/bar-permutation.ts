import { type CandleColumns, emptyColumns } from '../domain/candle.ts';
import { UsageError } from '../domain/errors.ts';
import type { Prng } from '../domain/prng.ts';

/**
 * The same candles in another order (Masters 2018, *Testing and Tuning Market Trading Systems*, ch. 7; jointly for
 * several markets, Masters 2020, *Permutation and Randomization Tests for Trading System Development*): what a market
 * would look like that moves as this one does, but in which nothing before tells of what comes after.
 *
 * In logarithms of the price, each candle is a *triple*, its high, low and close against its open, with its volume, and
 * a *gap*, its open against the close before. Triples are permuted, and gaps by another permutation; prices are built
 * up again from the first candle. Both permutations are the same for all coins, so what moves them together stays.
 * First and last close of each coin stay, and so do all triples and gaps. Autocorrelation is destroyed, and with
 * `blockRows` of 1 the clustering of volatility too; longer blocks move as a whole and keep both within them.
 *
 * Missing candles stay where they are, and are never filled: a row changes places only with rows at which the same
 * coins have a candle. The gap of a candle behind a hole is that against the last stored close. The first candle of a
 * coin has no gap and stays, and with it the row.
 *
 * @param candles one or more coins on one grid (`alignColumns`); they are not changed
 * @param blockRows rows that stay together, 1 or more; such a block may span a hole. They are counted from the newest
 * row, and the oldest that fill no block keep their places
 * @returns columns in the order of `candles`, prices not rounded to ticks
 * @throws UsageError where the columns are not on one grid, RangeError where `blockRows` is no such count.
 */
export function permuteBars(candles: readonly CandleColumns[], rng: Prng, blockRows = 1): CandleColumns[] {
  if (!(Number.isInteger(blockRows) && blockRows >= 1))
    throw new RangeError(`blocks of ${blockRows} rows cannot be permuted`);
  requireOneGrid(candles);
  const classes = exchangeableRows(candles);
  const length = candles[0]?.length ?? 0;
  const tripleFrom = permutation(classes, blockRows, rng, length);
  const gapFrom = permutation(classes, blockRows, rng, length);
  return candles.map((columns) => rebuilt(columns, tripleFrom, gapFrom));
}

function requireOneGrid(candles: readonly CandleColumns[]): void {
  const first = candles[0];
  for (const other of candles) {
    const isSame = other.firstOpenMs === first?.firstOpenMs && other.length === first.length;
    if (!isSame || other.interval !== first.interval) {
      throw new UsageError(`the candles of ${first?.coin} and ${other.coin} are not on one grid`, {
        hint: 'Align them to the same first candle, length and interval.',
      });
    }
  }
}

/** Rows that may change places with each other: the same coins have a candle there, and for none is it the first. */
function exchangeableRows(candles: readonly CandleColumns[]): number[][] {
  const rows = candles[0]?.length ?? 0;
  const hasBegun = candles.map(() => false);
  const classes = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    let present = '';
    let isFirst = false;
    candles.forEach(({ open }, coin) => {
      const isThere = !Number.isNaN(open[row]);
      present += isThere ? '1' : '0';
      if (!isThere || hasBegun[coin] === true) return;
      hasBegun[coin] = true;
      isFirst = true;
    });
    if (isFirst || !present.includes('1')) continue;
    const alike = classes.get(present);
    if (alike === undefined) classes.set(present, [row]);
    else alike.push(row);
  }
  return [...classes.values()];
}

/** For each row the row whose part it gets; within a class, whole blocks of neighbours change places. */
function permutation(
  classes: readonly (readonly number[])[],
  blockRows: number,
  rng: Prng,
  length: number,
): Int32Array {
  const from = Int32Array.from({ length }, (_, row) => row);
  for (const rows of classes) {
    // Borders are the same in every permutation, and blocks equally long: only then are permutations of permutations
    // again of this kind, the market itself is one of them like any other, and p-values are right.
    const moved = rows.slice(rows.length % blockRows);
    const blocks = Array.from({ length: moved.length / blockRows }, (_, block) => block * blockRows);
    const order = rng.shuffle([...blocks]);
    blocks.forEach((to, i) => {
      for (let k = 0; k < blockRows; k++) {
        from[moved[to + k] as number] = moved[(order[i] as number) + k] as number;
      }
    });
  }
  return from;
}

/** One coin, its candles built up from the first with the triple of one row and the gap of another. */
function rebuilt(columns: CandleColumns, tripleFrom: Int32Array, gapFrom: Int32Array): CandleColumns {
  const { open, high, low, close, volume, length } = columns;
  const gaps = gapsOf(columns);
  const result = emptyColumns(columns.coin, columns.interval, columns.firstOpenMs, length);
  let last = Number.NaN;
  for (let row = 0; row < length; row++) {
    if (Number.isNaN(open[row])) continue;
    const opened = Number.isNaN(last) ? Math.log(open[row] as number) : last + (gaps[gapFrom[row] as number] as number);
    const triple = tripleFrom[row] as number;
    // A move of nothing is exactly 0, so that a flat candle stays flat.
    const logOf = (prices: Float64Array): number =>
      opened + Math.log((prices[triple] as number) / (open[triple] as number));
    last = logOf(close);
    const body = [Math.exp(opened), Math.exp(last)] as const;
    result.open[row] = body[0];
    result.close[row] = body[1];
    // Never inside the body, whatever the last digit says.
    result.high[row] = Math.max(Math.exp(logOf(high)), ...body);
    result.low[row] = Math.min(Math.exp(logOf(low)), ...body);
    result.volume[row] = volume[triple] as number;
  }
  return result;
}

/** ln open against the last stored close; NaN for the first candle, and where there is none. */
function gapsOf({ open, close, length }: CandleColumns): Float64Array {
  const gaps = new Float64Array(length).fill(Number.NaN);
  let last = Number.NaN;
  for (let row = 0; row < length; row++) {
    if (Number.isNaN(open[row])) continue;
    gaps[row] = Math.log((open[row] as number) / last);
    last = close[row] as number;
  }
  return gaps;
}
