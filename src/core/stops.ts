import { type Instrument, lowestPrice, nextPriceAbove, nextPriceBelow, roundPrice } from '../domain/instrument.ts';
import type { Distance, RiskRules } from '../domain/risk-rules.ts';
import { reaches } from '../domain/rounding.ts';
import type { Side } from '../domain/trade.ts';
import type { Price } from '../domain/units.ts';
import type { StopReason } from './account.ts';

/** A distance in dollars per coin: a fraction of `price`, or a multiple of the average true range. */
export function distanceAt(distance: Distance, price: number, atr: number): number {
  return 'fraction' in distance ? price * distance.fraction : distance.atr * atr;
}

/** The initial stop of a fill: rounded towards the entry, at least a tick away from it (rules 9, 10 and 40). */
export function initialStop(instrument: Instrument, side: Side, fill: Price, distance: number): Price {
  if (side === 'short') {
    const stop = roundPrice(instrument, fill + distance, 'down');
    return stop > fill ? stop : nextPriceAbove(instrument, fill);
  }
  const lowest = lowestPrice(instrument);
  // A fill far below the close at which the distance was measured can leave no room for it.
  const stop = fill - distance > lowest ? roundPrice(instrument, fill - distance, 'up') : lowest;
  return stop < fill ? stop : nextPriceBelow(instrument, fill);
}

/** The target, rounded away from the entry; none where a short's would lie at or below zero (rule 40). */
export function targetOf(
  instrument: Instrument,
  side: Side,
  fill: Price,
  riskDistance: number,
  target: number,
): Price | null {
  if (side === 'long') return roundPrice(instrument, fill + target * riskDistance, 'up');
  const raw = fill - target * riskDistance;
  const price = raw > 0 ? roundPrice(instrument, raw, 'down') : 0;
  return price > 0 ? (price as Price) : null;
}

/** What decides where a stop moves: a holding, or as much of one as a search keeps. */
export interface MovableStop {
  readonly position: {
    readonly direction: 1 | -1;
    readonly entryPrice: Price;
    readonly riskDistance: number;
    readonly intent: { readonly trailAtr: number };
  };
  readonly stop: Price;
  readonly high: number;
  readonly low: number;
}

/**
 * Where break-even and trailing put the stop after a close, from the extremes since entry (rules 15, 37 and 46).
 * Break-even first, then the trail; the tighter wins; never looser than now; undefined where it does not move.
 */
export function movedStop(
  instrument: Instrument,
  rules: Pick<RiskRules, 'breakEven' | 'trail' | 'minStopMoveBps'>,
  holding: MovableStop,
): { readonly stop: Price; readonly reason: StopReason } | undefined {
  const { breakEven, trail } = rules;
  const { position } = holding;
  const { direction, entryPrice, riskDistance } = position;
  const best = direction === 1 ? holding.high : holding.low;
  const aheadBy = (best - entryPrice) * direction;

  let stop = holding.stop;
  let reason: StopReason | undefined;
  if (breakEven !== null && reaches(aheadBy, breakEven.at * riskDistance) && (entryPrice - stop) * direction > 0) {
    stop = entryPrice;
    reason = 'break-even';
  }
  if (trail !== null && reaches(aheadBy, trail.after * riskDistance)) {
    const raw = best - direction * distanceAt(trail.distance, best, position.intent.trailAtr);
    // A long's stop always rounds up and a short's down, moved stops included.
    const trailed = raw > 0 ? roundPrice(instrument, raw, direction === 1 ? 'up' : 'down') : stop;
    if ((trailed - stop) * direction > 0) {
      stop = trailed;
      reason = 'trail';
    }
  }
  const isWorthARequest = reaches(Math.abs(stop - holding.stop) * 10_000, rules.minStopMoveBps * holding.stop);
  return reason !== undefined && isWorthARequest ? { stop, reason } : undefined;
}
