import { describe, expect, it } from 'vitest';
import { Prng } from '../domain/prng.ts';
import { type Comparison, compare, type Luck } from './comparison.ts';
import { type Decision, decide, type GateAnswer, ordinal } from './decision.ts';
import { planForward, windowsOf } from './forward-plan.ts';
import { ForwardTable } from './forward-table.ts';
import { luckOf } from './luck.ts';

const KEEP: GateAnswer = { word: 'KEEP', line: '+0.31 R, at least +0.10 R, p = 0.004' };
const KILL: GateAnswer = { word: 'KILL', line: 'unproven: +0.02 R, p = 0.821, finds ≥ 0.23 R' };
const TERMS = { threshold: 0.2, floorR: 0.02, riskFraction: 0.01, minTrades: 30, isTrading: true };

/** Two folds: train 10 days, embargo of one, test 5. */
const PLAN = planForward({
  windows: { trainDays: 10, testDays: 5, folds: 2 },
  interval: '1h',
  cell: { maxHold: 24 } as Parameters<typeof planForward>[0]['cell'],
});

interface Told {
  readonly p?: number;
  readonly incumbent?: GateAnswer;
  readonly chosen?: GateAnswer;
  readonly isTrading?: boolean;
}

/**
 * What candidates made, in hundredths of a per cent a day: on the training and test days of both folds, and on the
 * newest training window. Trades are those of the training windows; on test days there are half as many.
 */
function comparisonOf(story: string, { p = 0.01, isTrading = true }: Told = {}): Comparison {
  const rows = story.trim().split('\n').slice(1);
  const windows = windowsOf(PLAN);
  const table = new ForwardTable(rows.length, windows);
  for (const [candidate, row] of rows.entries()) {
    const [, ...numbers] = row.trim().split(/\s+/);
    const trades = Number(numbers.pop());
    for (const [window, { from, to }] of windows.entries()) {
      const mean = Number((numbers[window] as string).replace('−', '-')) * 1e-4;
      const isTest = window % 2 === 1;
      // The days of a window are not all the same, and their mean is the one of the story.
      const returns = Float64Array.from({ length: to - from }, (_, day) => mean + (day - (to - from - 1) / 2) * 1e-5);
      table.write(candidate, window, isTest ? trades / 2 : trades, returns);
    }
  }
  const luck: Omit<Luck, 'candidates'> = { pValue: p, reason: null };
  return compare(table, PLAN, { ...TERMS, isTrading, luckOf: () => luck });
}

function decisionOn(story: string, told: Told = {}): Decision {
  const comparison = comparisonOf(story, told);
  const { incumbent = KEEP, chosen = KEEP } = told;
  const verdicts = comparison.chosen === 0 ? { incumbent } : { incumbent, chosen };
  return decide(comparison, verdicts, 0.05);
}

const plain = (text: string): string => text.replaceAll('\u202f', ' ');
const storyOf = (story: string, told?: Told): string => plain(decisionOn(story, told).story);

const SIX_PER_CENT = `
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     100       40     100      40      40
  a              80     106       80     106      80      40
  b              60     300       60     300      60      40
`;
const HALF_AS_GOOD_AGAIN = `
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     100       40     100      40      40
  a              80     150       80     150      80      40
`;

describe('the decision', () => {
  it('keeps what is about as good: the normal, good outcome', () => {
    expect(storyOf(SIX_PER_CENT)).toBe('ranked 3rd of 3; best +6 %; threshold 20 %: kept');
    const { word, conditions, reason } = decisionOn(SIX_PER_CENT);
    expect(word).toBe('kept');
    expect(conditions.map(({ id, holds }) => [id, holds])).toEqual([
      ['improvement', false],
      ['luck', true],
      ['gates', true],
    ]);
    expect(plain(reason)).toBe(
      'Out of sample, choosing the best made 0.060 % a day more than the incumbent; it takes 0.200 % more. ' +
        'Its own verdict is KEEP (+0.31 R, at least +0.10 R, p = 0.004).',
    );
  });

  it('swaps what is better by more than the threshold, by more than luck, and passes the gates', () => {
    expect(storyOf(HALF_AS_GOOD_AGAIN)).toBe(
      'ranked 2nd of 2; best +50 %; threshold 20 %; p = 0.010; its verdict KEEP: swapped',
    );
  });

  it('keeps where luck among all candidates does as well', () => {
    expect(storyOf(HALF_AS_GOOD_AGAIN, { p: 0.31 })).toBe(
      'ranked 2nd of 2; best +50 %; threshold 20 %; may be luck, p = 0.310: kept',
    );
  });

  it('keeps where what was chosen does not pass the gates', () => {
    expect(storyOf(HALF_AS_GOOD_AGAIN, { chosen: KILL })).toBe(
      'ranked 2nd of 2; best +50 %; threshold 20 %; p = 0.010; its verdict KILL: kept',
    );
  });

  it('stands an incumbent down that fails its own gates, and needs no winner for it', () => {
    const { word, story, reason } = decisionOn(SIX_PER_CENT, { incumbent: KILL });
    expect(word).toBe('stood down');
    expect(plain(story)).toBe('ranked 3rd of 3; best +6 %; threshold 20 %: stood down');
    expect(reason).toBe('It stops trading. Its own verdict is KILL (unproven: +0.02 R, p = 0.821, finds ≥ 0.23 R).');
  });

  it('treats a verdict that could not be had as a KILL', () => {
    const unknown: GateAnswer = { word: 'NO VERDICT', line: 'too few trades: 20 of 113' };
    expect(decisionOn(SIX_PER_CENT, { incumbent: unknown }).word).toBe('stood down');
    expect(decisionOn(HALF_AS_GOOD_AGAIN, { chosen: unknown }).word).toBe('kept');
  });

  it('swaps a failing incumbent for what is proved better', () => {
    expect(decisionOn(HALF_AS_GOOD_AGAIN, { incumbent: KILL }).word).toBe('swapped');
  });

  it('compares with nothing what was stood down before: a small gain is one, and losing less is none', () => {
    const story = `
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40   −300       40   −300      40      40
  a              80   −100       80   −100      80      40
`;
    const told = { isTrading: false, incumbent: KILL };
    expect(storyOf(story, told)).toBe('ranked 2nd of 2; best −1.000 % a day; threshold 0.080 %: stays stood down');
    expect(storyOf(story, { ...told, incumbent: KEEP })).toBe(
      'ranked 2nd of 2; best −1.000 % a day; threshold 0.080 %: resumed',
    );
    expect(decisionOn(story.replaceAll('−100', '90'), told).word).toBe('swapped');
  });

  it('needs more than a share of next to nothing: an edge of 0.02 R a trade, at the risk and trades a day', () => {
    // 20 trades on 5 days are 4 a day, at 1 % each: 0.02 R are 0.08 % a day.
    const story = (a: string): string => `
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     1        40     1        40      40
  a              80     ${a}     80     ${a}     80      40
`;
    expect(storyOf(story('8'))).toBe('ranked 2nd of 2; best +0.070 % a day; threshold 0.080 %: kept');
    expect(decisionOn(story('10')).word).toBe('swapped');
  });

  it('takes the same floor under an incumbent that loses: 20 % of a negative number would let less loss in', () => {
    const story = (a: string): string => `
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40   −10        40   −10        40      40
  a              80     ${a}     80     ${a}     80      40
`;
    expect(storyOf(story('−7'))).toBe('ranked 2nd of 2; best +0.030 % a day; threshold 0.080 %: kept');
    expect(decisionOn(story('0')).word).toBe('swapped');
  });

  it('has nothing to choose where the incumbent is itself the best', () => {
    const story = SIX_PER_CENT.replaceAll(' 40     100', ' 90     100').replace('100      40', '100      90');
    expect(storyOf(story)).toBe('ranked 1st of 3; nothing to choose is better: kept');
  });
});

describe('the comparison', () => {
  it('chooses on training days alone: what the test days would have liked better is never seen', () => {
    const { folds, chosen, outOfSample } = comparisonOf(SIX_PER_CENT);
    expect(folds.map(({ candidate }) => candidate)).toEqual([1, 1]);
    expect(chosen).toBe(1);
    expect(outOfSample).toMatchObject({ days: 10, tradesADay: 4, rule: 'share' });
    expect(outOfSample.difference).toBeCloseTo(0.0006, 12);
  });

  it('lets each fold choose for itself', () => {
    const { folds, outOfSample } = comparisonOf(`
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     100       40     100      40      40
  a              80      50       10     −90      10      40
  b              60     −90       60      70      60      40
`);
    expect(folds.map(({ candidate }) => candidate)).toEqual([1, 2]);
    expect(outOfSample.procedure).toBeCloseTo(0.006, 12);
  });

  it('does not choose who hardly traded, though it may be ranked first', () => {
    const { ranking, chosen } = comparisonOf(`
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     100       40     100      40      40
  silent         99       0       99       0      99      29
  a              80      90       80      90      80      30
`);
    expect(ranking.map(({ candidate }) => candidate)).toEqual([1, 2, 0]);
    expect(chosen).toBe(2);
  });

  it('gives the same place to the same score, and of equals keeps the incumbent', () => {
    const comparison = comparisonOf(`
            train 1  test 1  train 2  test 2  newest  trades
  incumbent      40     100       40     100      40      40
  twin           40     100       40     100      40      40
`);
    expect(comparison.incumbentRank).toBe(1);
    expect(comparison.chosen).toBe(0);
    expect(comparison.luck).toEqual({ pValue: null, reason: 'no candidate ever did anything else', candidates: 0 });
  });

  it('finds luck in the best of many that are nothing but noise, and skill where it was put', () => {
    const rng = new Prng(3);
    const [periods, trials] = [120, 60];
    const noise = Float64Array.from({ length: periods * trials }, () => 0.01 * rng.normal());
    expect(luckOf({ periods, trials, values: noise }, 2, new Prng(1)).pValue).toBeGreaterThan(0.05);
    const skilled = noise.map((value, i) => (i % trials === 7 ? value + 0.006 : value));
    expect(luckOf({ periods, trials, values: skilled }, 2, new Prng(1)).pValue).toBeLessThan(0.01);
  });
});

it.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [7, '7th'],
  [11, '11th'],
  [13, '13th'],
  [21, '21st'],
  [112, '112th'],
  [183, '183rd'],
])('calls place %i the %s', (place, text) => {
  expect(ordinal(place)).toBe(text);
});
