import { createHash, type Hash } from 'node:crypto';
import { type CandleColumns, type FundingRates, openTimeAt } from '../domain/candle.ts';
import { intervalMs } from '../domain/time.ts';

/** Rows that are hashed at a time. */
const BLOCK_ROWS = 8_192;

/**
 * SHA-256 of exactly the candles and rates that a result was made from: coin, interval, and the time and values of
 * every row that exists. Where they were stored, in which order they are given, and the name of their source do not
 * matter.
 */
export function fingerprintOf(data: {
  readonly candles: readonly CandleColumns[];
  readonly funding: readonly FundingRates[];
}): string {
  const hash = createHash('sha256');
  for (const columns of data.candles.toSorted(byCoinAndInterval)) hashCandles(hash, columns);
  for (const funding of data.funding.toSorted((a, b) => (a.coin < b.coin ? -1 : 1))) hashFunding(hash, funding);
  return hash.digest('hex');
}

function byCoinAndInterval(a: CandleColumns, b: CandleColumns): number {
  if (a.coin !== b.coin) return a.coin < b.coin ? -1 : 1;
  return intervalMs(a.interval) - intervalMs(b.interval);
}

function hashCandles(hash: Hash, columns: CandleColumns): void {
  const { open, high, low, close, volume } = columns;
  hashRows(hash, `candles ${columns.coin} ${columns.interval}`, columns.length, [
    (row) => (Number.isNaN(close[row]) ? Number.NaN : openTimeAt(columns, row)),
    (row) => open[row] as number,
    (row) => high[row] as number,
    (row) => low[row] as number,
    (row) => close[row] as number,
    (row) => volume[row] as number,
  ]);
}

function hashFunding(hash: Hash, { coin, timesMs, rates }: FundingRates): void {
  hashRows(hash, `funding ${coin}`, timesMs.length, [(row) => timesMs[row] as number, (row) => rates[row] as number]);
}

/** Rows whose first cell (the time) is NaN do not exist, and are left out. */
function hashRows(hash: Hash, name: string, length: number, cells: readonly ((row: number) => number)[]): void {
  const block = new Float64Array(BLOCK_ROWS * cells.length);
  let rows = 0;
  let filled = 0;
  hash.update(`${name}\n`);
  for (let row = 0; row < length; row++) {
    if (Number.isNaN((cells[0] as (row: number) => number)(row))) continue;
    // + 0 makes −0 the zero that it equals.
    for (const cell of cells) block[filled++] = cell(row) + 0;
    rows++;
    if (filled === block.length) {
      hash.update(block);
      filled = 0;
    }
  }
  hash.update(block.subarray(0, filled));
  // The count ends a series, so that rows of one can never read as the head of the next.
  hash.update(`\n${rows} rows\n`);
}
