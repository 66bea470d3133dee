import type { AblationResult } from '../backtest/ablation.ts';
import type { VariationKind } from '../backtest/variation.ts';
import { neighbourhoodOf, type Robustness } from './robustness.ts';
import { counted, inR, percent } from './words.ts';

/** Trades that it takes to say that a condition costs money, and by how many standard errors it must. */
const ENOUGH_TRADES = 30;
const NOTABLE_ERRORS = 2;

/** One of the criticisms of a study. */
interface Objection {
  readonly id: string;
  readonly text: string;
}

/**
 * What the variations of a result say against it, the gravest first.
 *
 * @param sdR standard deviation of R
 */
export function criticiseRobustness(robustness: Robustness, ownR: number, sdR: number): Objection[] {
  return [
    ...lonelyParams(robustness, ownR),
    ...turned(robustness, ownR),
    ...robustness.ablation.flatMap((one) => uselessCondition(one, sdR)),
  ];
}

function lonelyParams({ neighbours }: Robustness, ownR: number): Objection[] {
  const found = neighbourhoodOf(neighbours, ownR);
  if (found === undefined || found.tried < 2 || found.opposite * 2 <= found.tried) return [];
  const [what, they] = ownR > 0 ? ['A lonely peak', 'lose'] : ['A lonely dip', 'earn'];
  const text =
    `${what}: with params one step away, ${found.opposite} of ${found.tried} neighbours ${they}, ` +
    'so the exact numbers matter too much.';
  return [{ id: 'lonely-params', text }];
}

/** A lost week, coin or half is told elsewhere, and only what makes a profit a loss is told at all. */
const TURNED: Readonly<Partial<Record<VariationKind, string>>> = {
  'costs-doubled': 'Twice the fees and slippage turn it into a loss',
  'entry-late': 'One candle later, the same entries lose',
  'without-best-trades': 'Without its best trades, one in twenty, it loses',
  coarser: 'Counted in candles twice as long, the same lengths of time lose',
  'other-coins': 'On the other coins that are stored, it loses',
  'span-before': 'Over the same length of time before, it lost',
};

function turned({ variations }: Robustness, ownR: number): Objection[] {
  if (!(ownR > 0)) return [];
  return variations.flatMap(({ kind, expectancyR, trades }) => {
    const words = TURNED[kind];
    if (words === undefined || !(expectancyR <= 0)) return [];
    return [{ id: kind, text: `${words}: ${inR(expectancyR)} over ${counted(trades, 'trade')}.` }];
  });
}

function uselessCondition({ side, condition, whole, without }: AblationResult, sdR: number): Objection[] {
  if (without === null || whole.trades < ENOUGH_TRADES || without.trades < ENOUGH_TRADES) return [];
  const standardErrorR = sdR / Math.sqrt(whole.trades);
  if (!(without.expectancyR - whole.expectancyR > NOTABLE_ERRORS * standardErrorR)) return [];
  const left = percent(1 - whole.trades / without.trades);
  const text =
    `'${condition}' (${side}) makes it worse: ${inR(whole.expectancyR)} a trade with it, ` +
    `${inR(without.expectancyR)} without it${whole.trades < without.trades ? `, though it leaves out ${left}` : ''}.`;
  return [{ id: 'useless-condition', text }];
}
