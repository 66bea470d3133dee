import type { Leg, RunSpec } from '../src/backtest/run.ts';
import type { FundingRates } from '../src/domain/candle.ts';
import { EXIT_LONG, EXIT_SHORT, LONG, SHORT } from '../src/domain/signal.ts';
import { intervalMs } from '../src/domain/time.ts';
import type { ExitReason, Refusal, Side } from '../src/domain/trade.ts';
import * as prices from './oracle-prices.ts';
import { type Exit, type OracleTrade, type Order, type Position, settle } from './oracle-settlement.ts';
import { type Claim, fractionOf, sizeEntry } from './oracle-sizing.ts';
import { type Rational, rational, ZERO } from './rational.ts';

export interface OracleResult {
  readonly trades: readonly OracleTrade[];
  readonly cashUsd: number;
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  readonly conflicts: number;
  readonly lapses: number;
}

interface Desk {
  readonly leg: Leg;
  readonly rates: FundingRates | undefined;
  order: Order | null;
  position: Position | null;
}

/**
 * A second opinion: rules.md read literally, in exact arithmetic, one candle at a time, without a thought for speed and
 * without a line of src/core. Where it and the engine differ, one of the two has misread a rule.
 */
export function runOracle(spec: RunSpec, rates: readonly (FundingRates | undefined)[]): OracleResult {
  return new Oracle(spec, rates).run();
}

class Oracle {
  readonly #spec: RunSpec;
  readonly #desks: Desk[];
  readonly #firstMs: number;
  readonly #stepMs: number;
  readonly #trades: OracleTrade[] = [];
  readonly #refusals: Partial<Record<Refusal, number>> = {};
  #cash: bigint;
  #conflicts = 0;
  #lapses = 0;

  constructor(spec: RunSpec, rates: readonly (FundingRates | undefined)[]) {
    const { candles } = spec.legs[0] as Leg;
    this.#spec = spec;
    this.#desks = spec.legs.map((leg, index) => ({ leg, rates: rates[index], order: null, position: null }));
    this.#firstMs = candles.firstOpenMs;
    this.#stepMs = intervalMs(candles.interval);
    this.#cash = BigInt(spec.depositUsd);
  }

  run(): OracleResult {
    for (let row = this.#spec.from; row < this.#spec.to; row++) {
      for (const desk of this.#desks) this.#leaveAtOpen(desk, row);
      for (const desk of this.#desks) this.#enterAtOpen(desk, row);
      for (const desk of this.#desks) this.#leaveInside(desk, row);
      for (const desk of this.#desks) this.#manage(desk, row);
      for (const desk of this.#desks) this.#decide(desk, row);
    }
    for (const desk of this.#desks) this.#end(desk);
    return {
      trades: this.#trades,
      cashUsd: Number(this.#cash),
      refusals: this.#refusals,
      conflicts: this.#conflicts,
      lapses: this.#lapses,
    };
  }

  #openMs(row: number): number {
    return this.#firstMs + row * this.#stepMs;
  }

  #isStored({ leg }: Desk, row: number): boolean {
    return !Number.isNaN(leg.candles.close[row]);
  }

  /** Do the candles on which the strategy decides close here too? */
  #isDecision({ leg }: Desk, row: number): boolean {
    return this.#openMs(row + 1) % leg.decisionIntervalMs === 0;
  }

  #at({ leg }: Desk, column: 'open' | 'high' | 'low' | 'close', row: number): Rational {
    return rational(leg.candles[column][row] as number);
  }

  // ---- from the open of a candle to just before its close ----

  #leaveAtOpen(desk: Desk, row: number): void {
    const { position } = desk;
    if (position === null || !this.#isStored(desk, row)) return;
    const exit = this.#dueAtOpen(desk, position, row) ?? this.#restingAtOpen(desk, position, row);
    if (exit !== null) this.#close(desk, position, exit);
  }

  #enterAtOpen(desk: Desk, row: number): void {
    const { order } = desk;
    if (order === null) return;
    desk.order = null;
    if (!this.#isStored(desk, row)) {
      this.#lapses++;
      return;
    }
    this.#enter(desk, order, row);
    const { position } = desk;
    const exit = position === null ? null : this.#restingAtOpen(desk, position, row);
    if (position !== null && exit !== null) this.#close(desk, position, exit);
  }

  /** Rules 14, 41 and 42: liquidation, then what was due: by signal, by time, by a moved stop. */
  #dueAtOpen(desk: Desk, position: Position, row: number): Exit | null {
    const { maxHold } = this.#spec.rules;
    const dueMs = maxHold === null ? null : position.entryTimeMs + maxHold * desk.leg.decisionIntervalMs;
    const reason = this.#isLiquidated(desk, position, row)
      ? 'liquidation'
      : position.isSignalled
        ? 'signal'
        : dueMs !== null && this.#openMs(row) >= dueMs
          ? 'time'
          : position.isCrossed
            ? position.stopReason
            : null;
    if (reason === null) return null;
    return this.#marketExit(desk, position, this.#at(desk, 'open', row), this.#openMs(row), reason, true);
  }

  #isLiquidated(desk: Desk, { order, liquidation }: Position, row: number): boolean {
    return liquidation !== null && prices.isAtOrBeyond(order.side, this.#at(desk, 'open', row), liquidation);
  }

  #marketExit(
    { leg }: Desk,
    { order }: Position,
    observed: Rational,
    timeMs: number,
    reason: ExitReason,
    isAtOpen: boolean,
  ): Exit {
    const price = prices.marketFill(leg.instrument, order.side === 'short', observed, this.#spec.costs.slippageBps);
    return { price, timeMs, reason, isAtOpen };
  }

  #enter(desk: Desk, order: Order, row: number): void {
    const { rules, costs } = this.#spec;
    const { instrument } = desk.leg;
    const { side, lots } = order;
    const isLong = side === 'long';
    const open = this.#at(desk, 'open', row);
    const fill = prices.marketFill(instrument, isLong, open, costs.slippageBps);
    const away = order.stopAway ?? fill.times(fractionOf(rules.stop));
    const bareStop = fill.minus(prices.sign(side).times(away));
    // The rules are silent about a fill so far below the decision that no room is left: the stop is the lowest valid
    // price.
    let stop = bareStop.isAbove(ZERO)
      ? prices.rounded(instrument, bareStop, isLong ? 'up' : 'down')
      : prices.powerOfTen(instrument.szDecimals - 6);
    if (prices.isAtOrBeyond(side, fill, stop)) stop = prices.nextPrice(instrument, fill, isLong ? -1 : 1);
    const notional = prices.notionalOf(instrument, fill, lots);
    const bare = prices.liquidationOf(instrument, side, fill, rational(notional), rules.leverage);
    const liquidation = bare === null ? null : prices.rounded(instrument, bare, isLong ? 'up' : 'down');
    const entryFee = prices.feeOf(notional, costs.takerFee);
    const position: Position = {
      order,
      entryTimeMs: this.#openMs(row),
      fill,
      initialStop: stop,
      target: this.#targetOf(desk, side, fill, stop),
      liquidation,
      notional,
      margin: prices.marginOf(instrument, rational(notional), rules.leverage),
      entryFee,
      stop,
      stopReason: 'stop',
      high: null,
      low: null,
      isSignalled: false,
      isCrossed: false,
    };
    this.#cash -= entryFee;
    desk.position = position;
    if (liquidation !== null && prices.isAtOrBeyond(side, stop, liquidation)) {
      this.#close(
        desk,
        position,
        this.#marketExit(desk, position, open, this.#openMs(row), 'liquidation-distance', true),
      );
    }
  }

  #targetOf({ leg }: Desk, side: Side, fill: Rational, stop: Rational): Rational | null {
    const { target } = this.#spec.rules;
    if (target === null) return null;
    const bare = fill.plus(prices.sign(side).times(fill.minus(stop).abs()).times(rational(target)));
    const price = bare.isAbove(ZERO) ? prices.rounded(leg.instrument, bare, side === 'long' ? 'up' : 'down') : ZERO;
    return price.isAbove(ZERO) ? price : null;
  }

  /** Rules 13 and 41: stop and target are live from the open of the entry candle, liquidation comes before both. */
  #restingAtOpen(desk: Desk, position: Position, row: number): Exit | null {
    const open = this.#at(desk, 'open', row);
    const timeMs = this.#openMs(row);
    if (this.#isLiquidated(desk, position, row)) {
      return this.#marketExit(desk, position, open, timeMs, 'liquidation', true);
    }
    if (prices.isAtOrBeyond(position.order.side, open, position.stop)) {
      return this.#stopExit(desk, position, open, timeMs, true);
    }
    return this.#isThroughTarget(desk, position, open) ? this.#targetExit(position, timeMs, true) : null;
  }

  /** Rule 13: both touched is the stop. */
  #leaveInside(desk: Desk, row: number): void {
    const { position } = desk;
    if (position === null || !this.#isStored(desk, row)) return;
    const isLong = position.order.side === 'long';
    const worst = this.#at(desk, isLong ? 'low' : 'high', row);
    const best = this.#at(desk, isLong ? 'high' : 'low', row);
    const timeMs = this.#openMs(row + 1);
    if (prices.isAtOrBeyond(position.order.side, worst, position.stop)) {
      this.#close(desk, position, this.#stopExit(desk, position, position.stop, timeMs, false));
    } else if (this.#isThroughTarget(desk, position, best)) {
      this.#close(desk, position, this.#targetExit(position, timeMs, false));
    }
  }

  /** Rules 12 and 40: the next valid price beyond the target was seen. */
  #isThroughTarget({ leg }: Desk, { target, order }: Position, seen: Rational): boolean {
    if (target === null) return false;
    const through = prices.nextPrice(leg.instrument, target, order.side === 'long' ? 1 : -1);
    return seen.minus(through).times(prices.sign(order.side)).compare(ZERO) >= 0;
  }

  #targetExit({ target }: Position, timeMs: number, isAtOpen: boolean): Exit {
    return { price: target as Rational, timeMs, reason: 'target', isAtOpen };
  }

  /** Rules 11 and 47: flagged when the fill is more than 10 % beyond the trigger. */
  #stopExit(desk: Desk, position: Position, observed: Rational, timeMs: number, isAtOpen: boolean): Exit {
    const exit = this.#marketExit(desk, position, observed, timeMs, position.stopReason, isAtOpen);
    const beyondTolerance =
      position.order.side === 'long'
        ? exit.price.isBelow(position.stop.times(rational(0.9)))
        : exit.price.isAbove(position.stop.times(rational(1.1)));
    return { ...exit, beyondTolerance };
  }

  #close(desk: Desk, position: Position, exit: Exit): void {
    const trade = settle(this.#spec, desk.leg, desk.rates, position, exit);
    this.#trades.push({ ...trade, leg: this.#desks.indexOf(desk) });
    this.#cash += BigInt(trade.netPnlUsd) + position.entryFee;
    desk.position = null;
  }

  // ---- at the close of a candle ----

  #manage(desk: Desk, row: number): void {
    const { position } = desk;
    if (position === null || !this.#isStored(desk, row)) return;
    const [high, low] = [this.#at(desk, 'high', row), this.#at(desk, 'low', row)];
    position.high = position.high === null || high.isAbove(position.high) ? high : position.high;
    position.low = position.low === null || low.isBelow(position.low) ? low : position.low;
    if (!this.#isDecision(desk, row)) return;
    const { side } = position.order;
    if (((desk.leg.signals[row] as number) & (side === 'long' ? EXIT_LONG : EXIT_SHORT)) !== 0) {
      position.isSignalled = true;
    }
    this.#moveStop(desk, position, this.#at(desk, 'close', row));
  }

  /** Rules 15, 37 and 46. */
  #moveStop({ leg }: Desk, position: Position, close: Rational): void {
    const { breakEven, trail, minStopMoveBps } = this.#spec.rules;
    const { order, fill, initialStop } = position;
    const { side } = order;
    const s = prices.sign(side);
    const best = (side === 'long' ? position.high : position.low) as Rational;
    const ahead = best.minus(fill).times(s);
    const hasReached = (multiple: number): boolean =>
      !ahead.isBelow(fill.minus(initialStop).abs().times(rational(multiple)));
    const isTighter = (a: Rational, b: Rational): boolean => a.minus(b).times(s).isAbove(ZERO);
    let [stop, reason] = [position.stop, position.stopReason];
    if (breakEven !== null && hasReached(breakEven.at) && isTighter(fill, stop)) {
      [stop, reason] = [fill, 'break-even'];
    }
    if (trail !== null && hasReached(trail.after)) {
      const away = order.trailAway ?? best.times(fractionOf(trail.distance));
      const bare = best.minus(s.times(away));
      const trailed = bare.isAbove(ZERO)
        ? prices.rounded(leg.instrument, bare, side === 'long' ? 'up' : 'down')
        : position.stop;
      if (isTighter(trailed, stop)) [stop, reason] = [trailed, 'trail'];
    }
    const moved = stop.minus(position.stop).abs();
    const smallest = position.stop.times(rational(minStopMoveBps)).over(rational(10_000));
    if (!moved.isAbove(ZERO) || moved.isBelow(smallest)) return;
    position.stop = stop;
    position.stopReason = reason;
    position.isCrossed = prices.isAtOrBeyond(side, close, stop);
  }

  #decide(desk: Desk, row: number): void {
    if (desk.position !== null || desk.order !== null || !this.#isStored(desk, row) || !this.#isDecision(desk, row))
      return;
    const signal = desk.leg.signals[row] as number;
    const [isLong, isShort] = [(signal & LONG) !== 0, (signal & SHORT) !== 0];
    if (isLong && isShort) this.#conflicts++;
    if (isLong === isShort) return;
    const side = isLong ? 'long' : 'short';
    const entry = sizeEntry(this.#spec.rules, desk.leg, row, side, this.#cash, this.#inUse());
    if (typeof entry === 'string') this.#refusals[entry] = (this.#refusals[entry] ?? 0) + 1;
    else desk.order = { ...entry, side, signalTimeMs: this.#openMs(row + 1) };
  }

  /** What legs hold or have ordered, at one close. */
  #inUse(): Claim[] {
    return this.#desks.flatMap(({ leg, order, position }) => {
      const { coin } = leg;
      if (position !== null) {
        const { notional, margin } = position;
        return [{ coin, side: position.order.side, notional: rational(notional), margin }];
      }
      return order === null ? [] : [{ coin, side: order.side, notional: order.notional, margin: order.margin }];
    });
  }

  /** Rules 1 and 43: at the last stored close, with costs, without the funding of that instant. */
  #end(desk: Desk): void {
    const { position } = desk;
    if (desk.order !== null) this.#lapses++;
    if (position === null) return;
    let row = this.#spec.to - 1;
    while (!this.#isStored(desk, row)) row--;
    this.#close(
      desk,
      position,
      this.#marketExit(desk, position, this.#at(desk, 'close', row), this.#openMs(row + 1), 'end', false),
    );
  }
}
