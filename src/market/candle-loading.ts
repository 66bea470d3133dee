import type { CandleColumns } from '../domain/candle.ts';
import { intervalMs } from '../domain/time.ts';
import { allFingerprints, blockAt, blockColumns, fingerprintOfBlock, type Seal, sealsOf } from './blocks.ts';
import { CandleTable, type FiveColumns, fiveColumns, slicesOf } from './candle-table.ts';
import { ColumnCache } from './column-cache.ts';
import type { MarketDatabase } from './database.ts';
import { BLOCK_MS } from './migrations.ts';

/** Of smaller blocks the rows are read as fast as the files: those of intervals above 5m. */
const FEWEST_BLOCK_ROWS = 1_000;

/**
 * Fills the columns with the stored candles: sealed blocks from the column cache where that pays, everything else from
 * the database. Call on a snapshot, which keeps the seals and the rows together.
 */
export function fillCandles(db: MarketDatabase, series: number, columns: CandleColumns): void {
  const stepMs = intervalMs(columns.interval);
  const table = new CandleTable(db, series, stepMs);
  const cache = ColumnCache.beside(db);
  const blockRows = BLOCK_MS / stepMs;
  if (cache === undefined || blockRows < FEWEST_BLOCK_ROWS || columns.length < blockRows) {
    table.fill(fiveColumns(columns), columns.firstOpenMs);
    return;
  }
  const lastOpenMs = columns.firstOpenMs + (columns.length - 1) * stepMs;
  const seals = sealsOf(db, series, columns.firstOpenMs, lastOpenMs);
  const blocks = new BlockReader(table, cache, stepMs);
  const all = fiveColumns(columns);
  for (let block = blockAt(columns.firstOpenMs); block <= blockAt(lastOpenMs); block++) {
    const row = (block * BLOCK_MS - columns.firstOpenMs) / stepMs;
    const from = Math.max(row, 0);
    const to = Math.min(row + blockRows, columns.length);
    const wanted = slicesOf(all, from, to);
    const seal = seals.get(block);
    if (seal === undefined) table.fill(wanted, columns.firstOpenMs + from * stepMs);
    else if (to - from === blockRows) blocks.read(seal, wanted);
    else blocks.readPart(seal, wanted, from - row);
  }
  if (cache.hasWritten) cache.prune(allFingerprints(db));
}

class BlockReader {
  readonly #table: CandleTable;
  readonly #cache: ColumnCache;
  readonly #stepMs: number;

  constructor(table: CandleTable, cache: ColumnCache, stepMs: number) {
    this.#table = table;
    this.#cache = cache;
    this.#stepMs = stepMs;
  }

  /** A whole block: from the cache, or into it. */
  read({ block, fingerprint }: Seal, columns: FiveColumns): void {
    if (this.#cache.read(fingerprint, columns)) return;
    this.#table.fill(columns, block * BLOCK_MS);
    // What is in a file is what its name says, whoever sealed the block.
    if (fingerprintOfBlock(columns) === fingerprint) this.#cache.write(fingerprint, columns);
  }

  /** The rows of a block from `from` on. */
  readPart(seal: Seal, columns: FiveColumns, from: number): void {
    const whole = blockColumns(this.#stepMs);
    this.read(seal, whole);
    slicesOf(whole, from, from + columns[0].length).forEach((column, i) => {
      columns[i]?.set(column);
    });
  }
}
