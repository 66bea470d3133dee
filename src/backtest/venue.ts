import type { EntryIntent } from '../core/account.ts';
import type { Command, FilledOrder } from '../core/events.ts';
import {
  type BothTouched,
  type CandleFill,
  entryPrice,
  exitPrice,
  fillAtOpen,
  fillInside,
  type Resting,
  targetThrough,
} from '../core/fills.ts';
import { closeTimeAt } from '../domain/candle.ts';
import { intervalMs } from '../domain/time.ts';
import type { Side } from '../domain/trade.ts';
import type { Leg } from './run.ts';

/**
 * The exchange's side of one leg: its candles, and what they do to the orders that it was sent. It learns everything
 * from commands, as the real one does: a command that `step` forgot would be missing in the backtest too.
 */
export class Venue {
  /** The number of the leg, as in `Terms`. */
  readonly index: number;
  readonly leg: Leg;
  readonly #slippageBps: number;
  readonly #bothTouched: BothTouched;
  /** A row decides where (row + phase) is a multiple of this many rows. */
  readonly #decisionRows: number;
  readonly #decisionPhase: number;
  /** The last row that has a candle; −1 before the first. */
  #lastRow = -1;
  /** Funding hours of a gap, per lot, that no price has followed yet. */
  #unpaidPerLot = 0;
  #entry: EntryIntent | null = null;
  #resting: Resting | null = null;
  /** Side of the position, null without one. */
  #side: Side | null = null;
  #isLeaving = false;
  /** Between these prices nothing that rests can fill; most candles lie there. */
  #calmAbove = 0;
  #calmBelow = 0;

  constructor(index: number, leg: Leg, slippageBps: number, bothTouched: BothTouched) {
    this.index = index;
    this.leg = leg;
    this.#slippageBps = slippageBps;
    this.#bothTouched = bothTouched;
    const { candles, decisionIntervalMs } = leg;
    const stepMs = intervalMs(candles.interval);
    this.#decisionRows = decisionIntervalMs / stepMs;
    this.#decisionPhase = (closeTimeAt(candles, 0) % decisionIntervalMs) / stepMs;
  }

  get isIdle(): boolean {
    return this.#entry === null && this.#side === null;
  }

  get hasPosition(): boolean {
    return this.#side !== null;
  }

  get hasPendingEntry(): boolean {
    return this.#entry !== null;
  }

  /** The close of this row is known; it may be missing. */
  see(row: number): void {
    if (this.hasCandle(row)) this.#lastRow = row;
  }

  /** Do the candles on which the strategy decides close here too? */
  decidesAt(row: number): boolean {
    // In rows, because the remainder of a whole number is an order of magnitude faster than that of an instant.
    return this.#decisionRows === 1 || (row + this.#decisionPhase) % this.#decisionRows === 0;
  }

  hasCandle(row: number): boolean {
    return (this.leg.candles.close[row] as number) > 0;
  }

  get lastRow(): number {
    return this.#lastRow;
  }

  /** The last stored close. */
  get mark(): number {
    return this.leg.candles.close[this.#lastRow] as number;
  }

  accept(command: Command): void {
    switch (command.kind) {
      case 'enter':
        this.#entry = command.intent;
        break;
      case 'protect': {
        const { side, initialStop, target, liquidation } = command.position;
        const through = targetThrough(this.leg.instrument, side, target);
        this.#rest({ side, stop: initialStop, target, targetThrough: through, liquidation });
        break;
      }
      case 'move-stop':
        if (this.#resting !== null) this.#rest({ ...this.#resting, stop: command.stop });
        break;
      case 'exit':
        this.#isLeaving = true;
        break;
      case 'release':
        this.#resting = null;
        this.#side = null;
        this.#isLeaving = false;
        break;
    }
  }

  /** A stop is always nearer than the liquidation price, so it bounds the calm on its side alone. */
  #rest(resting: Resting): void {
    const { side, stop, targetThrough } = resting;
    this.#resting = resting;
    this.#calmAbove = side === 'long' ? stop : (targetThrough ?? 0);
    this.#calmBelow = side === 'long' ? (targetThrough ?? Number.POSITIVE_INFINITY) : stop;
  }

  /** What a long lot receives at the open of a row; hours in a gap fall due with the next candle, and else never. */
  fundingAtOpen(row: number): number {
    return this.#due(row, this.leg.funding.atOpen[row] as number);
  }

  fundingInside(row: number): number {
    return this.#due(row, this.leg.funding.inside[row] as number);
  }

  #due(row: number, perLot: number): number {
    const sumPerLot = this.#unpaidPerLot + perLot;
    // Hours of a gap may cancel out: then there is still something to clear.
    if (sumPerLot === 0 && perLot === 0) return 0;
    const isDue = this.hasCandle(row);
    this.#unpaidPerLot = isDue ? 0 : sumPerLot;
    return isDue ? sumPerLot : 0;
  }

  /** The open meets what is held: from before, or just filled, of which the exit may have been asked for at once. */
  exitAtOpen(row: number): CandleFill | undefined {
    const open = this.leg.candles.open[row] as number;
    if (Number.isNaN(open)) return undefined;
    if (this.#resting === null) return this.#isLeaving ? this.#marketExit('exit', open) : undefined;
    if (!this.#isLeaving && open > this.#calmAbove && open < this.#calmBelow) return undefined;
    return fillAtOpen(this.leg.instrument, this.#resting, this.#isLeaving, open, this.#slippageBps);
  }

  /** The pending entry fills at the open. */
  enterAtOpen(row: number): CandleFill | undefined {
    if (this.#entry === null) return undefined;
    const { side } = this.#entry;
    this.#entry = null;
    this.#side = side;
    const open = this.leg.candles.open[row] as number;
    return { order: 'entry', price: entryPrice(this.leg.instrument, side, open, this.#slippageBps), isMaker: false };
  }

  /** The rest of the candle meets stop and target. */
  exitInside(row: number): CandleFill | undefined {
    if (this.#resting === null) return undefined;
    const high = this.leg.candles.high[row] as number;
    const low = this.leg.candles.low[row] as number;
    if (low > this.#calmAbove && high < this.#calmBelow) return undefined;
    return fillInside(this.leg.instrument, this.#resting, high, low, this.#slippageBps, this.#bothTouched);
  }

  /** Settlement at the last stored close (rule 43). */
  exitAtEnd(): CandleFill | undefined {
    return this.#marketExit('end', this.mark);
  }

  dropEntry(): void {
    this.#entry = null;
  }

  #marketExit(order: FilledOrder, observed: number): CandleFill | undefined {
    if (this.#side === null) return undefined;
    const price = exitPrice(this.leg.instrument, this.#side, observed, this.#slippageBps);
    return { order, price, isMaker: false };
  }
}
