import { CandorError } from '../domain/errors.ts';
import { formatDate } from '../domain/time.ts';
import { contenderOf } from './choice.ts';
import { MarketRoom } from './market-room.ts';
import { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';
import { type Cut, isUntried, type Untried, untried, type Variation, type VariationKind } from './variation.ts';

/** Candles that are stored anyway, and that the study does not judge on. */
export interface Elsewhere {
  /** Coins that the study does not name, over its span. */
  readonly otherCoins: { readonly coins: readonly string[]; readonly data: StudyData } | Untried;
  /** Its own coins, over a span of the same length that ends where its own begins. */
  readonly before: StudyData | Untried;
}

/** Nothing but the study's own candles. */
export function nowhereElse(reason: string): Elsewhere {
  return { otherCoins: { reason }, before: { reason } };
}

/** The same strategy and rules on other coins, each of them with an account of its own, and before the span. */
export function elsewhereVariations(bench: StrategyBench, { otherCoins, before }: Elsewhere): Variation[] {
  return [
    isUntried(otherCoins)
      ? untried('other-coins', '', otherCoins.reason)
      : attempted('other-coins', `${otherCoins.coins.length}`, () =>
          pooled(otherCoins.coins.map((coin) => cutOn(bench, otherCoins.data, [coin]))),
        ),
    isUntried(before)
      ? untried('span-before', '', before.reason)
      : attempted('span-before', formatDate(before.fromMs), () => cutOn(bench, before, bench.study.coins)),
  ];
}

function attempted(kind: VariationKind, subject: string, run: () => Cut): Variation {
  try {
    return { kind, subject, ...run() };
  } catch (error) {
    if (!(error instanceof CandorError)) throw error;
    return untried(kind, subject, error.message);
  }
}

function cutOn({ study, costs, loaded, built }: StrategyBench, data: StudyData, coins: readonly string[]): Cut {
  const other = new StrategyBench(roomOf(data), { ...study, coins, confirm: [] }, costs, loaded, built.params);
  return contenderOf(other.draw(study.cell, other.bits));
}

/** The same for all strategies. */
const rooms = new WeakMap<StudyData, MarketRoom>();

function roomOf(data: StudyData): MarketRoom {
  const room = rooms.get(data) ?? new MarketRoom(data);
  rooms.set(data, room);
  return room;
}

/** The mean of all their trades. */
function pooled(cuts: readonly Cut[]): Cut {
  const trades = cuts.reduce((sum, cut) => sum + cut.trades, 0);
  const sumR = cuts.reduce((sum, cut) => sum + (cut.trades === 0 ? 0 : cut.trades * cut.expectancyR), 0);
  return { trades, expectancyR: sumR / trades };
}
