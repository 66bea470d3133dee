import { type CandleColumns, openTimeAt, rowAt } from '../domain/candle.ts';
import { type Interval, intervalMs } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { decimalSum, decimalsOf } from '../market/resample.ts';
import { firstExtremeIsLow, PATH_FRACTIONS, sharesAt } from './price-path.ts';

/** A candle as the exchange knows it at some moment, closed or still forming. It does not leave the simulator. */
export interface MarketCandle {
  readonly openTimeMs: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
}

/** A candle that closes with other values than it will have in the end. */
export interface Revision {
  readonly interval: Interval;
  readonly openTimeMs: number;
  /** How long after its close it takes its final values. */
  readonly afterMs: number;
  /** What it shows until then, where that differs. */
  readonly first: Partial<Omit<MarketCandle, 'openTimeMs'>>;
}

/**
 * When the flat row of a candle without trades is served: so long after its close, or not until the next trade.
 * No message of the stream announces it in either case.
 */
export type EmptyRowRule = { readonly afterMs: number } | 'with-next-trade';

export interface TapeOptions {
  /** Candles of one or more intervals; the finest are played, and longer ones that are not given are joined of them. */
  readonly candles: readonly [CandleColumns, ...CandleColumns[]];
  readonly emptyRows: EmptyRowRule;
  readonly revisions: readonly Revision[];
}

/** One trade of the tape. */
export interface TapeTrade {
  readonly timeMs: EpochMs;
  readonly price: number;
  readonly size: number;
}

/**
 * The whole history of one coin, and what of it has happened at any moment. Rows without volume are candles in which
 * nobody traded; rows that are NaN are a halt of the venue, which leaves no candle behind.
 */
export class CoinTape {
  readonly coin: string;
  /** The finest interval. */
  readonly interval: Interval;
  readonly #stepMs: number;
  readonly #finest: CandleColumns;
  readonly #given: ReadonlyMap<Interval, CandleColumns>;
  readonly #decimals: number;
  readonly #emptyRows: EmptyRowRule;
  readonly #revisions = new Map<string, Revision>();
  #volumes = new Float64Array(60);

  constructor({ candles, emptyRows, revisions }: TapeOptions) {
    const ordered = [...candles].sort((a, b) => intervalMs(a.interval) - intervalMs(b.interval));
    this.#finest = ordered[0] as CandleColumns;
    this.#given = new Map(ordered.map((columns) => [columns.interval, columns]));
    this.coin = this.#finest.coin;
    this.interval = this.#finest.interval;
    this.#stepMs = intervalMs(this.interval);
    this.#decimals = decimalsOf(this.#finest.volume);
    this.#emptyRows = emptyRows;
    for (const each of revisions) this.#revisions.set(`${each.interval} ${each.openTimeMs}`, each);
  }

  /** The open of the first candle. */
  get startMs(): EpochMs {
    return this.#finest.firstOpenMs;
  }

  /** The close of the last candle. */
  get endMs(): EpochMs {
    return openTimeAt(this.#finest, this.#finest.length);
  }

  /**
   * Candles of the interval that overlap the time and are served at `nowMs`, ascending, a forming one last: of more
   * than `count` the newest.
   */
  candles(
    interval: Interval,
    fromMs: number,
    toMs: number,
    nowMs: number,
    count = Number.POSITIVE_INFINITY,
  ): MarketCandle[] {
    const stepMs = intervalMs(interval);
    const candles: MarketCandle[] = [];
    const firstMs = Math.floor(Math.max(fromMs, this.startMs) / stepMs) * stepMs;
    let openMs = Math.floor(Math.min(toMs, nowMs, this.endMs - 1) / stepMs) * stepMs;
    for (; openMs >= firstMs && candles.length < count; openMs -= stepMs) {
      const candle = openMs + stepMs <= nowMs ? this.closed(interval, openMs, nowMs) : this.forming(interval, nowMs);
      if (candle !== undefined) candles.push(candle);
    }
    return candles.reverse();
  }

  /** The candle that is forming; undefined while nobody has traded in it. */
  forming(interval: Interval, nowMs: number): MarketCandle | undefined {
    const stepMs = intervalMs(interval);
    const candle = this.#joined(interval, Math.floor(nowMs / stepMs) * stepMs, nowMs);
    return candle === undefined || candle.volume === 0 ? undefined : candle;
  }

  /** A candle that has closed, as it is served; undefined where there is none, or none yet. */
  closed(interval: Interval, openMs: number, nowMs: number): MarketCandle | undefined {
    const candle = this.final(interval, openMs);
    if (candle === undefined) return undefined;
    const closeMs = openMs + intervalMs(interval);
    if (candle.volume === 0 && nowMs < this.#servedFromMs(closeMs)) return undefined;
    if (this.#revisions.size === 0) return candle;
    const current = this.#given.has(interval) ? candle : this.#joined(interval, openMs, nowMs);
    return current && this.#asShown(interval, current, closeMs, nowMs);
  }

  /** A candle with the values that it has in the end. */
  final(interval: Interval, openMs: number): MarketCandle | undefined {
    const given = this.#given.get(interval);
    if (given === undefined) return this.#joined(interval, openMs, Number.POSITIVE_INFINITY);
    return rowOf(given, rowAt(given, openMs));
  }

  #servedFromMs(closeMs: number): number {
    if (this.#emptyRows === 'with-next-trade') return this.nextTradeMs(closeMs - 1) ?? Number.POSITIVE_INFINITY;
    return closeMs + this.#emptyRows.afterMs;
  }

  /** The price of the last trade; undefined before the first. */
  lastPrice(nowMs: number): number | undefined {
    let row = Math.min(this.#rowOf(nowMs), this.#finest.length - 1);
    const current = row < 0 ? undefined : this.#partOf(row, nowMs);
    if (current !== undefined) return current.close;
    while (--row >= 0) {
      const close = this.#finest.close[row] as number;
      if (!Number.isNaN(close)) return close;
    }
    return undefined;
  }

  /** Is the market open: neither before the listing, nor halted, nor over? */
  isOpen(nowMs: number): boolean {
    const close = this.#finest.close[this.#rowOf(nowMs)];
    return close !== undefined && !Number.isNaN(close);
  }

  /** When the next trade after that moment takes place. */
  nextTradeMs(afterMs: number): EpochMs | undefined {
    for (let row = Math.max(0, this.#rowOf(afterMs)); row < this.#finest.length; row++) {
      if (!((this.#finest.volume[row] as number) > 0)) continue;
      const openMs = openTimeAt(this.#finest, row);
      const fraction = PATH_FRACTIONS.find((each) => openMs + each * this.#stepMs > afterMs);
      if (fraction !== undefined) return epochMs(openMs + fraction * this.#stepMs);
    }
    return undefined;
  }

  /** Trades after `fromMs` up to `toMs`. */
  trades(fromMs: number, toMs: number): TapeTrade[] {
    const trades: TapeTrade[] = [];
    let timeMs = this.nextTradeMs(fromMs);
    for (; timeMs !== undefined && timeMs <= toMs; timeMs = this.nextTradeMs(timeMs)) {
      const row = this.#rowOf(timeMs);
      const before = this.#partOf(row, timeMs - 1)?.volume ?? 0;
      const after = this.#partOf(row, timeMs);
      if (after !== undefined) trades.push({ timeMs, price: after.close, size: rounded(after.volume - before) });
    }
    return trades;
  }

  /** Coins traded in rows that opened in that time. */
  volumeBetween(fromMs: number, toMs: number): number {
    const from = Math.max(0, this.#rowOf(fromMs));
    const to = Math.min(this.#finest.length, this.#rowOf(toMs));
    let sum = 0;
    for (let row = from; row < to; row++) sum += this.#finest.volume[row] || 0;
    return rounded(sum);
  }

  #rowOf(timeMs: number): number {
    return Math.floor(rowAt(this.#finest, timeMs));
  }

  /** The candle of what has happened by `nowMs` in one that opens then. */
  #joined(interval: Interval, openMs: number, nowMs: number): MarketCandle | undefined {
    const from = Math.max(0, this.#rowOf(openMs));
    const to = Math.min(this.#finest.length, this.#rowOf(openMs + intervalMs(interval)));
    if (to - from > this.#volumes.length) this.#volumes = new Float64Array(to - from);
    let [open, high, low, close] = [Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN];
    let [trades, parts] = [0, 0];
    for (let row = from; row < to; row++) {
      const part = this.#partOf(row, nowMs);
      if (part === undefined) continue;
      if (parts === 0) open = part.open;
      high = Math.max(high, part.high);
      low = Math.min(low, part.low);
      close = part.close;
      trades += part.trades;
      this.#volumes[parts++] = part.volume;
    }
    if (parts === 0) return undefined;
    const volume = decimalSum(this.#volumes, 0, parts, this.#decimals);
    return { openTimeMs: epochMs(openMs), open, high, low, close, volume, trades };
  }

  /** A row of the finest interval as far as it has happened. */
  #partOf(row: number, nowMs: number): MarketCandle | undefined {
    const openMs = openTimeAt(this.#finest, row);
    if (openMs > nowMs) return undefined;
    const final = rowOf(this.#finest, row);
    if (final === undefined || nowMs === Number.POSITIVE_INFINITY) return final;
    const closeMs = openMs + this.#stepMs;
    const shown = this.#asShown(this.interval, final, closeMs, nowMs);
    if (nowMs >= closeMs) return shown;
    return this.#partial(shown, (nowMs - openMs) / this.#stepMs);
  }

  /** The first trades of a candle: open, one extreme, the other, close. */
  #partial(candle: MarketCandle, elapsed: number): MarketCandle | undefined {
    const shares = sharesAt(elapsed);
    if (shares === 0 || candle.volume === 0) return undefined;
    const { open, high, low, close } = candle;
    const path = firstExtremeIsLow(candle) ? [open, low, high, close] : [open, high, low, close];
    const seen = path.slice(0, shares);
    const scale = 10 ** this.#decimals;
    const part = shares / PATH_FRACTIONS.length;
    return {
      openTimeMs: candle.openTimeMs,
      open,
      high: Math.max(...seen),
      low: Math.min(...seen),
      close: seen[shares - 1] as number,
      // Something was traded, were it a single lot.
      volume: part === 1 ? candle.volume : Math.max(1, Math.floor(candle.volume * part * scale)) / scale,
      trades: Math.ceil(candle.trades * part),
    };
  }

  #asShown(interval: Interval, candle: MarketCandle, closeMs: number, nowMs: number): MarketCandle {
    if (this.#revisions.size === 0) return candle;
    const revision = this.#revisions.get(`${interval} ${candle.openTimeMs}`);
    return revision === undefined || nowMs >= closeMs + revision.afterMs ? candle : { ...candle, ...revision.first };
  }
}

function rowOf(columns: CandleColumns, row: number): MarketCandle | undefined {
  const close = columns.close[row];
  if (close === undefined || Number.isNaN(close)) return undefined;
  const volume = columns.volume[row] as number;
  return {
    openTimeMs: openTimeAt(columns, row),
    open: columns.open[row] as number,
    high: columns.high[row] as number,
    low: columns.low[row] as number,
    close,
    volume,
    trades: volume > 0 ? PATH_FRACTIONS.length : 0,
  };
}

/** Differences of decimals without the tails of their doubles. */
function rounded(value: number): number {
  return Number(value.toFixed(8));
}
