import { type Account, type LegState, openAccount } from '../core/account.ts';
import type { Close, Entry, Event } from '../core/events.ts';
import type { CandleFill } from '../core/fills.ts';
import { cashOf } from '../core/ledger.ts';
import { step } from '../core/step.ts';
import { openTimeAt } from '../domain/candle.ts';
import { lotMicroCoins } from '../domain/instrument.ts';
import { intervalMs } from '../domain/time.ts';
import type { Refusal, Trade } from '../domain/trade.ts';
import type { EpochMs } from '../domain/units.ts';
import type { Leg, RunResult, RunSpec } from './run.ts';
import { Venue } from './venue.ts';

/**
 * The reference engine: it defines what is right. Candle by candle, in this order: funding and orders at the open,
 * stop and target inside, decisions at the close. What is decided at a close meets only later prices.
 *
 * @throws RangeError where rows or legs do not fit together.
 */
export function runReference(spec: RunSpec): RunResult {
  const run = new ReferenceRun(spec);
  for (let row = spec.from; row < spec.to; row++) {
    if (run.isBusy) {
      run.open(row);
      run.inside(row);
    }
    run.close(row);
  }
  run.end();
  return run.result();
}

type MutableClose = { -readonly [Key in keyof Close]: Close[Key] };

class ReferenceRun {
  readonly #spec: RunSpec;
  readonly #stepMs: number;
  readonly #firstOpenMs: number;
  readonly #venues: readonly Venue[];
  #account: Account;
  /** Legs with an order or a position at the venue. */
  #busy = 0;
  readonly #event: MutableClose;

  readonly #trades: Trade[] = [];
  readonly #refusals: Partial<Record<Refusal, number>> = {};
  readonly #equityUsd: Float64Array;
  #heldRows = 0;
  #conflicts = 0;
  #lapses = 0;

  constructor(spec: RunSpec) {
    const candles = gridOf(spec);
    const { legs, rules, costs } = spec;
    this.#spec = spec;
    this.#stepMs = intervalMs(candles.interval);
    this.#firstOpenMs = openTimeAt(candles, 0);
    this.#venues = legs.map((leg, index) => new Venue(index, leg, costs.slippageBps, spec.bothTouched ?? 'stop'));
    const terms = legs.map((leg) => ({
      coin: leg.coin,
      instrument: leg.instrument,
      intervalMs: leg.decisionIntervalMs,
    }));
    this.#account = openAccount({ legs: terms, rules, costs }, spec.depositUsd);
    this.#equityUsd = new Float64Array(spec.to - spec.from);
    this.#event = {
      kind: 'close',
      leg: 0,
      timeMs: 0 as EpochMs,
      high: 0,
      low: 0,
      close: 0,
      signals: 0,
      stopAtr: Number.NaN,
      trailAtr: Number.NaN,
      decides: true,
    };
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** At one instant: funding, then exits, then entries; legs in order (rule 8). */
  open(row: number): void {
    const timeMs = (this.#firstOpenMs + row * this.#stepMs) as EpochMs;
    for (const venue of this.#venues) {
      if (venue.hasPosition) this.#fund(venue.index, venue.fundingAtOpen(row));
    }
    for (const venue of this.#venues) {
      if (venue.hasPosition) this.#fill(venue.index, venue.exitAtOpen(row), timeMs);
    }
    for (const venue of this.#venues) {
      if (venue.hasPendingEntry) this.#enter(venue, row, timeMs);
    }
  }

  #enter(venue: Venue, row: number, timeMs: EpochMs): void {
    if (venue.hasCandle(row)) {
      this.#fill(venue.index, venue.enterAtOpen(row), timeMs);
      this.#fill(venue.index, venue.exitAtOpen(row), timeMs);
    } else {
      this.#lapse(venue, timeMs);
    }
  }

  /** Funding hours inside the candle, then stop and target; an exit here is stamped at the close (rule 42). */
  inside(row: number): void {
    const timeMs = (this.#firstOpenMs + (row + 1) * this.#stepMs) as EpochMs;
    for (const venue of this.#venues) {
      if (!venue.hasPosition) continue;
      this.#heldRows++;
      this.#fund(venue.index, venue.fundingInside(row));
      this.#fill(venue.index, venue.exitInside(row), timeMs);
    }
  }

  /** The legs hear the close, but for flat ones without a signal; then the account is marked to it. */
  close(row: number): void {
    const event = this.#event;
    event.timeMs = (this.#firstOpenMs + (row + 1) * this.#stepMs) as EpochMs;
    for (const venue of this.#venues) {
      const { candles, signals, stopAtr, trailAtr } = venue.leg;
      venue.see(row);
      if (signals[row] === 0 && venue.isIdle) continue;
      event.leg = venue.index;
      event.decides = venue.decidesAt(row);
      event.high = candles.high[row] as number;
      event.low = candles.low[row] as number;
      event.close = candles.close[row] as number;
      event.signals = signals[row] as number;
      event.stopAtr = stopAtr === undefined ? Number.NaN : (stopAtr[row] as number);
      event.trailAtr = trailAtr === undefined ? Number.NaN : (trailAtr[row] as number);
      this.#apply(event);
    }
    this.#equityUsd[row - this.#spec.from] = this.#markToMarket();
  }

  /** Open positions are settled at the last stored close, with costs; pending entries lapse (rules 1 and 43). */
  end(): void {
    for (const venue of this.#venues) {
      const timeMs = (this.#firstOpenMs + (venue.lastRow + 1) * this.#stepMs) as EpochMs;
      if (venue.hasPendingEntry) this.#lapse(venue, timeMs);
      this.#fill(venue.index, venue.exitAtEnd(), timeMs);
    }
    if (this.#equityUsd.length > 0) this.#equityUsd[this.#equityUsd.length - 1] = this.#markToMarket();
  }

  result(): RunResult {
    return {
      trades: this.#trades,
      ledger: this.#account.ledger,
      equityUsd: this.#equityUsd,
      heldRows: this.#heldRows,
      refusals: this.#refusals,
      conflicts: this.#conflicts,
      lapses: this.#lapses,
    };
  }

  #fund(leg: number, perLot: number): void {
    if (perLot !== 0) this.#apply({ kind: 'funding', leg, perLot });
  }

  #fill(leg: number, fill: CandleFill | undefined, timeMs: EpochMs): void {
    if (fill === undefined) return;
    const { order, price, isMaker } = fill;
    this.#apply({ kind: 'fill', leg, order, timeMs, price, isMaker });
  }

  #lapse(venue: Venue, timeMs: EpochMs): void {
    venue.dropEntry();
    this.#apply({ kind: 'lapse', leg: venue.index, timeMs });
    this.#busy--;
  }

  #apply(event: Event): void {
    const { account, commands, entries } = step(this.#account, event);
    this.#account = account;
    if (commands.length === 0 && entries.length === 0) return;
    for (const command of commands) {
      this.#venues[command.leg]?.accept(command);
      if (command.kind === 'enter') this.#busy++;
      if (command.kind === 'release') this.#busy--;
    }
    for (const entry of entries) this.#record(entry);
  }

  #record(entry: Entry): void {
    switch (entry.kind) {
      case 'closed':
        this.#trades.push(entry.trade);
        break;
      case 'refused':
        this.#refusals[entry.refusal] = (this.#refusals[entry.refusal] ?? 0) + 1;
        break;
      case 'conflict':
        this.#conflicts++;
        break;
      case 'lapsed':
        this.#lapses++;
        break;
    }
  }

  #markToMarket(): number {
    let equity: number = cashOf(this.#account.ledger);
    if (this.#busy > 0) {
      for (const venue of this.#venues) equity += openResult(this.#account.legs[venue.index] as LegState, venue);
    }
    return equity / 1e6;
  }
}

/** Micro-dollars that a position would bring at the mark, funding received so far included, exit costs not. */
function openResult(state: LegState, { leg, mark }: Venue): number {
  if (state.status !== 'open' && state.status !== 'leaving') return 0;
  const { lots, direction, entryPrice } = state.position;
  const perLot = (mark - entryPrice) * lotMicroCoins(leg.instrument) + state.fundingPerLot * 1e-6;
  return direction * lots * perLot;
}

/** The grid that all legs are filled on. */
function gridOf(spec: RunSpec): Leg['candles'] {
  const first = spec.legs[0]?.candles;
  if (first === undefined) throw new RangeError('a run needs a leg');
  for (const { candles, signals, coin, decisionIntervalMs } of spec.legs) {
    const isSameGrid =
      candles.firstOpenMs === first.firstOpenMs &&
      candles.length === first.length &&
      candles.interval === first.interval;
    if (!isSameGrid || signals.length !== first.length) {
      throw new RangeError(`the candles and signals of ${coin} are not on the grid of ${first.coin}`);
    }
    if (!(decisionIntervalMs > 0) || decisionIntervalMs % intervalMs(candles.interval) !== 0) {
      throw new RangeError(
        `decisions on ${coin} every ${decisionIntervalMs} ms do not fall on ${candles.interval} candles`,
      );
    }
  }
  if (!(spec.from >= 0 && spec.from <= spec.to && spec.to <= first.length)) {
    throw new RangeError(`rows ${spec.from} … ${spec.to} do not lie within ${first.length} candles`);
  }
  return first;
}
