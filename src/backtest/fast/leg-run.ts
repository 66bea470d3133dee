import { exitPrice, isTakenAway } from '../../core/fills.ts';
import { liquidationPriceOf } from '../../core/margin.ts';
import { closeTimeAt } from '../../domain/candle.ts';
import type { RiskRules } from '../../domain/risk-rules.ts';
import { intervalMs } from '../../domain/time.ts';
import { directionOf, type Side } from '../../domain/trade.ts';
import type { Lots, MicroUsd, Price } from '../../domain/units.ts';
import { type BitSearch, NO_ROW } from './bits.ts';
import { NO_ENTRY } from './entry-table.ts';
import { type ExitBook, exitCode } from './exit-book.ts';
import type { FastMarket } from './market.ts';
import type { FastLeg, FastSpec } from './spec.ts';

/** What a leg does next. */
export type Stage = 'decide' | 'enter' | 'exit' | 'done';

/** Decisions of a leg fall on every `rows`-th row: where (row + phase) is a multiple of it. */
export interface DecisionGrid {
  readonly rows: number;
  readonly phase: number;
}

export function decisionGridOf({ candles }: FastLeg, decisionMs: number): DecisionGrid {
  const stepMs = intervalMs(candles.interval);
  return { rows: decisionMs / stepMs, phase: (closeTimeAt(candles, 0) % decisionMs) / stepMs };
}

/** Where a strategy speaks, ready to be searched. */
export interface SignalSearch {
  /** For an entry, on either side. */
  readonly entries: BitSearch | undefined;
  readonly exitLong: BitSearch | undefined;
  readonly exitShort: BitSearch | undefined;
}

/** Where a leg speaks, and where its positions end on the sides for which it speaks. */
export interface PlainGround {
  readonly entries: BitSearch;
  readonly long: ExitBook | undefined;
  readonly short: ExitBook | undefined;
}

/** The exit books of both sides of a leg, as the engine keeps them. */
export type BookOf = (side: Side) => ExitBook;

/**
 * One leg on its way through a run: looking for a signal, entering, in a position whose end is known from the entry
 * on. All that the account has to do with it is the size.
 */
export class LegRun {
  readonly index: number;
  readonly leg: FastLeg;
  readonly market: FastMarket;
  /** Place of the coin among those of the run. */
  readonly coin: number;
  stage: Stage = 'decide';
  /** The row of the next event: a close for a decision, an open for an entry. */
  row = 0;

  /** The position, or the order for one, or what is thought about. */
  side: Side = 'long';
  direction: 1 | -1 = 1;
  lots = 0 as Lots;
  /** Its number among the entries of its side; NO_ENTRY where the next candle does not exist (rule 44). */
  entry: number = NO_ENTRY;
  entryRow = 0;
  entryPrice = 0 as Price;
  stop = 0 as Price;
  exitRow = 0;
  exitPrice = 0 as Price;
  exitCode = 0;
  /** What a long of one lot receives until the exit, in 10^−12 dollars. */
  fundingPerLot = 0;
  entryFeeUsd = 0;
  /** Of the order at its close, then of the fill; what the account holds back for it. */
  notionalUsd = 0;
  marginUsd = 0;

  readonly #to: number;
  readonly #decisions: DecisionGrid;
  readonly #signals: SignalSearch;
  readonly #bookOf: BookOf;
  readonly #books: { long?: ExitBook; short?: ExitBook } = {};
  readonly #rules: RiskRules;
  readonly #slippageBps: number;
  /** From this notional on the exchange's higher margin tier holds, which no exit book knows. */
  readonly #tierFromUsd: number;

  constructor(
    index: number,
    coin: number,
    market: FastMarket,
    spec: FastSpec,
    decisions: DecisionGrid,
    signals: SignalSearch,
    bookOf: BookOf,
  ) {
    const leg = spec.legs[index] as FastLeg;
    this.index = index;
    this.coin = coin;
    this.leg = leg;
    this.market = market;
    this.#to = spec.to;
    this.#decisions = decisions;
    this.#signals = signals;
    this.#bookOf = bookOf;
    this.#rules = spec.rules;
    this.#slippageBps = spec.costs.slippageBps;
    this.#tierFromUsd = (leg.instrument.marginTiers[1]?.fromNotionalUsd ?? Number.POSITIVE_INFINITY) * 1e6;
    this.lookFrom(spec.from);
  }

  /** Flat: the next event is the first close from `from` on at which the strategy speaks and may. */
  lookFrom(from: number): void {
    const { entries } = this.#signals;
    const row = entries === undefined ? NO_ROW : this.#decidingBit(entries, from);
    this.row = row;
    this.stage = row < this.#to ? 'decide' : 'done';
  }

  /** The first close from `from` on with that bit, of a candle that exists and at which the leg decides. */
  #decidingBit(bits: BitSearch, from: number): number {
    const { rows, phase } = this.#decisions;
    let row = bits.next(from);
    while (row < this.#to && !(this.market.hasCandle(row) && (rows === 1 || (row + phase) % rows === 0))) {
      row = bits.next(row + 1);
    }
    return row;
  }

  /**
   * Thinks about an entry on this side, at the open after the row.
   *
   * @returns the close of the row, by which it would be sized
   */
  consider(side: Side): number {
    this.side = side;
    this.direction = directionOf(side);
    const next = this.row + 1;
    const { entries } = this.book;
    this.entry = next < this.#to ? entries.numberAt(next) : NO_ENTRY;
    return this.entry === NO_ENTRY ? (this.market.candles.close[this.row] as number) : entries.closeBefore(this.entry);
  }

  get book(): ExitBook {
    const book = this.#books[this.side] ?? this.#bookOf(this.side);
    this.#books[this.side] = book;
    return book;
  }

  /**
   * Where a position will end is known when its entry fills: by what rests at the exchange, unless a signal or the
   * clock ends it before, or the data ends (rules 14, 42 and 43).
   */
  findExit(notionalUsd: MicroUsd): void {
    const { book } = this;
    if (notionalUsd < this.#tierFromUsd) book.lookUp(this.entry);
    else book.search(this.entry, notionalUsd);
    this.exitRow = book.row;
    this.exitPrice = book.price as Price;
    this.exitCode = book.code;
    this.stop = book.stop as Price;
    this.fundingPerLot = book.fundingPerLot;
    this.#cutShort(notionalUsd);
    this.stage = 'exit';
    this.row = Math.min(this.exitRow, this.#to);
    if (this.exitRow >= this.#to) this.#end();
  }

  /** A signal or the clock asks for a market exit at a close that the position survives. */
  #cutShort(notionalUsd: MicroUsd): void {
    const { maxHold } = this.#rules;
    const exits = this.side === 'long' ? this.#signals.exitLong : this.#signals.exitShort;
    const signalRow = exits === undefined ? NO_ROW : this.#decidingBit(exits, this.entryRow);
    const dueRow = maxHold === null ? NO_ROW : this.entryRow + maxHold * this.#decisions.rows - 1;
    const cutRow = Math.min(signalRow, dueRow);
    if (cutRow >= this.exitRow) return;
    const row = this.market.nextStored(cutRow + 1);
    this.exitRow = row;
    if (row >= this.#to) return;
    const { instrument } = this.leg;
    const open = this.market.candles.open[row] as number;
    const liquidation = liquidationPriceOf(instrument, this.side, this.entryPrice, this.#rules.leverage, notionalUsd);
    const isTaken = isTakenAway(this.direction, liquidation, open);
    this.fundingPerLot = this.market.fundingPerLot(this.entryRow, row, false);
    this.exitCode = exitCode(isTaken ? 'liquidation' : signalRow <= dueRow ? 'signal' : 'time');
    this.exitPrice = exitPrice(instrument, this.side, open, this.#slippageBps);
  }

  /** Settled at the last stored close, with costs. */
  #end(): void {
    const last = this.market.lastStored(this.#to - 1);
    this.exitRow = last;
    this.exitCode = exitCode('end', true);
    this.fundingPerLot = this.market.fundingPerLot(this.entryRow, last, true);
    const close = this.market.candles.close[last] as number;
    this.exitPrice = exitPrice(this.leg.instrument, this.side, close, this.#slippageBps);
  }

  /** What plain trades of this leg need; undefined where it never speaks, or not at each of its rows. */
  plainGround(): PlainGround | undefined {
    const { entries } = this.#signals;
    const { long, short } = this.leg.bits;
    if (entries === undefined || this.#decisions.rows > 1) return undefined;
    return { entries, long: long && this.#bookOf('long'), short: short && this.#bookOf('short') };
  }

  /** An order for the open of the next row. */
  order(lots: Lots): void {
    this.lots = lots;
    this.stage = 'enter';
    this.row++;
  }
}
