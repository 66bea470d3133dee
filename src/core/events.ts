import type { Refusal, Side, Trade } from '../domain/trade.ts';
import type { EpochMs, Price } from '../domain/units.ts';
import type { Approved, EntryIntent, Position, StopReason } from './account.ts';

/** Which order filled. `end` is the settlement at the end of a backtest. */
export type FilledOrder = 'entry' | 'exit' | 'stop' | 'target' | 'liquidation' | 'end';

/** A funding hour that an open position crossed. */
export interface Funding {
  readonly kind: 'funding';
  readonly leg: number;
  /** What one long lot receives, in 10^−12 dollars. */
  readonly perLot: number;
}

/** An order filled, in full. */
export interface Fill {
  readonly kind: 'fill';
  readonly leg: number;
  readonly order: FilledOrder;
  readonly timeMs: EpochMs;
  readonly price: Price;
  /** A resting order pays the maker fee, all others the taker fee. */
  readonly isMaker: boolean;
}

/** A pending entry met no price: the next candle does not exist, or the backtest ended (rule 44). */
export interface Lapse {
  readonly kind: 'lapse';
  readonly leg: number;
  readonly timeMs: EpochMs;
}

/**
 * A candle closed. Prices are NaN where the candle is missing: time still passes. The object may be reused by its
 * sender; `step` keeps no reference to it.
 */
export interface Close {
  readonly kind: 'close';
  readonly leg: number;
  /** The closing instant. */
  readonly timeMs: EpochMs;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** LONG, SHORT, EXIT_LONG and EXIT_SHORT of domain/signal, or-ed. */
  readonly signals: number;
  /** Average true ranges for stop and trail; NaN where not warm or not asked for. */
  readonly stopAtr: number;
  readonly trailAtr: number;
  /** False on candles finer than the strategy's own: extremes are noted, nothing is decided. */
  readonly decides: boolean;
}

export type Event = Funding | Fill | Lapse | Close;

/** What the exchange is asked to do. */
export type Command =
  | { readonly kind: 'enter'; readonly leg: number; readonly intent: Approved<EntryIntent> }
  /** Rest a reduce-only stop, and a target unless it is null, for the whole position. */
  | { readonly kind: 'protect'; readonly leg: number; readonly position: Position }
  | { readonly kind: 'move-stop'; readonly leg: number; readonly stop: Price }
  /** Close at the market. */
  | { readonly kind: 'exit'; readonly leg: number }
  /** The position is gone: whatever still rests for this leg goes too. */
  | { readonly kind: 'release'; readonly leg: number };

/** What happened, for the ledger of record: trades, and every decision not to trade. */
export type Entry =
  | { readonly kind: 'opened'; readonly leg: number; readonly position: Position }
  | { readonly kind: 'closed'; readonly leg: number; readonly trade: Trade }
  | {
      readonly kind: 'stop-moved';
      readonly leg: number;
      readonly timeMs: EpochMs;
      readonly stop: Price;
      readonly reason: StopReason;
    }
  | {
      readonly kind: 'refused';
      readonly leg: number;
      readonly timeMs: EpochMs;
      readonly side: Side;
      readonly refusal: Refusal;
    }
  /** Long and short at once: no entry (rule 5). */
  | { readonly kind: 'conflict'; readonly leg: number; readonly timeMs: EpochMs }
  | { readonly kind: 'lapsed'; readonly leg: number; readonly timeMs: EpochMs; readonly side: Side };
