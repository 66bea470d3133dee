import type { ClosedCandle } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import { type Interval, parseInterval } from '../domain/time.ts';
import type { CandleAnswer } from '../exchange/wire.ts';
import type { FundingRow } from './funding-store.ts';

/** What an answer of the exchange, kept in a file, holds. */
export type ExchangeAnswer =
  | { readonly kind: 'candles'; readonly coin: string; readonly interval: Interval; readonly candles: ClosedCandle[] }
  | { readonly kind: 'funding'; readonly coin: string; readonly rows: readonly FundingRow[] }
  | { readonly kind: 'instruments'; readonly instruments: readonly Instrument[] };

/** JSON begins with a bracket; a CSV header never does. */
export function looksLikeJson(content: Buffer): boolean {
  return /^\uFEFF?\s*[[{]/.test(content.toString('utf8', 0, 64));
}

/**
 * Reads an answer to `meta`, `metaAndAssetCtxs`, `candleSnapshot` or `fundingHistory`.
 *
 * @param nowMs a candle that closes later is still forming, and is left out
 * @throws DataError for broken JSON, an answer of another kind, or a field that is not what it should be
 */
export async function readExchangeJson(content: Buffer, file: string, nowMs: number): Promise<ExchangeAnswer> {
  const answer = parseJson(content, file);
  const { parseFunding, parseInstruments } = await import('../exchange/wire.ts');
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (hasField(first, 'universe')) return { kind: 'instruments', instruments: parseInstruments(answer, file) };
  if (hasField(first, 'fundingRate')) {
    const { coin, settlements } = required(parseFunding(answer, file), file);
    return { kind: 'funding', coin, rows: settlements };
  }
  if (hasField(first, 't') && hasField(first, 'o')) {
    return readCandles(answer as readonly unknown[], file, nowMs);
  }
  throw new DataError(`${file} is JSON, but no answer of the exchange that can be imported`, {
    hint: 'What can: meta, metaAndAssetCtxs, candleSnapshot and fundingHistory, as the exchange answers them.',
  });
}

/** Rows that are parsed at a time: an export may have a hundred times as many as an answer. */
const PART_ROWS = 5_000;

async function readCandles(rows: readonly unknown[], file: string, nowMs: number): Promise<ExchangeAnswer> {
  const { parseCandles, requireGrid } = await import('../exchange/wire.ts');
  const parseAll = (): CandleAnswer => required(parseCandles(rows, file, nowMs), file);
  const parsePart = (part: readonly unknown[]): CandleAnswer => {
    try {
      return required(parseCandles(part, file, nowMs), file);
    } catch {
      // Read whole, the same fault is named by its place in the file.
      return parseAll();
    }
  };
  const candles: ClosedCandle[] = [];
  let head: CandleAnswer | undefined;
  for (let from = 0; from < rows.length; from += PART_ROWS) {
    const part = parsePart(rows.slice(from, from + PART_ROWS));
    head ??= part;
    if (part.coin !== head.coin || part.interval !== head.interval) parseAll();
    for (const candle of part.candles) candles.push(withKnownTrades(candle));
  }
  const { coin, interval: name } = required(head, file);
  const interval = parseInterval(name);
  requireGrid(candles, interval, file);
  return { kind: 'candles', coin, interval, candles };
}

/** Volume without a trade cannot be: the shape has no other way to say that nobody counted. */
function withKnownTrades(candle: ClosedCandle): ClosedCandle {
  if (candle.trades !== 0 || candle.volume === 0) return candle;
  const { trades: _, ...uncounted } = candle;
  return uncounted;
}

function parseJson(content: Buffer, file: string): unknown {
  try {
    return JSON.parse(content.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new DataError(`${file} is not JSON`, {
      details: [error instanceof Error ? error.message : String(error)],
      hint: 'Fetch the file again; nothing was imported.',
      cause: error,
    });
  }
}

function hasField(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field);
}

function required<T>(parsed: T | undefined, file: string): T {
  if (parsed === undefined) throw new DataError(`${file} has no rows`);
  return parsed;
}
