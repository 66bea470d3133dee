import { leverageAt, marginUsdOf } from '../../core/margin.ts';
import { distanceAt } from '../../core/stops.ts';
import { floorToLots } from '../../domain/instrument.ts';
import { feeOf, fundingOf } from '../../domain/money.ts';
import type { Costs, RiskRules } from '../../domain/risk-rules.ts';
import { EXIT_REASONS } from '../../domain/trade.ts';
import { type MicroUsd, ZERO_USD } from '../../domain/units.ts';
import type { FastAccount } from './account.ts';
import { type BitSearch, hasBit } from './bits.ts';
import * as entryField from './entry-table.ts';
import type { ExitBook } from './exit-book.ts';
import * as exitField from './exit-book.ts';
import type { LegRun } from './leg-run.ts';
import type { FastLeg, FastSpec } from './spec.ts';
import * as field from './trade-table.ts';

const TARGET = EXIT_REASONS.indexOf('target');
const LIQUIDATION = EXIT_REASONS.indexOf('liquidation');
/** What the arithmetic of doubles may lift a value over is left to the core, with room to spare. */
const ROOM = 0.999;

/** What a flat leg that is alone on its account needs to go from trade to trade. */
export interface PlainGround {
  readonly entries: BitSearch;
  readonly long: ExitBook | undefined;
  readonly short: ExitBook | undefined;
}

/**
 * Nearly all trades of nearly all sweeps are plain: one leg has the account for itself, what rests at the exchange ends
 * the position, and the size is an order well within the lowest margin tier. Then a trade is a few multiplications of
 * whole numbers that were found before, and they are done here, one trade after the other, without an event, a call or
 * an object between them. Every trade that is not plain, for whatever reason, is left to the account and its events,
 * which know all rules; the answers are the same in whichever way a trade was made.
 */
export class PlainTrades {
  readonly #leg: FastLeg;
  readonly #rules: RiskRules;
  readonly #costs: Costs;
  readonly #to: number;
  readonly #ground: PlainGround;
  /** Free cash up to which every size stays in the lowest margin tier, at the close by which it is sized. */
  readonly #mostCashUsd: number;
  /** The same for the value at the fill, which lies elsewhere, and for all values the bound of exact arithmetic. */
  readonly #mostUsd: number;

  /** Undefined where the rules of a run let other things than resting orders and free cash decide about its trades. */
  static of(spec: FastSpec, ground: PlainGround | undefined): PlainTrades | undefined {
    const [leg] = spec.legs;
    if (leg === undefined || ground === undefined || spec.legs.length > 1) return undefined;
    const { maxHold, maxOpen, maxExposure, maxCoinExposure, maxSideExposure } = spec.rules;
    const limits = [maxHold, maxOpen, maxExposure, maxCoinExposure, maxSideExposure];
    const { exitLong, exitShort } = leg.bits;
    const isPlain = limits.every((limit) => limit === null) && exitLong === undefined && exitShort === undefined;
    return isPlain ? new PlainTrades(spec, leg, ground) : undefined;
  }

  private constructor({ rules, costs, to }: FastSpec, leg: FastLeg, ground: PlainGround) {
    this.#leg = leg;
    this.#rules = rules;
    this.#costs = costs;
    this.#to = to;
    this.#ground = ground;
    const tierFromUsd = (leg.instrument.marginTiers[1]?.fromNotionalUsd ?? Number.POSITIVE_INFINITY) * 1e6;
    const leverage = leverageAt(leg.instrument, rules.leverage, ZERO_USD);
    this.#mostUsd = ROOM * Math.min(tierFromUsd, Number.MAX_SAFE_INTEGER);
    this.#mostCashUsd = this.#mostUsd / leverage;
  }

  /** Makes the trades of the leg, from the signal at which it stands up to the first that is not plain. */
  run(account: FastAccount, leg: LegRun): void {
    const { entries: signals, long, short } = this.#ground;
    const { sizing } = this.#rules;
    const riskFraction = sizing === 'allEquity' ? Number.NaN : sizing.riskFraction;
    const { instrument, bits, stopAtr } = this.#leg;
    const { takerFee, makerFee } = this.#costs;
    const { trades } = account;
    const mostCashUsd = this.#mostCashUsd;
    const mostUsd = this.#mostUsd;
    const to = this.#to;
    const leverage = leverageAt(instrument, this.#rules.leverage, ZERO_USD);

    let { cashUsd, realisedUsd, feesUsd, fundingUsd, heldRows } = account;
    let { row } = leg;
    while (row < to - 1 && cashUsd <= mostCashUsd) {
      const isLong = long !== undefined && (short === undefined || hasBit(bits.long as Uint32Array, row));
      if (isLong && short !== undefined && hasBit(bits.short as Uint32Array, row)) break;
      const book = (isLong ? long : short) as ExitBook;
      const number = book.entries.numberAt(row + 1);
      if (number === entryField.NO_ENTRY) break;
      book.record(number);
      const exit = book.records;
      const exitAt = number * exitField.EXIT_FIELDS;
      const rowAndCode = exit[exitAt] as number;
      const exitRow = Math.floor(rowAndCode / exitField.EXIT_CODES);
      const entry = book.entries.records;
      const entryAt = number * entryField.ENTRY_FIELDS;

      const close = entry[entryAt + entryField.CLOSE] as number;
      const cash = cashUsd / 1e6;
      const affordable = (cash * leverage) / close;
      const wanted =
        sizing === 'allEquity'
          ? affordable
          : (riskFraction * cash) / distanceAt(this.#rules.stop, close, stopAtr?.[row] ?? Number.NaN);
      const lots = floorToLots(instrument, Math.min(wanted, affordable));
      const entryPerLot = entry[entryAt + entryField.ENTRY_PER_LOT] as number;
      const exitPerLot = exit[exitAt + exitField.EXIT_PER_LOT] as number;
      const stopPerLot = exit[exitAt + exitField.STOP_PER_LOT] as number;
      const entryUsd = entryPerLot * lots;
      const exitUsd = exitPerLot * lots;
      const stopUsd = stopPerLot * lots;
      const isPlain =
        lots >= (entry[entryAt + entryField.LEAST_LOTS] as number) &&
        exitRow > 0 &&
        exitRow < to &&
        entryUsd <= mostUsd &&
        exitUsd <= Number.MAX_SAFE_INTEGER &&
        stopUsd <= Number.MAX_SAFE_INTEGER;
      if (!isPlain) break;

      const code = rowAndCode - exitRow * exitField.EXIT_CODES;
      const reason = code & exitField.REASON;
      const direction = isLong ? 1 : -1;
      const tradeFeesUsd =
        feeOf(entryUsd as MicroUsd, takerFee) + feeOf(exitUsd as MicroUsd, reason === TARGET ? makerFee : takerFee);
      let grossUsd = direction * (exitUsd - entryUsd);
      if (reason === LIQUIDATION) {
        grossUsd = Math.max(grossUsd, -marginUsdOf(instrument, this.#rules.leverage, entryUsd as MicroUsd));
      }
      const perLot = exit[exitAt + exitField.FUNDING_PER_LOT] as number;
      const receivedUsd = fundingOf(direction * perLot, lots);
      cashUsd += grossUsd - tradeFeesUsd + receivedUsd;
      realisedUsd += grossUsd;
      feesUsd += tradeFeesUsd;
      fundingUsd += receivedUsd;
      heldRows += exitRow + ((code & exitField.INSIDE) === 0 ? 0 : 1) - (row + 1);

      const at = trades.next();
      const trade = trades.values;
      trade[at + field.LEG] = 0;
      trade[at + field.DIRECTION] = direction;
      trade[at + field.ENTRY_ROW] = row + 1;
      trade[at + field.EXIT_ROW] = exitRow;
      trade[at + field.CODE] = code;
      trade[at + field.LOTS] = lots;
      trade[at + field.ENTRY_PER_LOT] = entryPerLot;
      trade[at + field.EXIT_PER_LOT] = exitPerLot;
      trade[at + field.STOP_PER_LOT] = stopPerLot;
      trade[at + field.GROSS_USD] = grossUsd;
      trade[at + field.FEES_USD] = tradeFeesUsd;
      trade[at + field.FUNDING_USD] = receivedUsd;
      trade[at + field.RISK_USD] = Math.abs(entryUsd - stopUsd);
      row = signals.next(exitRow);
    }
    account.realisedUsd = realisedUsd;
    account.feesUsd = feesUsd;
    account.fundingUsd = fundingUsd;
    account.heldRows = heldRows;
    leg.lookFrom(row);
  }
}
