import {
  type BothTouched,
  exitPrice,
  isTakenAway,
  type Resting,
  type Touch,
  targetThrough,
  touchAtOpen,
  touchInside,
} from '../../core/fills.ts';
import { isStopTooLate, liquidationPriceOf } from '../../core/margin.ts';
import { isBeyondTolerance } from '../../core/positions.ts';
import { isRefusedForDistance, sizingDistance } from '../../core/sizing.ts';
import { distanceAt, initialStop, type MovableStop, movedStop, targetOf } from '../../core/stops.ts';
import { perLotUsd, priceOfLot } from '../../domain/instrument.ts';
import type { Distance, RiskRules } from '../../domain/risk-rules.ts';
import { directionOf, EXIT_REASONS, type ExitReason } from '../../domain/trade.ts';
import { type MicroUsd, type Price, ZERO_USD } from '../../domain/units.ts';
import type { EntryTable } from './entry-table.ts';
import { grown } from './grown.ts';

/** How a position ended, in six bits: the place of its reason among EXIT_REASONS, and these. */
export const REASON = 15;
/** Within the candle, not at its open. */
export const INSIDE = 16;
const BEYOND_TOLERANCE = 32;

export function reasonOf(code: number): ExitReason {
  return EXIT_REASONS[code & REASON] as ExitReason;
}
export function isInside(code: number): boolean {
  return (code & INSIDE) !== 0;
}
export function isBeyond(code: number): boolean {
  return (code & BEYOND_TOLERANCE) !== 0;
}
export function exitCode(reason: ExitReason, inside = false): number {
  return EXIT_REASONS.indexOf(reason) | (inside ? INSIDE : 0);
}

/** The distance of a stop as one number; books of one family measure it in the same unit. */
export function sizeOf(distance: Distance): number {
  return 'fraction' in distance ? distance.fraction : distance.atr;
}

/** What an exit that candles alone decide depends on, beside the entry: all rules but size, signals and time. */
export interface BracketRules extends Pick<RiskRules, 'stop' | 'target' | 'breakEven' | 'trail' | 'minStopMoveBps'> {
  readonly leverage: number;
  readonly bothTouched: BothTouched;
  readonly stopAtr: Float64Array | undefined;
  readonly trailAtr: Float64Array | undefined;
  /** Rows of one decision: the row decides where (row + phase) is a multiple of `rows`. */
  readonly decision: { readonly rows: number; readonly phase: number };
}

/** Fields of what is remembered of an exit, side by side: a trade reads all of them. */
export const EXIT_FIELDS = 4;
/**
 * Row × EXIT_CODES + code; 0 where the exit is not known yet; negative where the distance of the stop has the entry
 * refused in the lowest margin tier, whatever its size, and REFUSED where its exit was therefore not looked for.
 */
export const ROW_AND_CODE = 0;
const REFUSED = -1;
/** Fill and initial stop, in micro-dollars a lot. */
export const EXIT_PER_LOT = 1;
export const STOP_PER_LOT = 2;
/** What a long of one lot received until then, in 10^−12 dollars. */
export const FUNDING_PER_LOT = 3;
export const EXIT_CODES = 64;

/**
 * Where positions of one side end by what rests at the exchange: stop, target, moved stops, liquidation. That depends
 * on the entry and on these rules alone, never on size, cash or signal, so it is found once and shared by every
 * strategy that enters there (rule 19). Exits by signal, by time and at the end of the data are laid over it.
 */
export class ExitBook {
  readonly entries: EntryTable;
  readonly rules: BracketRules;
  /** Rules with a stop and a target no further away: what they did not touch, these do not touch. */
  readonly #inner: ExitBook | undefined;
  readonly #hasStopOfInner: boolean;
  readonly #isFixed: boolean;
  readonly #direction: 1 | -1;
  readonly #resting: { -readonly [Key in keyof Resting]: Resting[Key] };
  /** By the number of the entry; not longer than what was asked for. */
  records = new Float64Array(0);

  /** Of the exit that was looked up last. Where nothing is ever touched, the row is the number of rows. */
  row = 0;
  price = 0;
  code = 0;
  stop = 0;
  fundingPerLot = 0;

  constructor(entries: EntryTable, rules: BracketRules, inner?: ExitBook) {
    this.entries = entries;
    this.rules = rules;
    this.#inner = inner;
    this.#hasStopOfInner = inner !== undefined && sizeOf(inner.rules.stop) === sizeOf(rules.stop);
    this.#isFixed = rules.breakEven === null && rules.trail === null;
    this.#direction = directionOf(entries.side);
    const nowhere = 0 as Price;
    this.#resting = { side: entries.side, stop: nowhere, target: null, targetThrough: null, liquidation: null };
  }

  /** Sees to it that there is a record of an entry. */
  record(entry: number): void {
    const { records } = this.#withRoom(entry);
    const at = entry * EXIT_FIELDS;
    if (records[at + ROW_AND_CODE] !== 0) return;
    if (this.#isRefused(entry)) records[at + ROW_AND_CODE] = REFUSED;
    else this.#find(entry, false);
  }

  #withRoom(entry: number): this {
    if (entry * EXIT_FIELDS >= this.records.length) {
      this.records = grown(this.records, new Float64Array(this.entries.capacity * EXIT_FIELDS));
    }
    return this;
  }

  /** Finds where the position of an entry ends, or remembers it: in the fields from `row` to `fundingPerLot`. */
  lookUp(entry: number): void {
    const { records } = this.#withRoom(entry);
    const at = entry * EXIT_FIELDS;
    const rowAndCode = Math.abs(records[at + ROW_AND_CODE] as number);
    if (rowAndCode < EXIT_CODES) {
      this.#find(entry, this.#isRefused(entry));
      return;
    }
    const { instrument } = this.entries.market;
    this.row = Math.floor(rowAndCode / EXIT_CODES);
    this.code = rowAndCode - this.row * EXIT_CODES;
    this.price = priceOfLot(instrument, records[at + EXIT_PER_LOT] as number);
    this.stop = priceOfLot(instrument, records[at + STOP_PER_LOT] as number);
    this.fundingPerLot = records[at + FUNDING_PER_LOT] as number;
  }

  /** What it remembers takes so much. */
  get bytes(): number {
    return this.records.byteLength;
  }

  #find(entry: number, isRefused: boolean): void {
    if (!this.#endsAsWithin(entry)) this.search(entry, ZERO_USD);
    const { records } = this;
    const { instrument } = this.entries.market;
    const at = entry * EXIT_FIELDS;
    const rowAndCode = this.row * EXIT_CODES + this.code;
    records[at + ROW_AND_CODE] = isRefused ? -rowAndCode : rowAndCode;
    records[at + EXIT_PER_LOT] = perLotUsd(instrument, this.price as Price);
    records[at + STOP_PER_LOT] = perLotUsd(instrument, this.stop as Price);
    records[at + FUNDING_PER_LOT] = this.fundingPerLot;
  }

  #isRefused(entry: number): boolean {
    const { market, side } = this.entries;
    const { stopAtr, trailAtr, leverage } = this.rules;
    const close = this.entries.closeBefore(entry);
    const signalRow = this.entries.rowOf(entry) - 1;
    const distance = sizingDistance(
      this.rules,
      close,
      stopAtr?.[signalRow] ?? Number.NaN,
      trailAtr?.[signalRow] ?? Number.NaN,
    );
    return isRefusedForDistance(market.instrument, leverage, side, close, distance);
  }

  /**
   * With the same stop and a nearer target: what did not end at that target ends for this one as it ended there, or
   * never ends, and no candle has to be looked at.
   */
  #endsAsWithin(entry: number): boolean {
    const inner = this.#inner;
    if (inner === undefined || !this.#hasStopOfInner) return false;
    inner.lookUp(entry);
    if (reasonOf(inner.code) === 'target') return false;
    this.row = inner.row;
    this.price = inner.price;
    this.code = inner.code;
    this.stop = inner.stop;
    this.fundingPerLot = inner.fundingPerLot;
    return true;
  }

  /** The row of an entry's exit alone. */
  #rowOf(entry: number): number {
    this.lookUp(entry);
    return this.row;
  }

  /**
   * Finds the exit of an entry without remembering it, for a position of this value: at a higher margin tier the
   * liquidation price is another one. Leaves it where
   * `lookUp` does.
   */
  search(entry: number, notionalUsd: MicroUsd): void {
    const { market, side } = this.entries;
    const { instrument } = market;
    const { target, leverage } = this.rules;
    const price = priceOfLot(instrument, this.entries.perLotOf(entry));
    const { stop: wanted, stopAtr } = this.rules;
    const entryRow = this.entries.rowOf(entry);
    const atr = stopAtr?.[entryRow - 1] ?? Number.NaN;
    const stop = initialStop(instrument, side, price, distanceAt(wanted, price, atr));
    this.stop = stop;
    const riskDistance = Math.abs(price - stop);
    const resting = this.#resting;
    resting.stop = stop;
    resting.target = target === null ? null : targetOf(instrument, side, price, riskDistance, target);
    resting.targetThrough = targetThrough(instrument, side, resting.target);
    resting.liquidation = liquidationPriceOf(instrument, side, price, leverage, notionalUsd);
    if (isStopTooLate(this.#direction, stop, resting.liquidation)) {
      // Out at once, at this same open.
      this.#leave(entryRow, market.candles.open[entryRow] as number, exitCode('liquidation-distance'));
    } else if (this.#isFixed) {
      this.#searchFixed(entry);
    } else {
      this.#searchMoving(entry, price, riskDistance);
    }
    const isTouched = this.row < market.candles.length;
    this.fundingPerLot = isTouched ? market.fundingPerLot(entryRow, this.row, isInside(this.code)) : 0;
  }

  #searchFixed(entry: number): void {
    const { tree, candles } = this.entries.market;
    const { stop, targetThrough: through } = this.#resting;
    const isLong = this.#direction === 1;
    const from = this.#inner === undefined ? this.entries.rowOf(entry) : this.#inner.#rowOf(entry);
    const below = isLong ? stop : (through ?? Number.NEGATIVE_INFINITY);
    const above = isLong ? (through ?? Number.POSITIVE_INFINITY) : stop;
    const row = from < candles.length ? tree.firstOutside(from, below, above) : from;
    if (row >= candles.length || !this.#touched(row, 'stop')) this.#never();
  }

  /** Jumps from new extreme to new extreme: between two of them no stop moves (rules 15 and 46). */
  #searchMoving(entry: number, price: Price, riskDistance: number): void {
    const { market } = this.entries;
    const { tree, candles, instrument } = market;
    const { high, low, close, length } = candles;
    const { rules } = this;
    const resting = this.#resting;
    const direction = this.#direction;
    const isLong = direction === 1;
    const through = resting.targetThrough ?? direction * Number.POSITIVE_INFINITY;
    const first = this.entries.rowOf(entry);
    const intent = { trailAtr: rules.trailAtr?.[first - 1] ?? Number.NaN };
    const position: MovableStop['position'] = { direction, entryPrice: price, riskDistance, intent };
    const { rows, phase } = rules.decision;

    let best = -direction * Number.POSITIVE_INFINITY;
    let isNews = false;
    let reason: ExitReason = 'stop';
    for (let row = first; row < length; row++) {
      if (!isNews) {
        const below = isLong ? resting.stop : Math.max(through, best);
        const above = isLong ? Math.min(through, best) : resting.stop;
        row = tree.firstOutside(row, below, above);
        if (row >= length) break;
      }
      if (this.#touched(row, reason)) return;
      if (!market.hasCandle(row)) continue;
      const reached = (isLong ? high[row] : low[row]) as number;
      if ((reached - best) * direction > 0) {
        best = reached;
        isNews = true;
      }
      if (!isNews || (row + phase) % rows !== 0) continue;
      isNews = false;
      const moved = movedStop(instrument, rules, { position, stop: resting.stop, high: best, low: best });
      if (moved === undefined) continue;
      resting.stop = moved.stop;
      reason = moved.reason;
      const isCrossed = ((close[row] as number) - moved.stop) * direction <= 0;
      if (isCrossed) {
        this.#leaveAtNextOpen(row + 1, reason);
        return;
      }
    }
    this.#never();
  }

  #never(): void {
    this.row = this.entries.market.candles.length;
    this.price = Number.NaN;
    this.code = 0;
  }

  /** A market exit that was sent at a close fills at the next open that there is, unless the position is taken away. */
  #leaveAtNextOpen(from: number, reason: ExitReason): void {
    const { market } = this.entries;
    const row = market.nextStored(from);
    if (row >= market.candles.length) {
      this.#never();
      return;
    }
    const open = market.candles.open[row] as number;
    const isTaken = isTakenAway(this.#direction, this.#resting.liquidation, open);
    this.#leave(row, open, exitCode(isTaken ? 'liquidation' : reason));
  }

  #leave(row: number, observed: number, code: number): void {
    const { market, side, slippageBps } = this.entries;
    this.row = row;
    this.price = exitPrice(market.instrument, side, observed, slippageBps);
    this.code = code;
  }

  /** Writes down what a candle does to what rests, if it does anything. */
  #touched(row: number, stopReason: ExitReason): boolean {
    const { open, high, low } = this.entries.market.candles;
    const resting = this.#resting;
    const atOpen = touchAtOpen(resting, open[row] as number);
    const touch = atOpen ?? touchInside(resting, high[row] as number, low[row] as number, this.rules.bothTouched);
    if (touch === undefined) return false;
    this.#fill(row, touch, stopReason, atOpen === undefined);
    return true;
  }

  #fill(row: number, touch: Touch, stopReason: ExitReason, inside: boolean): void {
    const { stop, target } = this.#resting;
    const code = exitCode(touch === 'stop' ? stopReason : touch, inside);
    if (touch === 'target') {
      this.row = row;
      this.price = target as Price;
      this.code = code;
      return;
    }
    this.#leave(row, inside ? stop : (this.entries.market.candles.open[row] as number), code);
    if (touch === 'stop' && isBeyondTolerance(this.#direction, stop, this.price)) this.code |= BEYOND_TOLERANCE;
  }
}
