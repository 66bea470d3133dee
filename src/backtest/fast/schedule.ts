import { either, hasBit, NO_ROW, nextBit } from './bits.ts';
import type { EntryTable, FastMarket } from './market.ts';
import type { FastLeg, FastSpec } from './spec.ts';

/** Decisions of a leg fall on every `rows`-th row: where (row + phase) is a multiple of it. */
export interface DecisionGrid {
  readonly rows: number;
  readonly phase: number;
}

/** Both sides at one close: no entry, but counted (rule 5). */
export const CONFLICT = -2;
/** The next candle does not exist, so the order will lapse (rule 44). */
export const LAPSE = -1;

/**
 * What a strategy wants at the closes of a run, as lists: a sweep walks through the same ones for every risk cell, and
 * lists lie together in memory where bitmaps and candles do not.
 */
export interface Schedule {
  /** Closes at which an entry is wanted, ascending: of candles that exist and at which the leg decides. */
  readonly rows: Int32Array;
  readonly closes: Float64Array;
  /** 1 where a long is wanted, 0 where a short. */
  readonly isLong: Uint8Array;
  /** The number of the entry at the next open in the table of its side; LAPSE or CONFLICT. */
  readonly entries: Int32Array;
  /** Closes at which an exit is wanted. */
  readonly exitLong: Int32Array;
  readonly exitShort: Int32Array;
}

export function scheduleOf(
  market: FastMarket,
  { bits }: FastLeg,
  { from, to }: FastSpec,
  decisions: DecisionGrid,
  tables: { readonly long: EntryTable; readonly short: EntryTable },
): Schedule {
  const rows = decidingRows(market, either(bits.long, bits.short), from, to, decisions);
  const isLong = new Uint8Array(rows.length);
  const entries = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const wantsLong = bits.long !== undefined && hasBit(bits.long, row);
    const wantsShort = bits.short !== undefined && hasBit(bits.short, row);
    const isFilled = row + 1 < to && market.hasCandle(row + 1);
    isLong[i] = wantsLong ? 1 : 0;
    if (wantsLong && wantsShort) entries[i] = CONFLICT;
    else entries[i] = isFilled ? (wantsLong ? tables.long : tables.short).numberAt(row + 1) : LAPSE;
  }
  return {
    rows,
    closes: Float64Array.from(rows, (row) => market.candles.close[row] as number),
    isLong,
    entries,
    exitLong: decidingRows(market, bits.exitLong, from, to, decisions),
    exitShort: decidingRows(market, bits.exitShort, from, to, decisions),
  };
}

function decidingRows(
  market: FastMarket,
  bits: Uint32Array | undefined,
  from: number,
  to: number,
  { rows, phase }: DecisionGrid,
): Int32Array {
  const found: number[] = [];
  if (bits === undefined) return Int32Array.from(found);
  for (let row = nextBit(bits, from); row < to && row !== NO_ROW; row = nextBit(bits, row + 1)) {
    if (market.hasCandle(row) && (rows === 1 || (row + phase) % rows === 0)) found.push(row);
  }
  return Int32Array.from(found);
}
