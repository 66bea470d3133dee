import type { AblationResult } from '../backtest/ablation.ts';
import type { Neighbour } from '../backtest/neighbours.ts';
import type { StrategyOutcome } from '../backtest/outcome.ts';
import type { Probes } from '../backtest/probes.ts';
import { type Cut, isUntried, type Untried, untried, VARIATIONS, type Variation } from '../backtest/variation.ts';
import { formatDate } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { type Span, weekOf } from './calendar.ts';

/** Of all trades, so many are taken away to see whether the best of them made the result: one in twenty. */
const BEST_SHARE = 0.05;

/** How much of a result hangs on what could as well have been otherwise. */
export interface Robustness {
  /** In the order of VARIATIONS. */
  readonly variations: readonly Variation[];
  readonly neighbours: readonly Neighbour[] | Untried;
  readonly ablation: readonly AblationResult[];
}

export function robustnessOf(
  { backtest }: Pick<StrategyOutcome, 'backtest'>,
  { variations, neighbours, ablation }: Probes,
  span: Span,
): Robustness {
  const all = [...variations, ...cutsOf(backtest.trades, span)];
  const ordered = VARIATIONS.flatMap((kind) => all.filter((one) => one.kind === kind));
  return { variations: ordered, neighbours, ablation };
}

/** The same trades, some of them left out. */
export function cutsOf(trades: readonly Trade[], { fromMs, toMs }: Span): Variation[] {
  const middleMs = (fromMs + toMs) / 2;
  return [
    withoutBestWeek(trades),
    withoutBestTrades(trades),
    { kind: 'first-half', subject: '', ...cutOf(trades.filter(({ entryTimeMs }) => entryTimeMs < middleMs)) },
    { kind: 'second-half', subject: '', ...cutOf(trades.filter(({ entryTimeMs }) => entryTimeMs >= middleMs)) },
  ];
}

/** The best is that with the highest ΣR, by the ISO week of the entry. */
function withoutBestWeek(trades: readonly Trade[]): Variation {
  const weeks = [...Map.groupBy(trades, ({ entryTimeMs }) => weekOf(entryTimeMs))];
  const [best] = weeks.toSorted(([, a], [, b]) => sumOfR(b) - sumOfR(a));
  if (best === undefined) return untried('without-best-week', '', 'there are no trades');
  const [weekMs, own] = best;
  const rest = trades.filter((trade) => !own.includes(trade));
  return { kind: 'without-best-week', subject: formatDate(weekMs), ...cutOf(rest) };
}

function withoutBestTrades(trades: readonly Trade[]): Variation {
  if (trades.length === 0) return untried('without-best-trades', '', 'there are no trades');
  const taken = Math.ceil(BEST_SHARE * trades.length);
  const rest = trades.toSorted((a, b) => b.rMultiple - a.rMultiple).slice(taken);
  return { kind: 'without-best-trades', subject: `${taken}`, ...cutOf(rest) };
}

function cutOf(trades: readonly Trade[]): Cut {
  return { trades: trades.length, expectancyR: sumOfR(trades) / trades.length };
}

function sumOfR(trades: readonly Trade[]): number {
  return trades.reduce((sum, { rMultiple }) => sum + rMultiple, 0);
}

/** What of the neighbours has the other sign, and where they lie. */
export interface Neighbourhood {
  readonly tried: number;
  /** Those whose mean has the other sign. */
  readonly opposite: number;
  readonly worstR: number;
  readonly bestR: number;
}

/** @returns undefined where no neighbour made a trade */
export function neighbourhoodOf(neighbours: Robustness['neighbours'], ownR: number): Neighbourhood | undefined {
  if (isUntried(neighbours)) return undefined;
  const means = neighbours.filter(({ trades }) => trades > 0).map(({ expectancyR }) => expectancyR);
  if (means.length === 0 || Number.isNaN(ownR)) return undefined;
  return {
    tried: means.length,
    opposite: means.filter((mean) => mean > 0 !== ownR > 0).length,
    worstR: Math.min(...means),
    bestR: Math.max(...means),
  };
}
