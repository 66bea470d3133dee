import { createHash } from 'node:crypto';
import { intervalMs } from '../domain/time.ts';
import { CandleTable, type FiveColumns } from './candle-table.ts';
import type { MarketDatabase } from './database.ts';
import { BLOCK_MS } from './migrations.ts';
import { type SeriesSpan, type StoredSeries, spanOf } from './series-store.ts';

/**
 * The candles of a series in four days are a block. A block that is sealed has not changed since: a trigger of the
 * database takes the seal away from a block that anybody changes, in the same transaction.
 */
export interface Seal {
  readonly block: number;
  readonly candles: number;
  /** Candles without volume. */
  readonly silent: number;
  /** sha256 of the block's columns. */
  readonly fingerprint: string;
}

export function blockAt(timeMs: number): number {
  return Math.floor(timeMs / BLOCK_MS);
}

/** The seals of a series that touch these times (both inclusive), by block. */
export function sealsOf(db: MarketDatabase, series: number, fromMs: number, toMs: number): Map<number, Seal> {
  const seals = db
    .prepare('SELECT block, candles, silent, fingerprint FROM blocks WHERE series = ? AND block BETWEEN ? AND ?')
    .all(series, blockAt(fromMs), blockAt(toMs)) as Seal[];
  return new Map(seals.map((seal) => [seal.block, seal]));
}

/** Columns for one block. */
export function blockColumns(stepMs: number): FiveColumns {
  const column = (): Float64Array => new Float64Array(BLOCK_MS / stepMs);
  return [column(), column(), column(), column(), column()];
}

/** sha256 of the columns, one behind the other. */
export function fingerprintOfBlock(columns: FiveColumns): string {
  const hash = createHash('sha256');
  for (const column of columns) hash.update(column);
  return hash.digest('hex');
}

/**
 * Seals what is not sealed of a series, but for the block of its newest candle, which is going to change. Call inside
 * the transaction that changed it: nobody else can write meanwhile.
 */
export function sealBlocks(db: MarketDatabase, series: StoredSeries): void {
  const span = spanOf(db, series);
  if (span === undefined) return;
  const firstBlock = blockAt(span.firstOpenMs);
  const newestBlock = blockAt(span.lastOpenMs);
  const inRange = 'FROM blocks WHERE series = ? AND block >= ? AND block < ?';
  const count = db.prepare(`SELECT count(*) ${inRange}`).pluck().get(series.id, firstBlock, newestBlock) as number;
  if (count === newestBlock - firstBlock) return;
  const known = new Set(db.prepare(`SELECT block ${inRange}`).pluck().all(series.id, firstBlock, newestBlock));
  const stepMs = intervalMs(series.interval);
  const table = new CandleTable(db, series.id, stepMs);
  const columns = blockColumns(stepMs);
  const insert = db.prepare('INSERT INTO blocks (series, block, candles, silent, fingerprint) VALUES (?, ?, ?, ?, ?)');
  for (let block = firstBlock; block < newestBlock; block++) {
    if (known.has(block)) continue;
    table.fill(columns, block * BLOCK_MS);
    insert.run(series.id, block, ...countsOf(columns), fingerprintOfBlock(columns));
  }
}

function countsOf([, , , close, volume]: FiveColumns): [candles: number, silent: number] {
  let candles = 0;
  let silent = 0;
  for (let row = 0; row < close.length; row++) {
    if (Number.isNaN(close[row])) continue;
    candles++;
    if (volume[row] === 0) silent++;
  }
  return [candles, silent];
}

/** What all blocks of the database have in them now. */
export function allFingerprints(db: MarketDatabase): ReadonlySet<string> {
  return new Set(db.prepare('SELECT fingerprint FROM blocks').pluck().all() as string[]);
}

/** How many candles a block has, and how many it can have between the first of the series and the last. */
export interface BlockCount extends Pick<Seal, 'candles' | 'silent'> {
  /** What of the block lies between the first candle and the last. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  readonly possible: number;
}

/** Counts the candles of a series block by block: from the seals, and where there is none from the rows. */
export function countBlocks(db: MarketDatabase, series: SeriesSpan): BlockCount[] {
  const { id, firstOpenMs, lastOpenMs } = series;
  const stepMs = intervalMs(series.interval);
  const seals = sealsOf(db, id, firstOpenMs, lastOpenMs);
  const count = db.prepare(
    `SELECT count(*) AS candles, count(*) FILTER (WHERE v = 0) AS silent
       FROM candles WHERE series = ? AND t >= ? AND t < ?`,
  );
  const blocks: BlockCount[] = [];
  for (let block = blockAt(firstOpenMs); block <= blockAt(lastOpenMs); block++) {
    const fromMs = Math.max(block * BLOCK_MS, firstOpenMs);
    const toMs = Math.min((block + 1) * BLOCK_MS, lastOpenMs + stepMs);
    const counts = seals.get(block) ?? (count.get(id, fromMs, toMs) as Pick<Seal, 'candles' | 'silent'>);
    blocks.push({ fromMs, toMs, possible: (toMs - fromMs) / stepMs, candles: counts.candles, silent: counts.silent });
  }
  return blocks;
}
