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
import type { Instrument } from '../domain/instrument.ts';
import type { Side } from '../domain/trade.ts';

/**
 * The exchange's side of one leg: the orders that it was sent, and what a candle does to them. It learns everything
 * from commands, as the real one does: a command that `step` forgot would be missing in the backtest too.
 */
export class Venue {
  readonly #instrument: Instrument;
  readonly #slippageBps: number;
  readonly #bothTouched: BothTouched;
  #entry: EntryIntent | null = null;
  #resting: Resting | null = null;
  /** Side of the position, null without one. */
  #side: Side | null = null;
  #isLeaving = false;

  constructor(instrument: Instrument, slippageBps: number, bothTouched: BothTouched) {
    this.#instrument = instrument;
    this.#slippageBps = slippageBps;
    this.#bothTouched = bothTouched;
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

  accept(command: Command): void {
    switch (command.kind) {
      case 'enter':
        this.#entry = command.intent;
        break;
      case 'protect': {
        const { side, initialStop, target, liquidation } = command.position;
        const through = targetThrough(this.#instrument, side, target);
        this.#resting = { side, stop: initialStop, target, targetThrough: through, liquidation };
        break;
      }
      case 'move-stop':
        if (this.#resting !== null) this.#resting = { ...this.#resting, stop: command.stop };
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

  /** The open meets what is held: from before, or just filled, of which the exit may have been asked for at once. */
  exitAtOpen(open: number): CandleFill | undefined {
    if (this.#resting !== null) {
      return fillAtOpen(this.#instrument, this.#resting, this.#isLeaving, open, this.#slippageBps);
    }
    return this.#isLeaving ? this.#marketExit('exit', open) : undefined;
  }

  /** The pending entry fills at the open. */
  enterAtOpen(open: number): CandleFill | undefined {
    if (this.#entry === null) return undefined;
    const { side } = this.#entry;
    this.#entry = null;
    this.#side = side;
    return { order: 'entry', price: entryPrice(this.#instrument, side, open, this.#slippageBps), isMaker: false };
  }

  /** The rest of the candle meets stop and target. */
  exitInside(high: number, low: number): CandleFill | undefined {
    if (this.#resting === null) return undefined;
    return fillInside(this.#instrument, this.#resting, high, low, this.#slippageBps, this.#bothTouched);
  }

  /** Settlement at the last close of the backtest (rule 43). */
  exitAtEnd(close: number): CandleFill | undefined {
    return this.#marketExit('end', close);
  }

  dropEntry(): void {
    this.#entry = null;
  }

  #marketExit(order: FilledOrder, observed: number): CandleFill | undefined {
    if (this.#side === null) return undefined;
    return { order, price: exitPrice(this.#instrument, this.#side, observed, this.#slippageBps), isMaker: false };
  }
}
