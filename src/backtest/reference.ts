import { type Account, type LegState, openAccount } from '../core/account.ts';
import type { Close, Entry, Event } from '../core/events.ts';
import type { CandleFill } from '../core/fills.ts';
import { cashOf } from '../core/ledger.ts';
import { step } from '../core/step.ts';
import { closeTimeAt, openTimeAt } from '../domain/candle.ts';
import { quantityOf } from '../domain/instrument.ts';
import { intervalMs } from '../domain/time.ts';
import type { Refusal, Trade } from '../domain/trade.ts';
import { type EpochMs, toUsd } from '../domain/units.ts';
import type { Leg, RunResult, RunSpec } from './run.ts';
import { Venue } from './venue.ts';

/**
 * The reference engine: it defines what is right. Candle by candle, in this order: funding and orders at the open, stop and target
 * inside, decisions at the close. What is decided at a close meets only later prices.
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
  /** A row decides where (row + phase) is a multiple of this many rows. */
  readonly #decisionRows: number;
  readonly #decisionPhase: number;
  readonly #venues: readonly Venue[];
  #account: Account;
  /** Legs with an order or a position at the venue. */
  #busy = 0;
  /** Per leg: the last row that has a candle, and the funding of a gap that has not met a price yet. */
  readonly #lastRow: Int32Array;
  readonly #unpaidPerLot: Float64Array;
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
    this.#decisionRows = spec.decisionIntervalMs / this.#stepMs;
    this.#decisionPhase = (closeTimeAt(candles, 0) % spec.decisionIntervalMs) / this.#stepMs;
    this.#venues = legs.map((leg) => new Venue(leg.instrument, costs.slippageBps, spec.bothTouched ?? 'stop'));
    const terms = { legs: legs.map(({ coin, instrument }) => ({ coin, instrument })), rules, costs };
    this.#account = openAccount({ ...terms, intervalMs: spec.decisionIntervalMs }, spec.depositUsd);
    this.#lastRow = new Int32Array(legs.length);
    this.#unpaidPerLot = new Float64Array(legs.length);
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
    const { legs } = this.#spec;
    for (let index = 0; index < legs.length; index++) {
      const { candles, funding } = legs[index] as Leg;
      if (this.#venue(index).hasPosition) this.#fund(index, funding.atOpen[row] as number, candles.open[row] as number);
    }
    for (let index = 0; index < legs.length; index++) {
      const venue = this.#venue(index);
      const open = (legs[index] as Leg).candles.open[row] as number;
      if (venue.hasPosition && open > 0) this.#fill(index, venue.exitAtOpen(open), timeMs);
    }
    for (let index = 0; index < legs.length; index++) {
      if (this.#venue(index).hasPendingEntry)
        this.#enter(index, (legs[index] as Leg).candles.open[row] as number, timeMs);
    }
  }

  #enter(leg: number, open: number, timeMs: EpochMs): void {
    if (Number.isNaN(open)) {
      this.#lapse(leg, timeMs);
      return;
    }
    this.#fill(leg, this.#venue(leg).enterAtOpen(open), timeMs);
    this.#fill(leg, this.#venue(leg).exitAtOpen(open), timeMs);
  }

  /** Funding hours inside the candle, then stop and target; an exit here is stamped at the close (rule 42). */
  inside(row: number): void {
    const timeMs = (this.#firstOpenMs + (row + 1) * this.#stepMs) as EpochMs;
    const { legs } = this.#spec;
    for (let index = 0; index < legs.length; index++) {
      const venue = this.#venue(index);
      if (!venue.hasPosition) continue;
      const { candles, funding } = legs[index] as Leg;
      const { open, high, low } = candles;
      this.#heldRows++;
      this.#fund(index, funding.inside[row] as number, open[row] as number);
      this.#fill(index, venue.exitInside(high[row] as number, low[row] as number), timeMs);
    }
  }

  /** Every leg hears the close; then the account is marked to it. */
  close(row: number): void {
    const timeMs = (this.#firstOpenMs + (row + 1) * this.#stepMs) as EpochMs;
    const { legs } = this.#spec;
    const event = this.#event;
    event.timeMs = timeMs;
    // In rows, because the remainder of a whole number is an order of magnitude faster than that of an instant.
    event.decides = (row + this.#decisionPhase) % this.#decisionRows === 0;
    for (let index = 0; index < legs.length; index++) {
      const leg = legs[index] as Leg;
      const close = leg.candles.close[row] as number;
      event.leg = index;
      event.high = leg.candles.high[row] as number;
      event.low = leg.candles.low[row] as number;
      event.close = close;
      event.signals = leg.signals[row] as number;
      event.stopAtr = leg.stopAtr === undefined ? Number.NaN : (leg.stopAtr[row] as number);
      event.trailAtr = leg.trailAtr === undefined ? Number.NaN : (leg.trailAtr[row] as number);
      this.#apply(event);
      if (close > 0) this.#lastRow[index] = row;
    }
    this.#equityUsd[row - this.#spec.from] = this.#markToMarket();
  }

  /** Open positions are settled at the last stored close, with costs; pending entries lapse (rules 1 and 43). */
  end(): void {
    for (let index = 0; index < this.#venues.length; index++) {
      const venue = this.#venue(index);
      const timeMs = (this.#firstOpenMs + ((this.#lastRow[index] as number) + 1) * this.#stepMs) as EpochMs;
      if (venue.hasPendingEntry) this.#lapse(index, timeMs);
      this.#fill(index, venue.exitAtEnd(this.#mark(index)), timeMs);
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

  #venue(leg: number): Venue {
    return this.#venues[leg] as Venue;
  }

  #mark(leg: number): number {
    return (this.#spec.legs[leg] as Leg).candles.close[this.#lastRow[leg] as number] as number;
  }

  /** In a gap funding runs by the clock (rule 2), but only a position that meets another candle pays it: others end before. */
  #fund(leg: number, perLot: number, open: number): void {
    const sumPerLot = (this.#unpaidPerLot[leg] as number) + perLot;
    if (sumPerLot === 0) return;
    const isGap = Number.isNaN(open);
    this.#unpaidPerLot[leg] = isGap ? sumPerLot : 0;
    if (!isGap) this.#apply({ kind: 'funding', leg, perLot: sumPerLot });
  }

  #fill(leg: number, fill: CandleFill | undefined, timeMs: EpochMs): void {
    if (fill === undefined) return;
    const { order, price, isMaker } = fill;
    this.#apply({ kind: 'fill', leg, order, timeMs, price, isMaker });
  }

  #lapse(leg: number, timeMs: EpochMs): void {
    this.#venue(leg).dropEntry();
    this.#apply({ kind: 'lapse', leg, timeMs });
    this.#busy--;
  }

  #apply(event: Event): void {
    const { account, commands, entries } = step(this.#account, event);
    this.#account = account;
    if (commands.length === 0 && entries.length === 0) return;
    for (const command of commands) {
      this.#venue(command.leg).accept(command);
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
    let equityUsd = toUsd(cashOf(this.#account.ledger));
    if (this.#busy === 0) return equityUsd;
    for (let index = 0; index < this.#venues.length; index++) {
      equityUsd += openResultUsd(
        this.#account.legs[index] as LegState,
        this.#spec.legs[index] as Leg,
        this.#mark(index),
      );
    }
    return equityUsd;
  }
}

/** What a position would bring at the mark, funding received so far included, exit costs not. */
function openResultUsd(state: LegState, leg: Leg, mark: number): number {
  if (state.status !== 'open' && state.status !== 'leaving') return 0;
  const { lots, direction, entryPrice } = state.position;
  const fundingUsd = (direction * state.fundingPerLot * lots) / 1e12;
  return direction * (mark - entryPrice) * quantityOf(leg.instrument, lots) + fundingUsd;
}

/** The grid that all legs share. */
function gridOf(spec: RunSpec): Leg['candles'] {
  const first = spec.legs[0]?.candles;
  if (first === undefined) throw new RangeError('a run needs a leg');
  for (const { candles, signals, coin } of spec.legs) {
    const isSameGrid =
      candles.firstOpenMs === first.firstOpenMs &&
      candles.length === first.length &&
      candles.interval === first.interval;
    if (!isSameGrid || signals.length !== first.length) {
      throw new RangeError(`the candles and signals of ${coin} are not on the grid of ${first.coin}`);
    }
  }
  if (!(spec.from >= 0 && spec.from <= spec.to && spec.to <= first.length)) {
    throw new RangeError(`rows ${spec.from} … ${spec.to} do not lie within ${first.length} candles`);
  }
  if (spec.decisionIntervalMs % intervalMs(first.interval) !== 0) {
    throw new RangeError(`decisions every ${spec.decisionIntervalMs} ms do not fall on ${first.interval} candles`);
  }
  return first;
}
