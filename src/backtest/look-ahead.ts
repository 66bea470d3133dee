import { openTimeAt } from '../domain/candle.ts';
import { LookAheadError } from '../domain/errors.ts';
import type { Interval } from '../domain/time.ts';
import { formatTime } from '../domain/time.ts';
import { reachable } from '../series/horizon.ts';
import { type BuiltStrategy, conditionsOf, settleOf } from '../strategy/define.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import { cutMarkets } from '../strategy/proof-stage.ts';
import { describeDifference, proveStrategy } from '../strategy/prove.ts';
import type { SignalBits } from '../strategy/signal-bits.ts';
import { signalFlags } from '../strategy/signals.ts';
import type { MarketRoom } from './market-room.ts';
import type { LookAhead } from './outcome.ts';
import { flagsOfBits } from './replay.ts';

/** Candles whose future is taken away, each of them: enough to meet a cheat, and a second's work. */
const CANDLES = 200;
/** Fewer prove nothing. */
const FEWEST_CANDLES = 24;
/** More than the experiments of a proof need beside those and what the strategy takes to settle. */
const CANDLES_BESIDE = 64;

/** A strategy with its params, and what a run was told of it. */
export interface Suspect {
  readonly room: MarketRoom;
  readonly loaded: LoadedStrategy;
  readonly built: BuiltStrategy;
  readonly interval: Interval;
  readonly coins: readonly string[];
  /** By coin. */
  readonly bits: readonly SignalBits[];
}

/** Whether it has code of its own, which alone can look ahead. */
export function hasOwnCode(built: BuiltStrategy): boolean {
  const nodes = conditionsOf(built).map(({ condition }) => condition.node);
  return reachable(nodes).some(({ custom }) => custom !== undefined);
}

/**
 * Makes sure that a strategy knows nothing of the future, before anything is concluded from what it says. Expressions
 * do not by construction; code of its own could, for one `scan` can leave notes for another. So it is replayed with
 * fresh copies of its module: the end of the study under every experiment of a proof, and all of it candle by candle,
 * as it would trade live.
 *
 * @throws LookAheadError with the first difference; and whatever the strategy throws.
 */
export async function checkLookAhead(suspect: Suspect): Promise<LookAhead> {
  const { built, loaded, room, interval, coins } = suspect;
  if (!hasOwnCode(built)) return { kind: 'by-construction' };
  const { from, to } = room.grid(interval);
  const candles = Math.min(CANDLES, to - settleOf(built, interval) - CANDLES_BESIDE);
  if (candles < FEWEST_CANDLES) return { kind: 'too-few-candles' };
  const markets = cutMarkets(room.markets(interval), 0, to);
  for (const coin of coins) {
    const { difference } = await proveStrategy({ loaded, params: built.params, coin, interval, markets, candles });
    if (difference !== undefined) throw looksAhead(suspect, coin, describeDifference(difference));
  }
  for (const leg of coins.keys()) await replay(suspect, leg);
  return { kind: 'replayed', candles: (to - from) * coins.length };
}

/** A fresh copy that sees one candle after the other must say what the run was told at once. */
async function replay(suspect: Suspect, leg: number): Promise<void> {
  const { built, loaded, room, interval } = suspect;
  const { from, to } = room.grid(interval);
  const coin = suspect.coins[leg] as string;
  const fresh = (await loaded.reload()).build(built.params);
  const evaluation = room.evaluation(interval, coin);
  evaluation.request(...conditionsOf(fresh).map(({ condition }) => condition));
  for (let end = 1; end <= to; end++) evaluation.advanceTo(end);
  const said = flagsOfBits(suspect.bits[leg] as SignalBits, to);
  const row = signalFlags(fresh, evaluation, from, to).findIndex((flags, i) => flags !== said[from + i]);
  if (row < 0) return;
  const time = formatTime(openTimeAt(room.candles(interval, coin), from + row));
  throw looksAhead(suspect, coin, `at the candle of ${time} it signals something else when candles come one by one`);
}

function looksAhead({ interval, loaded }: Suspect, coin: string, difference: string): LookAheadError {
  const { name } = loaded.strategy;
  return new LookAheadError(`it looks ahead: ${difference}`, {
    details: [`${name} on ${coin} ${interval}`],
    hint: `Code in a scan may keep nothing outside its state. Try: candor prove ${name} --coin ${coin}`,
  });
}
