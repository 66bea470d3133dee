import type { CandleSource } from '../backtest/candle-source.ts';
import type { Settling, SpanRequest } from '../backtest/study-data.ts';
import { CandorError, ExchangeUnreachableError, UsageError } from '../domain/errors.ts';
import { DAY_MS, formatTime, type Interval, intervalMs } from '../domain/time.ts';
import type { MarketDatabase } from '../market/database.ts';
import type { Context } from './context.ts';
import { waitingNote } from './output.ts';
import { sealedFrom } from './sealed.ts';

/** Settling of the built-in strategies fits many times over; for what takes longer there are more. */
const SYNTHETIC_DAYS_BESIDE_SPAN = 30;

export interface CandleRequest {
  readonly wanted: SpanRequest;
  readonly coins: readonly string[];
  readonly settlings: readonly Settling[];
  readonly isSyntheticWanted: boolean;
  /** The values that were first seen of every candle, not the final ones. */
  readonly asSeen: boolean;
  /** Where two sources have a candle, this one's is read. */
  readonly preferredSource: string;
  /** Of the synthetic market. */
  readonly seed: number;
  /**
   * What is needed from the exchange, where the span does not say it: a report names the candles that it was made
   * from.
   */
  readonly stretch?: Stretch;
  /** Hashes of the seals that are unsealed for this request alone. */
  readonly lifted?: readonly string[];
  /** Somebody is going to trade on the answer: where there are no candles, none are invented. */
  readonly isForTrading?: true;
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** @throws UsageError for what was seen of a market that is made up */
export function requireSeen({ asSeen, synthetic }: { readonly asSeen?: true; readonly synthetic?: true }): void {
  if (!asSeen || !synthetic) return;
  throw new UsageError('--as-seen and --synthetic do not go together', {
    hint: 'The candles of the synthetic market are never revised. Leave one of them out.',
  });
}

/** Candles for a study or a sweep, and how to let go of them. */
export interface OpenCandles {
  readonly source: CandleSource;
  readonly close: () => void;
}

/**
 * Candles for a study or a sweep: those of the database if they are there, else from the exchange, else, when that
 * cannot be reached, a synthetic market. One sentence says which.
 *
 * @throws CandorError where some of the candles are stored and the others cannot be fetched: half a real market is not
 *   made up; nor is any of the candles of a report
 */
export async function openCandles(request: CandleRequest, context: Context): Promise<OpenCandles> {
  if (request.isSyntheticWanted) return synthetic(request);
  const [{ openDatabase }, { storedCandles }] = await Promise.all([
    import('../market/database.ts'),
    import('../backtest/candle-source.ts'),
  ]);
  const db = openDatabase(context.databasePath);
  try {
    const missing = await missingSeries(db, request);
    if (missing.length > 0) {
      try {
        await fetchCandles(db, request, context);
      } catch (error) {
        if (!(error instanceof ExchangeUnreachableError)) throw error;
        if (request.stretch !== undefined) throw notStored(missing, request.stretch, error);
        if (await hasCandles(db)) {
          await requireKnown(db, request.coins);
          throw halfStored(request.wanted, missing, error);
        }
        // What nobody has seen yet has no first value: an invented market is no answer to that.
        if (request.asSeen) throw error;
        if (request.isForTrading) throw noCandles(missing, error);
        db.close();
        context.out.note(
          'The exchange cannot be reached and no candles are stored, so this runs on a synthetic market.',
        );
        return synthetic(request);
      }
    }
    const sealed = sealedFrom(context, request.lifted);
    const source = storedCandles(db, request.preferredSource, sealed, { asSeen: request.asSeen });
    return { source, close: () => db.close() };
  } catch (error) {
    if (db.open) db.close();
    throw error;
  }
}

/** Names like `BTC 30m` of what is needed and the database does not have. */
async function missingSeries(db: MarketDatabase, { coins, settlings }: CandleRequest): Promise<string[]> {
  const { listSeries } = await import('../market/series-store.ts');
  const stored = new Set(
    listSeries(db)
      .filter(({ kind }) => kind === 'trade')
      .map(({ coin, interval }) => `${coin} ${interval}`),
  );
  const needed = coins.flatMap((coin) => settlings.map(({ interval }) => `${coin} ${interval}`));
  return needed.filter((series) => !stored.has(series));
}

async function hasCandles(db: MarketDatabase): Promise<boolean> {
  const { listSeries } = await import('../market/series-store.ts');
  return listSeries(db).some(({ kind }) => kind === 'trade');
}

/** A coin that nobody knows is a slip of the pen, and needs no exchange to be found. */
async function requireKnown(db: MarketDatabase, coins: readonly string[]): Promise<void> {
  const { findInstrument, loadInstruments } = await import('../market/instrument-store.ts');
  const instruments = loadInstruments(db);
  for (const coin of coins) findInstrument(instruments, coin);
}

/** A report on real candles is never compared with an invented market. */
function notStored(missing: readonly string[], { fromMs, toMs }: Stretch, cause: unknown): CandorError {
  return new CandorError('the candles of this report are not stored here, and the exchange cannot be reached', {
    details: [`missing: ${missing.join(', ')}`, `from ${formatTime(fromMs)} to ${formatTime(toMs)}`],
    hint: 'Import them, and the funding rates of that time (candor import FILE), then verify again.',
    cause,
  });
}

function noCandles(missing: readonly string[], cause: unknown): CandorError {
  return new CandorError('no candles are stored, and the exchange cannot be reached', {
    details: [`missing: ${missing.join(', ')}`],
    hint: "Record them ('candor ingest') or import them (candor import FILE); --synthetic shows what it looks like.",
    cause,
  });
}

function halfStored({ kind }: SpanRequest, missing: readonly string[], cause: unknown): CandorError {
  return new CandorError(`some candles of the ${kind} are stored, others are not, and the exchange cannot be reached`, {
    details: [`missing: ${missing.join(', ')}`],
    hint: `Import them (candor import FILE), leave them out of the ${kind}, or run with --synthetic.`,
    cause,
  });
}

async function fetchCandles(db: MarketDatabase, request: CandleRequest, context: Context): Promise<void> {
  const { coins, settlings } = request;
  const [{ HyperliquidInfo }, { sharedBudget }, { backfill }] = await Promise.all([
    import('../exchange/info.ts'),
    import('../market/request-weight.ts'),
    import('../market/ingest/backfill.ts'),
  ]);
  const { fromMs, toMs } = request.stretch ?? stretchOf(request, context.clock.nowMs());
  const { apiUrl } = context.config.exchange;
  const onWarning = (message: string): void => context.log.warn(message);
  let bar: ReturnType<typeof context.out.progress> | undefined;
  let rows = 0;
  const onWait = (waitMs: number): void => bar?.update(rows, waitingNote(waitMs));
  const budget = sharedBudget({ apiUrl, timer: context.clock, onWait, onWarning });
  const info = new HyperliquidInfo({ apiUrl, budget });
  const intervals = settlings.map(({ interval }) => interval);
  try {
    await backfill(db, info, {
      coins,
      intervals,
      fromMs,
      toMs,
      timer: context.clock,
      signal: context.signal,
      onProgress: ({ done, total }) => {
        bar ??= context.out.progress(`candles of ${coins.join(', ')}`, total);
        bar.update(done);
        rows = done;
      },
    });
  } finally {
    bar?.stop();
  }
}

/** The span, and before it what the strategies take to settle. */
function stretchOf({ wanted: { span }, settlings }: CandleRequest, nowMs: number): Stretch {
  const settleMs = settleMsOf(settlings, 1);
  if (!('days' in span)) return { fromMs: span.fromMs - settleMs, toMs: span.toMs };
  return { fromMs: nowMs - span.days * DAY_MS - settleMs, toMs: nowMs };
}

function settleMsOf(settlings: readonly Settling[], spareCandles: number): number {
  return Math.max(...settlings.map(({ interval, candles }) => (candles + spareCandles) * intervalMs(interval)));
}

async function synthetic({ wanted, coins, settlings, seed, stretch }: CandleRequest): Promise<OpenCandles> {
  const { kind, name, span } = wanted;
  if (!('days' in span)) {
    throw new UsageError(`the ${kind} '${name}' asks for certain dates, and the synthetic market has none`, {
      hint: 'Give it a span in days, or import candles.',
    });
  }
  const { syntheticCandles } = await import('../backtest/synthetic-source.ts');
  const intervals = settlings.map(({ interval }): Interval => interval);
  const neededMs =
    stretch === undefined ? span.days * DAY_MS + settleMsOf(settlings, 0) : stretch.toMs - stretch.fromMs;
  const days = Math.max(span.days + SYNTHETIC_DAYS_BESIDE_SPAN, Math.ceil(neededMs / DAY_MS) + 1);
  return { source: syntheticCandles({ coins, intervals, days, seed }), close: () => {} };
}
