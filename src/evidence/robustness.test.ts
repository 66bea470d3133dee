import { describe, expect, test } from 'vitest';
import { FROM_MS, outcomeOf, studyOf, studyOutcomeOf, THRESHOLDS, TO_MS } from '../../test/outcomes.ts';
import { tradeOf } from '../../test/trades.ts';
import type { Probes } from '../backtest/probes.ts';
import { untried } from '../backtest/variation.ts';
import { DAY_MS } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import { judgeStudy, type StrategyVerdict } from './judge.ts';
import { cutsOf, neighbourhoodOf } from './robustness.ts';

const onDay = (day: number): number => FROM_MS + day * DAY_MS;
const SPAN = { fromMs: FROM_MS, toMs: TO_MS };

describe('the same trades, some of them left out', () => {
  // 2025-04-07 is a Monday: two trades in its week, one in the next, one in the second half of the ninety days.
  const trades = [
    tradeOf({ r: 2, entryTimeMs: onDay(0) }),
    tradeOf({ r: -1, entryTimeMs: onDay(6) }),
    tradeOf({ r: 1.5, entryTimeMs: onDay(7) }),
    tradeOf({ r: -0.5, entryTimeMs: onDay(45) }),
  ];

  test('by hand', () => {
    expect(cutsOf(trades, SPAN)).toEqual([
      { kind: 'without-best-week', subject: '2025-04-14', trades: 3, expectancyR: 0.5 / 3 },
      { kind: 'without-best-trades', subject: '1', trades: 3, expectancyR: 0 },
      { kind: 'first-half', subject: '', trades: 3, expectancyR: 2.5 / 3 },
      { kind: 'second-half', subject: '', trades: 1, expectancyR: -0.5 },
    ]);
  });

  test('none are left of none', () => {
    expect(cutsOf([], SPAN).map(({ trades: left, expectancyR }) => [left, expectancyR])).toEqual(
      Array.from({ length: 4 }, () => [0, Number.NaN]),
    );
  });
});

test('neighbours that made no trade say nothing', () => {
  const neighbours = [0.1, -0.2, Number.NaN].map((expectancyR, i) => {
    return { changed: { lookback: i }, trades: Number.isNaN(expectancyR) ? 0 : 40, expectancyR };
  });
  expect(neighbourhoodOf(neighbours, 0.3)).toEqual({ tried: 2, opposite: 1, worstR: -0.2, bestR: 0.1 });
  expect(neighbourhoodOf({ reason: 'none' }, 0.3)).toBeUndefined();
});

/** 150 trades over ninety days: every second one wins. */
const earning: Trade[] = Array.from({ length: 150 }, (_, i) =>
  tradeOf({
    r: i % 2 === 0 ? 2 : -1,
    coin: ['BTC', 'ETH', 'SOL'][i % 3] as string,
    entryTimeMs: onDay((i * 90) / 150),
  }),
);

function judged(parts: Partial<Probes>): StrategyVerdict {
  const probes: Probes = {
    variations: [],
    neighbours: { reason: 'none of its params has a range to sweep' },
    ablation: [],
    ...parts,
  };
  const outcome = { ...outcomeOf(earning), probes };
  const [verdict] = judgeStudy(studyOutcomeOf(outcome), studyOf(), THRESHOLDS, 1).strategies;
  return verdict as StrategyVerdict;
}

const wordsOf = (parts: Partial<Probes>): Record<string, string> =>
  Object.fromEntries(judged(parts).criticism.map(({ id, text }) => [id, text]));

describe('what speaks against a result that hangs on details', () => {
  test('a lonely peak among its neighbours', () => {
    const neighbour = (lookback: number, expectancyR: number) => ({ changed: { lookback }, trades: 90, expectancyR });
    expect(wordsOf({ neighbours: [neighbour(15, -0.1), neighbour(25, -0.2), neighbour(30, 0.4)] })).toEqual({
      'lonely-params':
        'A lonely peak: with params one step away, 2 of 3 neighbours lose, so the exact numbers matter too much.',
    });
    expect(wordsOf({ neighbours: [neighbour(15, 0.1), neighbour(25, -0.2)] })).toEqual({});
  });

  test('a profit that costs, a late entry or other candles turn into a loss; and nothing where they do not', () => {
    const variation = { subject: '', trades: 140, expectancyR: -0.04 } as const;
    expect(
      wordsOf({
        variations: [
          { kind: 'costs-doubled', ...variation },
          { kind: 'entry-late', ...variation, expectancyR: 0.2 },
          { kind: 'without-coin', ...variation },
          untried('other-coins', '', 'none'),
        ],
      }),
    ).toEqual({ 'costs-doubled': 'Twice the fees and slippage turn it into a loss: −0.04 R over 140 trades.' });
  });

  test('a condition without which it would be better by more than luck', () => {
    const cut = (trades: number, expectancyR: number) => ({ trades, expectancyR });
    const harm = { side: 'long', condition: 'surge', alone: cut(50, 0) } as const;
    expect(wordsOf({ ablation: [{ ...harm, whole: cut(100, 0.1), without: cut(200, 0.5) }] })).toEqual({
      'useless-condition':
        "'surge' (long) makes it worse: +0.10 R a trade with it, +0.50 R without it, though it leaves out 50 %.",
    });
    expect(wordsOf({ ablation: [{ ...harm, whole: cut(100, 0.1), without: cut(200, 0.2) }] })).toEqual({});
    expect(wordsOf({ ablation: [{ ...harm, whole: cut(100, 0.1), without: null }] })).toEqual({});
  });
});

test('none of it changes a verdict, and where nobody asked there is none of it', () => {
  const [plain] = judgeStudy(studyOutcomeOf(outcomeOf(earning)), studyOf(), THRESHOLDS, 1).strategies;
  const asked = judged({ variations: [{ kind: 'costs-doubled', subject: '', trades: 150, expectancyR: -1 }] });
  expect(asked.verdict).toEqual(plain?.verdict);
  expect(asked.gates).toEqual(plain?.gates);
  expect(plain?.robustness).toBeUndefined();
});
