import type { Prng } from '../domain/prng.ts';
import type { Trade } from '../domain/trade.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { setBit } from './fast/bits.ts';

/** The coin flip of one leg: when it may enter, how often it does, and on which side. */
export interface CoinFlipLeg {
  /** Chance of an entry signal at a close. */
  readonly rate: number;
  /** Share of the signals that are long. */
  readonly longShare: number;
  /** The strategy's own exit signals; they stay where they are. */
  readonly exits: Pick<SignalBits, 'exitLong' | 'exitShort'>;
}

/** What a coin flip is matched to, on one leg. */
export interface CoinFlipTarget {
  readonly trades: number;
  readonly rows: number;
}

/** The rows of a study, on its own interval. */
export interface CoinFlipSpan {
  readonly from: number;
  readonly to: number;
  readonly intervalMs: number;
}

/**
 * A first guess of the coin flip that matches a strategy: on each leg as many entries per flat close as the strategy
 * made, and its share of longs. Random entries are held for longer or shorter than the strategy's own, so
 * `calibrateCoinFlip` corrects the rates.
 *
 * @param signals the strategy's own schedule, leg by leg
 */
export function coinFlipLegs(
  signals: readonly SignalBits[],
  trades: readonly Trade[],
  span: CoinFlipSpan,
): CoinFlipLeg[] {
  const rows = span.to - span.from;
  return signals.map(({ exitLong, exitShort }, leg) => {
    let entries = 0;
    let longs = 0;
    let busyRows = 0;
    for (const trade of trades) {
      if (trade.leg !== leg) continue;
      entries++;
      if (trade.side === 'long') longs++;
      busyRows += (trade.exitTimeMs - trade.entryTimeMs) / span.intervalMs;
    }
    return {
      rate: entries === 0 ? 0 : Math.min(1, entries / Math.max(1, rows - busyRows)),
      longShare: entries === 0 ? 0.5 : longs / entries,
      exits: { ...(exitLong && { exitLong }), ...(exitShort && { exitShort }) },
    };
  });
}

/** The stream of one draw on one leg; adding a strategy, a coin or a draw changes no other. */
export function coinFlipStream(root: Prng, strategy: string, coin: string, draw: number | string): Prng {
  return root.fork(`coin-flip/${strategy}/${coin}/${draw}`);
}

/**
 * Random entries on one leg: at each close of rows from … to − 1, independently, an entry with chance `rate`. The
 * engine does not hear entry signals while a position or an order is there, so this is the same as drawing one after
 * another from the feasible moments; drawing first and dropping the infeasible would bias the control only if it were
 * to redraw them elsewhere.
 */
export function coinFlipSignals(leg: CoinFlipLeg, from: number, to: number, rng: Prng): SignalBits {
  const words = Math.ceil(to / 32);
  const [long, short] = [new Uint32Array(words), new Uint32Array(words)];
  if (leg.rate > 0) {
    // The distance between successes of independent trials is geometric: one logarithm an entry instead of one draw a
    // candle.
    const logMiss = Math.log1p(-leg.rate);
    for (let row = from + gap(rng, logMiss); row < to; row += 1 + gap(rng, logMiss)) {
      setBit(rng.uniform() < leg.longShare ? long : short, row);
    }
  }
  return { long, short, ...leg.exits };
}

function gap(rng: Prng, logMiss: number): number {
  return Math.floor(Math.log1p(-rng.uniform()) / logMiss);
}

/** Draws of the pilots, one after another: the first find about where the rates lie, the last is precise. */
const PILOT_DRAWS = [12, 12, 24, 48];
/** A pilot may be far off where legs wait for each other's slots; no step of a rate is larger than this factor. */
const MAX_STEP = 8;

/**
 * Corrects the rates until the expected number of trades on each leg is that of the strategy, within a few per cent.
 * Each pilot counts what the rates make; the next rates follow by Newton's method in logarithms. Twice the rate makes
 * less than twice the trades, because held positions leave fewer closes to enter at: the slope is the share of closes
 * that are free, or, where two pilots lie apart, what they show.
 *
 * @param wanted trades of the strategy on each leg
 * @param runPilot runs one draw of these legs through the engine and counts its trades on each leg; `name` names its
 *   random stream
 */
export function calibrateCoinFlip(
  legs: readonly CoinFlipLeg[],
  wanted: readonly number[],
  rows: number,
  runPilot: (legs: readonly CoinFlipLeg[], name: string) => readonly number[],
): readonly CoinFlipLeg[] {
  if (wanted.every((trades) => trades === 0)) return legs;
  let calibrated = legs;
  let before: readonly Pilot[] = [];
  for (const [round, draws] of PILOT_DRAWS.entries()) {
    const made = legs.map(() => 0);
    for (let draw = 0; draw < draws; draw++) {
      const trades = runPilot(calibrated, `pilot-${round}-${draw}`);
      for (let leg = 0; leg < legs.length; leg++) made[leg] = (made[leg] as number) + (trades[leg] as number) / draws;
    }
    const pilots = calibrated.map(({ rate }, leg) => ({ rate, trades: made[leg] as number }));
    calibrated = calibrated.map((leg, i) => {
      const rate = nextRate(pilots[i] as Pilot, before[i], wanted[i] as number, rows);
      return { ...leg, rate };
    });
    before = pilots;
  }
  return calibrated;
}

/** What a rate made, on average. */
interface Pilot {
  readonly rate: number;
  readonly trades: number;
}

function nextRate(pilot: Pilot, before: Pilot | undefined, wanted: number, rows: number): number {
  const { rate, trades } = pilot;
  if (rate === 0 || wanted === 0) return 0;
  if (trades === 0) return Math.min(1, MAX_STEP * rate);
  const factor = (wanted / trades) ** (1 / slopeAt(pilot, before, rows));
  return Math.min(1, rate * Math.min(MAX_STEP, Math.max(1 / MAX_STEP, factor)));
}

/** d ln trades / d ln rate. */
function slopeAt(pilot: Pilot, before: Pilot | undefined, rows: number): number {
  const step = before === undefined ? 0 : Math.log(pilot.rate / before.rate);
  const seen = before === undefined ? Number.NaN : Math.log(pilot.trades / before.trades) / step;
  // Pilots that lie close together differ by chance alone.
  const slope = Math.abs(step) > 0.2 && Number.isFinite(seen) ? seen : pilot.trades / (pilot.rate * rows);
  return Math.min(1, Math.max(0.1, slope));
}
