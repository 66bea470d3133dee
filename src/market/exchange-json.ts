import type { ClosedCandle } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instrument.ts';
import { type Interval, parseInterval } from '../domain/time.ts';
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
  const { parseCandles, parseFunding, parseInstruments, requireGrid } = await import('../exchange/wire.ts');
  const first: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (hasField(first, 'universe')) return { kind: 'instruments', instruments: parseInstruments(answer, file) };
  if (hasField(first, 'fundingRate')) {
    const { coin, settlements } = required(parseFunding(answer, file), file);
    return { kind: 'funding', coin, rows: settlements };
  }
  if (hasField(first, 't') && hasField(first, 'o')) {
    const parsed = required(parseCandles(answer, file, nowMs), file);
    const interval = parseInterval(parsed.interval);
    requireGrid(parsed.candles, interval, file);
    return { kind: 'candles', coin: parsed.coin, interval, candles: parsed.candles.map(withKnownTrades) };
  }
  throw new DataError(`${file} is JSON, but no answer of the exchange that can be imported`, {
    hint: 'What can: meta, metaAndAssetCtxs, candleSnapshot and fundingHistory, as the exchange answers them.',
  });
}

/** Volume without a trade cannot be: the shape has no other way to say that nobody counted. */
function withKnownTrades({ trades, ...candle }: ClosedCandle): ClosedCandle {
  return trades === undefined || (trades === 0 && candle.volume > 0) ? candle : { ...candle, trades };
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
