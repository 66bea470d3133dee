import { z } from 'zod';
import { type ClosedCandle, impossibilityOf } from '../domain/candle.ts';
import { DataError } from '../domain/errors.ts';
import type { Instrument, MarginTier } from '../domain/instrument.ts';
import { formatTime, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';

/**
 * The exchange's answers, parsed where they come in. Its own names (t, T, s, i, px, sz …) end here, and so does the
 * forming candle. zod takes 60 ms to load: import this module where it is needed, not at the top.
 */

/** One settlement of funding, as the exchange states it. */
export interface FundingSettlement {
  /** Some milliseconds after its hour. */
  readonly timeMs: EpochMs;
  /** What a long pays per dollar of notional, as a fraction. */
  readonly rate: number;
}

/** Candles of one answer, and what it says they are. */
export interface CandleAnswer {
  readonly coin: string;
  readonly interval: string;
  readonly candles: readonly ClosedCandle[];
}

export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?(e-?\d+)?$/i, 'is no decimal number')
  .transform(Number);
export const timeMs = z.int().nonnegative().transform(epochMs);

const candleRow = z.object({
  t: timeMs,
  T: timeMs,
  s: z.string(),
  i: z.string(),
  o: decimal,
  h: decimal,
  l: decimal,
  c: decimal,
  v: decimal,
  n: z.int().nonnegative(),
});
const candleRows = z.array(candleRow);

const fundingRows = z.array(z.object({ coin: z.string(), fundingRate: decimal, time: timeMs }));

const marginTable = z.object({
  marginTiers: z.array(z.object({ lowerBound: decimal, maxLeverage: z.int().positive() })).nonempty(),
});
const meta = z.object({
  universe: z.array(
    z.object({
      name: z.string(),
      szDecimals: z.int().min(0).max(6),
      maxLeverage: z.int().positive(),
      marginTableId: z.int().nonnegative().optional(),
      isDelisted: z.boolean().optional(),
    }),
  ),
  // Answers from before 2025 have no tables.
  marginTables: z.array(z.tuple([z.int(), marginTable])).default([]),
});
const metaOrMetaAndContexts = z.union([meta, z.tuple([meta], z.unknown()).transform(([first]) => first)]);

/**
 * Parses the rows of a `candleSnapshot`, and drops the candle that is still forming at `nowMs`.
 *
 * @param origin names the answer in errors: a file, or the request
 * @returns undefined for an answer without rows
 * @throws DataError naming the row and the field that is not what it should be
 */
export function parseCandles(answer: unknown, origin: string, nowMs: number): CandleAnswer | undefined {
  const rows = parsed(candleRows, answer, origin);
  const first = rows[0];
  if (first === undefined) return undefined;
  const candles: ClosedCandle[] = [];
  rows.forEach((row, index) => {
    if (row.s !== first.s) throw wrongField(origin, `[${index}].s`, `is '${row.s}' after '${first.s}'`);
    if (row.i !== first.i) throw wrongField(origin, `[${index}].i`, `is '${row.i}' after '${first.i}'`);
    if (row.T >= nowMs) return;
    const candle: ClosedCandle = {
      openTimeMs: row.t,
      open: row.o,
      high: row.h,
      low: row.l,
      close: row.c,
      volume: row.v,
      trades: row.n,
    };
    const impossible = impossibilityOf(candle);
    if (impossible !== undefined) throw wrongField(origin, `[${index}]`, `${formatTime(row.t)}: ${impossible}`);
    candles.push(candle);
  });
  return { coin: first.s, interval: first.i, candles };
}

/** @throws DataError when a candle does not open on the grid of the interval, or they are not in ascending order. */
export function requireGrid(candles: readonly ClosedCandle[], interval: Interval, origin: string): void {
  candles.forEach(({ openTimeMs }, index) => {
    const before = candles[index - 1]?.openTimeMs ?? Number.NEGATIVE_INFINITY;
    if (openTimeMs % intervalMs(interval) !== 0) {
      throw wrongField(origin, `[${index}].t`, `${formatTime(openTimeMs)} is not on the ${interval} grid`);
    }
    if (openTimeMs <= before) {
      throw wrongField(origin, `[${index}].t`, `${formatTime(openTimeMs)} does not come after ${formatTime(before)}`);
    }
  });
}

const exchangeStatus = z.object({ time: timeMs.nullish() });

/**
 * Parses the time in an `exchangeStatus`.
 *
 * @returns null for an answer that has none
 * @throws DataError naming the field that is not what it should be
 */
export function parseExchangeTime(answer: unknown, origin: string): EpochMs | null {
  return parsed(exchangeStatus, answer, origin).time ?? null;
}

/**
 * Parses the rows of a `fundingHistory`.
 *
 * @throws DataError naming the row and the field that is not what it should be
 */
export function parseFunding(
  answer: unknown,
  origin: string,
): { readonly coin: string; readonly settlements: readonly FundingSettlement[] } | undefined {
  const rows = parsed(fundingRows, answer, origin);
  const coin = rows[0]?.coin;
  if (coin === undefined) return undefined;
  const settlements = rows.map((row, index) => {
    if (row.coin !== coin) throw wrongField(origin, `[${index}].coin`, `is '${row.coin}' after '${coin}'`);
    return { timeMs: row.time, rate: row.fundingRate };
  });
  return { coin, settlements };
}

/**
 * Parses `meta`, or the `meta` in a `metaAndAssetCtxs`: the rules of every perpetual, delisted ones included.
 *
 * @throws DataError naming the field that is not what it should be
 */
export function parseInstruments(answer: unknown, origin: string): Instrument[] {
  const { universe, marginTables } = parsed(metaOrMetaAndContexts, answer, origin);
  const tables = new Map(marginTables);
  return universe.map(({ name, szDecimals, maxLeverage, marginTableId, isDelisted }, index) => {
    const tiers = tables.get(marginTableId ?? 0)?.marginTiers;
    // A table id below 50 is not in the list: it is a single tier with that leverage.
    if (tiers === undefined && (marginTableId ?? 0) >= FIRST_LISTED_TABLE) {
      throw wrongField(origin, `universe[${index}].marginTableId`, `names table ${marginTableId}, which is not there`);
    }
    const marginTiers: MarginTier[] = tiers?.map((tier) => ({
      fromNotionalUsd: tier.lowerBound,
      maxLeverage: tier.maxLeverage,
    })) ?? [{ fromNotionalUsd: 0, maxLeverage }];
    return { coin: name, szDecimals, marginTiers, isDelisted: isDelisted ?? false };
  });
}

const FIRST_LISTED_TABLE = 50;

/** @throws DataError naming the field that is not what the schema says */
export function parsed<T>(schema: z.ZodType<T>, answer: unknown, origin: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues);
  throw wrongField(origin, pathText(issue?.path ?? []), issue?.message ?? 'has another shape');
}

/** Of a failed union the branch that came furthest tells what is wrong. */
function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [first] = issues;
  if (first?.code !== 'invalid_union') return first;
  const inner = first.errors.map((branch) => deepest(branch)).filter((issue) => issue !== undefined);
  const best = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return best === undefined ? first : { ...best, path: [...first.path, ...best.path] };
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? 'the answer' : text.replace(/^\./, '');
}

function wrongField(origin: string, field: string, problem: string): DataError {
  return new DataError(`${origin} is not what the exchange should answer`, {
    details: [`${field}: ${problem}`],
    hint: 'Nothing of it was stored. If it came from the exchange itself, its protocol may have changed.',
  });
}
