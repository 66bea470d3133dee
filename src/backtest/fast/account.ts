import { limitCode } from '../../core/limits.ts';
import { marginUsdOf } from '../../core/margin.ts';
import { notionalAtClose, sizeEntry, sizingDistance } from '../../core/sizing.ts';
import { notionalOf, perLotUsd, priceOfLot } from '../../domain/instrument.ts';
import { feeOf, fundingOf } from '../../domain/money.ts';
import { REFUSALS, type Side } from '../../domain/trade.ts';
import type { Lots, MicroUsd } from '../../domain/units.ts';
import { hasBit } from './bits.ts';
import { NO_ENTRY } from './entry-table.ts';
import { isInside, reasonOf } from './exit-book.ts';
import type { LegRun } from './leg-run.ts';
import type { FastSpec } from './spec.ts';
import type { TradeTable } from './trade-table.ts';

/**
 * The account that the legs of a run share: sizes, limits and money, in whole micro-dollars. It does what `step` does,
 * at events instead of candles; the tests hold the two equal to the last micro-dollar.
 */
export class FastAccount {
  readonly #spec: FastSpec;
  readonly trades: TradeTable;
  readonly refusals = new Int32Array(REFUSALS.length);
  conflicts = 0;
  lapses = 0;
  heldRows = 0;
  realisedUsd = 0;
  feesUsd = 0;
  fundingUsd = 0;
  /** Held by positions and pending entries. */
  #marginUsd = 0;
  readonly #notionalUsd = { long: 0, short: 0 };
  #legsInUse = 0;
  readonly #coinsInUse: Uint8Array;
  /** The same object for every question. */
  readonly #inUse = { legs: 0, notionalUsd: 0, sideNotionalUsd: 0, isCoinOccupied: false };
  /** Whether anything but the free cash of this one leg can refuse an entry. */
  readonly #isShared: boolean;

  constructor(spec: FastSpec, trades: TradeTable) {
    const { maxOpen, maxExposure, maxCoinExposure, maxSideExposure } = spec.rules;
    this.#spec = spec;
    this.trades = trades;
    this.#coinsInUse = new Uint8Array(spec.legs.length);
    const limits = [maxOpen, maxExposure, maxCoinExposure, maxSideExposure];
    this.#isShared = spec.legs.length > 1 || limits.some((limit) => limit !== null);
  }

  get cashUsd(): number {
    return this.#spec.depositUsd + this.realisedUsd - this.feesUsd + this.fundingUsd;
  }

  /** At the close of the leg's row, where the strategy speaks. */
  decide(leg: LegRun): void {
    const { row } = leg;
    const { bits, instrument, stopAtr, trailAtr } = leg.leg;
    const isLong = bits.long !== undefined && hasBit(bits.long, row);
    if (isLong && bits.short !== undefined && hasBit(bits.short, row)) {
      this.conflicts++;
      leg.lookFrom(row + 1);
      return;
    }
    const { rules } = this.#spec;
    const side: Side = isLong ? 'long' : 'short';
    const close = leg.consider(side);
    const distance = sizingDistance(rules, close, stopAtr?.[row] ?? Number.NaN, trailAtr?.[row] ?? Number.NaN);
    const size = sizeEntry(instrument, rules, side, close, distance, this.cashUsd - this.#marginUsd);
    const answer = size > 0 && this.#isShared ? this.#reserve(leg, close, size as Lots) : size;
    if (answer > 0) {
      leg.order(answer as Lots);
    } else {
      this.refusals[-1 - answer] = (this.refusals[-1 - answer] as number) + 1;
      leg.lookFrom(row + 1);
    }
  }

  /** Holds back what the order will need; the lots, or the code of the limit that refuses it (rules 7 and 45). */
  #reserve(leg: LegRun, close: number, lots: Lots): number {
    const notionalUsd = notionalAtClose(leg.leg.instrument, close, lots);
    const { long, short } = this.#notionalUsd;
    const inUse = this.#inUse;
    inUse.legs = this.#legsInUse;
    inUse.notionalUsd = long + short;
    inUse.sideNotionalUsd = this.#notionalUsd[leg.side];
    inUse.isCoinOccupied = this.#coinsInUse[leg.coin] === 1;
    const limit = limitCode(this.#spec.rules, this.cashUsd, notionalUsd, inUse);
    if (limit < 0) return limit;
    this.#hold(leg, notionalUsd);
    this.#legsInUse++;
    this.#coinsInUse[leg.coin] = 1;
    return lots;
  }

  #hold(leg: LegRun, notionalUsd: MicroUsd): void {
    const marginUsd = marginUsdOf(leg.leg.instrument, this.#spec.rules.leverage, notionalUsd);
    this.#marginUsd += marginUsd - leg.marginUsd;
    this.#notionalUsd[leg.side] += notionalUsd - leg.notionalUsd;
    leg.marginUsd = marginUsd;
    leg.notionalUsd = notionalUsd;
  }

  #release(leg: LegRun): void {
    if (!this.#isShared) return;
    this.#marginUsd -= leg.marginUsd;
    this.#notionalUsd[leg.side] -= leg.notionalUsd;
    leg.marginUsd = 0;
    leg.notionalUsd = 0;
    this.#legsInUse--;
    this.#coinsInUse[leg.coin] = 0;
  }

  /** At the open of the leg's row; an entry whose candle does not exist lapses (rule 44). */
  enter(leg: LegRun): void {
    if (leg.entry === NO_ENTRY) {
      this.lapses++;
      this.#release(leg);
      leg.lookFrom(leg.row);
      return;
    }
    leg.entryRow = leg.row;
    leg.entryPrice = priceOfLot(leg.leg.instrument, leg.book.entries.perLotOf(leg.entry));
    const notionalUsd = notionalOf(leg.leg.instrument, leg.entryPrice, leg.lots);
    leg.entryFeeUsd = feeOf(notionalUsd, this.#spec.costs.takerFee);
    this.feesUsd += leg.entryFeeUsd;
    if (this.#isShared) this.#hold(leg, notionalUsd);
    else leg.notionalUsd = notionalUsd;
    leg.findExit(notionalUsd);
  }

  /** The position has ended: its trade is written down, and the leg looks on from the close of that row. */
  exit(leg: LegRun): void {
    const { direction, lots, exitCode, entryRow, exitRow } = leg;
    const { instrument } = leg.leg;
    const { costs, rules } = this.#spec;
    const reason = reasonOf(exitCode);
    const inside = isInside(exitCode);
    const entryNotionalUsd = leg.notionalUsd as MicroUsd;
    const exitNotionalUsd = notionalOf(instrument, leg.exitPrice, lots);
    const exitFeeUsd = feeOf(exitNotionalUsd, reason === 'target' ? costs.makerFee : costs.takerFee);
    const resultUsd = direction * (exitNotionalUsd - entryNotionalUsd);
    // An isolated position cannot lose more than its margin (rule 17).
    const grossUsd =
      reason === 'liquidation'
        ? Math.max(resultUsd, -marginUsdOf(instrument, rules.leverage, entryNotionalUsd))
        : resultUsd;
    const fundingUsd = fundingOf(direction * leg.fundingPerLot, lots);
    this.realisedUsd += grossUsd;
    this.feesUsd += exitFeeUsd;
    this.fundingUsd += fundingUsd;
    this.heldRows += (reason === 'end' ? leg.row : exitRow + (inside ? 1 : 0)) - entryRow;

    this.trades.add(
      leg.index,
      direction,
      entryRow,
      exitRow,
      exitCode,
      lots,
      perLotUsd(instrument, leg.entryPrice),
      perLotUsd(instrument, leg.exitPrice),
      perLotUsd(instrument, leg.stop),
      grossUsd,
      leg.entryFeeUsd + exitFeeUsd,
      fundingUsd,
      Math.abs(entryNotionalUsd - notionalOf(instrument, leg.stop, lots)),
    );
    this.#release(leg);
    leg.lookFrom(leg.row);
  }
}
