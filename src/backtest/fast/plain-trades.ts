import { leverageAt, marginUsdOf } from '../../core/margin.ts';
import { wantedCoins } from '../../core/sizing.ts';
import { distanceAt } from '../../core/stops.ts';
import { exactFee, type FeeFraction, feeFraction, fundingOf } from '../../domain/money.ts';
import type { RiskRules } from '../../domain/risk-rules.ts';
import { floorExact, powerOfTen } from '../../domain/rounding.ts';
import { EXIT_REASONS } from '../../domain/trade.ts';
import { type Lots, type MicroUsd, ZERO_USD } from '../../domain/units.ts';
import type { FastAccount } from './account.ts';
import { hasBit } from './bits.ts';
import * as entry from './entry-table.ts';
import { NO_ENTRY } from './entry-table.ts';
import type { ExitBook } from './exit-book.ts';
import * as exit from './exit-book.ts';
import type { LegRun, PlainGround } from './leg-run.ts';
import type { FastLeg, FastSpec } from './spec.ts';

const TARGET = EXIT_REASONS.indexOf('target');
const LIQUIDATION = EXIT_REASONS.indexOf('liquidation');
/** What lies within rounding of a bound is left to the core. */
const WELL_BELOW = 0.999;

/**
 * Nearly all trades of nearly all sweeps are plain: one leg has the account for itself, what rests at the exchange ends
 * the position, and the size is an order in the lowest margin tier. Such a trade is a few multiplications of whole
 * numbers that were found before. They are made here, one trade after the other, without an event, a call or an object
 * between them. Each that is not plain, for whatever reason, is left to the account and its events, which know all
 * rules. A trade is the same in whichever way it is made.
 */
export class PlainTrades {
  readonly #leg: FastLeg;
  readonly #rules: RiskRules;
  readonly #to: number;
  readonly #ground: PlainGround;
  readonly #leverage: number;
  readonly #taker: FeeFraction;
  readonly #maker: FeeFraction;
  /** How much a value may be, so that it and its fee are exact in doubles. */
  readonly #exactUsd: number;
  /** How much an entry may be worth at its fill: it is in the lowest margin tier too, whose liquidation is known. */
  readonly #mostUsd: number;
  /** The same at the close, in cash. */
  readonly #mostCashUsd: number;
  readonly #lotsOfCoin: number;

  /** Undefined where other things than resting orders and free cash may decide about a trade of this run. */
  static of(spec: FastSpec, leg: LegRun): PlainTrades | undefined {
    const { maxHold, maxOpen, maxExposure, maxCoinExposure, maxSideExposure } = spec.rules;
    const limits = [maxHold, maxOpen, maxExposure, maxCoinExposure, maxSideExposure];
    const { exitLong, exitShort } = leg.leg.bits;
    if (limits.some((limit) => limit !== null) || exitLong !== undefined || exitShort !== undefined) return undefined;
    const ground = leg.plainGround();
    return ground && new PlainTrades(spec, leg.leg, ground);
  }

  private constructor({ rules, costs, to }: FastSpec, leg: FastLeg, ground: PlainGround) {
    this.#leg = leg;
    this.#rules = rules;
    this.#to = to;
    this.#ground = ground;
    this.#leverage = leverageAt(leg.instrument, rules.leverage, ZERO_USD);
    this.#taker = feeFraction(costs.takerFee);
    this.#maker = feeFraction(costs.makerFee);
    const largest = Math.max(1, Math.abs(this.#taker.numerator), Math.abs(this.#maker.numerator));
    this.#exactUsd = Number.MAX_SAFE_INTEGER / largest;
    const tierFromUsd = (leg.instrument.marginTiers[1]?.fromNotionalUsd ?? Number.POSITIVE_INFINITY) * 1e6;
    this.#mostUsd = WELL_BELOW * Math.min(tierFromUsd, this.#exactUsd);
    this.#mostCashUsd = this.#mostUsd / this.#leverage;
    this.#lotsOfCoin = powerOfTen(leg.instrument.szDecimals);
  }

  /** Makes the leg's trades that begin before a row, from the signal at which it stands to one that is not plain. */
  run(account: FastAccount, leg: LegRun, until: number): void {
    // What is not part of the loop stays out of its function, because what can be inlined there is limited.
    leg.lookFrom(this.#makeTrades(account, leg.row, until));
  }

  /** @returns the row of the first signal that is left */
  #makeTrades(account: FastAccount, from: number, until: number): number {
    const { entries: signals, long, short } = this.#ground;
    const { long: longBits, short: shortBits } = this.#leg.bits;
    const { trades } = account;
    const taker = this.#taker;
    const maker = this.#maker;
    let { cashUsd, realisedUsd, feesUsd, fundingUsd, heldRows } = account;
    let row = from;
    // An entry at the last row would have no candle.
    const end = Math.min(until, this.#to - 1);
    while (row < end && cashUsd <= this.#mostCashUsd) {
      const isLong = long !== undefined && (short === undefined || hasBit(longBits as Uint32Array, row));
      if (isLong && short !== undefined && hasBit(shortBits as Uint32Array, row)) break;
      const book = (isLong ? long : short) as ExitBook;
      const entryRow = row + 1;
      const number = book.entries.numbers[entryRow] || book.entries.numberAt(entryRow);
      if (number === NO_ENTRY) break;
      const exitAt = number * exit.EXIT_FIELDS;
      if (exitAt >= book.records.length || book.records[exitAt] === 0) book.record(number);
      const exits = book.records;
      const entries = book.entries.records;
      const entryAt = number * entry.ENTRY_FIELDS;
      const rowAndCode = exits[exitAt + exit.ROW_AND_CODE] as number;
      const exitRow = Math.floor(rowAndCode / exit.EXIT_CODES);

      const lots = this.#size(cashUsd, entries[entryAt + entry.CLOSE] as number, row);
      const entryPerLot = entries[entryAt + entry.ENTRY_PER_LOT] as number;
      const exitPerLot = exits[exitAt + exit.EXIT_PER_LOT] as number;
      const stopPerLot = exits[exitAt + exit.STOP_PER_LOT] as number;
      const entryUsd = entryPerLot * lots;
      const exitUsd = exitPerLot * lots;
      const stopUsd = stopPerLot * lots;
      const isOrder = lots >= (entries[entryAt + entry.LEAST_LOTS] as number) && exitRow > 0 && exitRow < this.#to;
      if (!(isOrder && entryUsd <= this.#mostUsd && exitUsd + stopUsd <= this.#exactUsd)) break;

      const code = rowAndCode - exitRow * exit.EXIT_CODES;
      const reason = code & exit.REASON;
      const direction = isLong ? 1 : -1;
      let grossUsd = direction * (exitUsd - entryUsd);
      if (reason === LIQUIDATION) grossUsd = Math.max(grossUsd, -this.#marginUsd(entryUsd));
      const paidUsd = exactFee(entryUsd, taker) + exactFee(exitUsd, reason === TARGET ? maker : taker);
      const perLot = exits[exitAt + exit.FUNDING_PER_LOT] as number;
      const receivedUsd = perLot === 0 ? 0 : fundingOf(direction * perLot, lots);
      cashUsd += grossUsd - paidUsd + receivedUsd;
      realisedUsd += grossUsd;
      feesUsd += paidUsd;
      fundingUsd += receivedUsd;
      heldRows += exitRow + ((code & exit.INSIDE) === 0 ? 0 : 1) - entryRow;
      const riskUsd = Math.abs(entryUsd - stopUsd);
      // biome-ignore format: on one line each, it would be longer than what it writes down
      trades.add(0, direction, entryRow, exitRow, code, lots, entryPerLot, exitPerLot, stopPerLot,
        grossUsd, paidUsd, receivedUsd, riskUsd);
      row = signals.next(exitRow);
    }
    account.realisedUsd = realisedUsd;
    account.feesUsd = feesUsd;
    account.fundingUsd = fundingUsd;
    account.heldRows = heldRows;
    return row;
  }

  /** As `sizeEntry` comes to it, in the lowest margin tier and before anything is refused. */
  #size(cashUsd: number, close: number, row: number): Lots {
    const { sizing, stop } = this.#rules;
    const distance = sizing === 'allEquity' ? close : distanceAt(stop, close, this.#leg.stopAtr?.[row] ?? Number.NaN);
    return floorExact(wantedCoins(sizing, this.#leverage, close, distance, cashUsd) * this.#lotsOfCoin) as Lots;
  }

  #marginUsd(entryUsd: number): number {
    return marginUsdOf(this.#leg.instrument, this.#rules.leverage, entryUsd as MicroUsd);
  }
}
