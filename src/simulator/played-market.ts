import { type CandleColumns, type ClosedCandle, emptyColumns, openTimeAt } from '../domain/candle.ts';
import { UsageError } from '../domain/errors.ts';
import { type Instrument, roundPrice } from '../domain/instrument.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS, HOUR_MS, type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { CoinTape, type EmptyRowRule, type Revision } from './coin-tape.ts';

/** What is played of one coin. A coin without candles is one that the exchange lists and nobody trades. */
export interface PlayedCoin {
  readonly instrument: Instrument;
  /** The finest are played; longer ones that are not given are joined of them. Bare columns are the only ones. */
  readonly candles?: CandleColumns | readonly CandleColumns[];
  /** As the exchange stamps them: some milliseconds after the hour. */
  readonly funding?: readonly { readonly timeMs: number; readonly rate: number }[];
  readonly revisions?: readonly Revision[];
}

/** A stretch in which the venue stands still: no candles, no messages of the stream. */
export interface Halt {
  readonly fromMs: number;
  readonly toMs: number;
  /** All coins where it is not said. */
  readonly coins?: readonly string[];
}

export interface MarketOptions {
  readonly coins: readonly PlayedCoin[];
  readonly halts?: readonly Halt[];
  readonly emptyRows?: EmptyRowRule;
  /** How often mark prices are published; the exchange does it about every three seconds. */
  readonly contextEveryMs?: number;
}

/** What the exchange says about a coin beside its candles. */
export interface AssetContext {
  readonly markPrice: number;
  readonly oraclePrice: number;
  readonly midPrice: number;
  readonly bidPrice: number;
  readonly askPrice: number;
  readonly previousDayPrice: number;
  readonly dayVolume: number;
  readonly openInterest: number;
  readonly fundingRate: number;
  readonly premium: number;
}

export interface PlayedSettlement {
  readonly timeMs: EpochMs;
  readonly rate: number;
}

const CONTEXT_EVERY_MS = 3_000;
const EMPTY_ROW_AFTER_MS = 5_000;
/** How far mark and oracle price stray from the last trade, as a fraction. */
const MARK_STRAY = 0.0002;
const ORACLE_STRAY = 0.0004;
const HALF_SPREAD = 0.00005;

/** A market that has already happened, known at any moment as far as it had happened by then. */
export class PlayedMarket {
  readonly instruments: readonly Instrument[];
  readonly contextEveryMs: number;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #tapes = new Map<string, CoinTape>();
  readonly #funding = new Map<string, readonly PlayedSettlement[]>();

  constructor({ coins, halts = [], emptyRows = { afterMs: EMPTY_ROW_AFTER_MS }, contextEveryMs }: MarketOptions) {
    this.instruments = coins.map(({ instrument }) => instrument);
    this.#instruments = new Map(this.instruments.map((instrument) => [instrument.coin, instrument]));
    this.contextEveryMs = contextEveryMs ?? CONTEXT_EVERY_MS;
    for (const { instrument, candles = [], funding = [], revisions = [] } of coins) {
      const { coin } = instrument;
      const [first, ...more] = columnsIn(candles).map((columns) => halted(columns, halts));
      if (first !== undefined) {
        const tape = new CoinTape({ candles: [first, ...more], emptyRows, revisions });
        if (tape.coin !== coin) throw new UsageError(`candles of ${tape.coin} cannot be played as ${coin}`);
        this.#tapes.set(coin, tape);
      }
      const settlements = funding.map(({ timeMs, rate }) => ({ timeMs: epochMs(timeMs), rate }));
      this.#funding.set(
        coin,
        settlements.sort((a, b) => a.timeMs - b.timeMs),
      );
    }
  }

  /** The history of a coin; undefined for one that is not listed, or has none. */
  tape(coin: string): CoinTape | undefined {
    return this.#tapes.get(coin);
  }

  isListed(coin: string): boolean {
    return this.#instruments.has(coin);
  }

  /** Settlements of a coin in that time, both ends included, ascending. */
  settlements(coin: string, fromMs: number, toMs: number): PlayedSettlement[] {
    const all = this.#funding.get(coin) ?? [];
    return all.slice(firstFrom(all, fromMs), firstFrom(all, toMs + 1));
  }

  /** What a recorder of this exchange has in the end: candles that open in fromMs … toMs−1, with their last values. */
  finalCandles(coin: string, interval: Interval, fromMs: number, toMs: number): ClosedCandle[] {
    const tape = this.#tapes.get(coin);
    const stepMs = intervalMs(interval);
    const candles: ClosedCandle[] = [];
    if (tape === undefined) return candles;
    const firstMs = Math.ceil(Math.max(fromMs, Math.floor(tape.startMs / stepMs) * stepMs) / stepMs) * stepMs;
    for (let openMs = firstMs; openMs < Math.min(toMs, tape.endMs); openMs += stepMs) {
      const candle = tape.final(interval, openMs);
      if (candle !== undefined) candles.push(candle);
    }
    return candles;
  }

  /** Mark prices as they were published after fromMs up to toMs. */
  marks(coin: string, fromMs: number, toMs: number): { readonly timeMs: EpochMs; readonly price: number }[] {
    const marks: { timeMs: EpochMs; price: number }[] = [];
    for (let timeMs = this.nextContextMs(fromMs); timeMs <= toMs; timeMs = this.nextContextMs(timeMs)) {
      const context = this.context(coin, timeMs);
      if (context !== undefined && this.isOpen(coin, timeMs)) marks.push({ timeMs, price: context.markPrice });
    }
    return marks;
  }

  /** Is the coin's market open: listed, not halted, not over? */
  isOpen(coin: string, nowMs: number): boolean {
    return this.#tapes.get(coin)?.isOpen(nowMs) ?? false;
  }

  /** The middle of each book, by coin; a coin that was never traded has none. */
  mids(nowMs: number): Map<string, number> {
    const mids = new Map<string, number>();
    for (const [coin, tape] of this.#tapes) {
      const price = tape.lastPrice(Math.floor(nowMs / this.contextEveryMs) * this.contextEveryMs);
      if (price !== undefined) mids.set(coin, price);
    }
    return mids;
  }

  nextContextMs(afterMs: number): EpochMs {
    return epochMs((Math.floor(afterMs / this.contextEveryMs) + 1) * this.contextEveryMs);
  }

  /** The context that was last published; undefined before the first trade, and after the last of a delisted coin. */
  context(coin: string, nowMs: number): AssetContext | undefined {
    const tape = this.#tapes.get(coin);
    const instrument = this.#instruments.get(coin);
    const atMs = Math.floor(nowMs / this.contextEveryMs) * this.contextEveryMs;
    const price = tape?.lastPrice(atMs);
    if (tape === undefined || instrument === undefined || price === undefined) return undefined;
    if (instrument.isDelisted && !tape.isOpen(nowMs)) return undefined;
    const near = (fraction: number) => roundPrice(instrument, price * (1 + fraction), 'down');
    const markPrice = near(MARK_STRAY * strayAt(coin, atMs / this.contextEveryMs));
    const oraclePrice = near(ORACLE_STRAY * strayAt(`${coin} oracle`, atMs / this.contextEveryMs));
    const dayVolume = tape.volumeBetween(atMs - DAY_MS, atMs);
    return {
      markPrice,
      oraclePrice,
      midPrice: price,
      bidPrice: near(-HALF_SPREAD),
      askPrice: roundPrice(instrument, price * (1 + HALF_SPREAD), 'up'),
      previousDayPrice: tape.lastPrice(atMs - DAY_MS) ?? price,
      dayVolume,
      openInterest: dayVolume / 2,
      fundingRate: this.settlements(coin, atMs - HOUR_MS, atMs).at(-1)?.rate ?? 0,
      premium: markPrice / oraclePrice - 1,
    };
  }
}

function columnsIn(candles: CandleColumns | readonly CandleColumns[]): readonly CandleColumns[] {
  return 'interval' in candles ? [candles] : candles;
}

/** The candles of a market that stood still then. A candle that was only halted in part is left as it is. */
function halted(columns: CandleColumns, halts: readonly Halt[]): CandleColumns {
  const own = halts.filter(({ coins }) => coins === undefined || coins.includes(columns.coin));
  if (own.length === 0) return columns;
  return withRows(columns, (row, openMs, closeMs) => {
    if (!own.some(({ fromMs, toMs }) => openMs >= fromMs && closeMs <= toMs)) return;
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) row[name] = Number.NaN;
  });
}

/** The same candles with nobody trading in those that open at these times: flat rows at the last price. */
export function withoutTrades(columns: CandleColumns, openTimesMs: readonly number[]): CandleColumns {
  const empty = new Set(openTimesMs);
  let price = Number.NaN;
  return withRows(columns, (row, openMs) => {
    if (empty.has(openMs)) {
      for (const name of ['open', 'high', 'low', 'close'] as const) row[name] = Number.isNaN(price) ? row.open : price;
      row.volume = 0;
    }
    if (!Number.isNaN(row.close)) price = row.close;
  });
}

/** The same candles at another time: history played as if it were now. Move by whole days and the grids fit. */
export function movedBy(columns: CandleColumns, ms: number): CandleColumns {
  return { ...columns, firstOpenMs: epochMs(columns.firstOpenMs + ms) };
}

type Row = Record<'open' | 'high' | 'low' | 'close' | 'volume', number>;

function withRows(columns: CandleColumns, change: (row: Row, openMs: number, closeMs: number) => void): CandleColumns {
  const changed = emptyColumns(columns.coin, columns.interval, columns.firstOpenMs, columns.length);
  const names = ['open', 'high', 'low', 'close', 'volume'] as const;
  for (let i = 0; i < columns.length; i++) {
    const row = Object.fromEntries(names.map((name) => [name, columns[name][i] as number])) as Row;
    change(row, openTimeAt(columns, i), openTimeAt(columns, i + 1));
    for (const name of names) changed[name][i] = row[name];
  }
  return changed;
}

/** A number in −1 … 1 that follows from its arguments alone. */
function strayAt(name: string, index: number): number {
  return 2 * new Prng(index).fork(name).uniform() - 1;
}

/** The first row at or after that time. */
function firstFrom(settlements: readonly PlayedSettlement[], fromMs: number): number {
  let [low, high] = [0, settlements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((settlements[middle] as PlayedSettlement).timeMs < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
