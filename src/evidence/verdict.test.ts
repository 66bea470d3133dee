import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  drawsOf,
  FROM_MS,
  metricsOfTrades,
  outcomeOf,
  studyOf,
  studyOutcomeOf,
  THRESHOLDS,
  USUAL_DRAWS,
} from '../../test/outcomes.ts';
import { tradeOf } from '../../test/trades.ts';
import type { StrategyOutcome, StudyOutcome } from '../backtest/outcome.ts';
import { Prng } from '../domain/prng.ts';
import type { Study } from '../domain/study.ts';
import { DAY_MS } from '../domain/time.ts';
import type { Trade } from '../domain/trade.ts';
import type { Gate, GateId } from './gates.ts';
import { judgeStudy, type StrategyVerdict } from './judge.ts';
import { LINE_LENGTH } from './verdict.ts';

/** So many trades over the 90 days, of which this share wins 2 R and the others lose 1 R, in a random order. */
function trades(count: number, winShare: number, days = 90): Trade[] {
  const results = Array.from({ length: count }, (_, i) => (i < Math.round(count * winShare) ? 2 : -1));
  const shuffled = new Prng(8).shuffle(results);
  return shuffled.map((r, i) => tradeOf({ r, entryTimeMs: FROM_MS + ((i + 0.5) * days * DAY_MS) / count }));
}

function judged(outcome: StudyOutcome['strategies'][number], study: Study = studyOf()): StrategyVerdict {
  const [verdict] = judgeStudy(studyOutcomeOf(outcome), study, THRESHOLDS, 1).strategies;
  if (verdict === undefined) throw new Error('no verdict');
  return verdict;
}

const gateOf = ({ gates }: StrategyVerdict, id: GateId): Gate => {
  const found = gates.find((gate) => gate.id === id);
  if (found === undefined) throw new Error(`no gate ${id}`);
  return found;
};

const winner = outcomeOf(trades(150, 0.5));
const losing = metricsOfTrades(trades(150, 0.3));
const nothing = metricsOfTrades([]);

/** Of a winner, one thing is changed at a time. */
const stories: [
  string,
  Partial<StrategyOutcome> & { trades?: Trade[]; study?: Partial<Study> },
  string,
  string,
  RegExp,
][] = [
  [
    'that passes every gate is kept',
    {},
    'KEEP',
    'all-gates',
    /made \+0\.50 R a trade after costs over 150 trades, at least/,
  ],
  [
    'that does not beat its own signals at other times',
    {
      rotation: drawsOf(
        'rotation',
        USUAL_DRAWS.map((r) => r + 0.5),
      ),
    },
    'KILL',
    'unproven',
    /luck can make as much\..*or better in 50 \(p = 0\.255\)\. This study could only have found an edge of 0\./,
  ],
  [
    'whose coins did better is kept all the same: they are shown, and decide nothing',
    {
      coinFlip: drawsOf(
        'coin-flip',
        USUAL_DRAWS.map((r) => r + 0.7),
      ),
    },
    'KEEP',
    'all-gates',
    /made/,
  ],
  [
    'with so few winners that the bound is not above zero',
    { trades: trades(150, 0.36) },
    'KILL',
    'unproven',
    /95 % confidence the expectancy is above −0\.12 R/,
  ],
  [
    'that loses beyond doubt',
    { trades: trades(150, 0.2) },
    'KILL',
    'refuted',
    /^It loses: −0\.40 R a trade after costs over 150 trades, and with 95 % confidence no better than −0\./,
  ],
  [
    'that loses beyond doubt in fewer trades than the target edge takes',
    { trades: trades(60, 0.1) },
    'KILL',
    'refuted',
    /over 60 trades/,
  ],
  [
    'that loses always, in a handful of trades: no bound is believed',
    { trades: trades(12, 0) },
    'NO VERDICT',
    'too-few-trades',
    /^Too few trades to tell skill from luck: 12, and it takes 99\./,
  ],
  [
    'with fewer trades than the target edge takes, that passes all the same',
    { trades: trades(98, 0.5) },
    'KEEP',
    'all-gates',
    /98 trades/,
  ],
  [
    'with one trade too few, that does not beat its own signals at other times',
    {
      trades: trades(98, 0.5),
      rotation: drawsOf(
        'rotation',
        USUAL_DRAWS.map((r) => r + 0.5),
      ),
    },
    'NO VERDICT',
    'too-few-trades',
    /98, and it takes 99/,
  ],
  [
    'that wins in fewer trades than any verdict rests on',
    { trades: trades(29, 0.6) },
    'NO VERDICT',
    'too-few-trades',
    /29, and it takes 99/,
  ],
  ['with just enough trades', { trades: trades(99, 0.5) }, 'KEEP', 'all-gates', /99 trades/],
  [
    'that traded in a single month',
    { trades: trades(150, 0.5, 30) },
    'NO VERDICT',
    'too-few-trades',
    /150 trades lie in only 5 weeks, and it takes 10/,
  ],
  [
    'whose losses become gains if the target came first',
    { trades: trades(150, 0.2), upperBound: metricsOfTrades(trades(150, 0.5)) },
    'NO VERDICT',
    'candle-order',
    /hangs on what candles do not tell.*−0\.40 R a trade if the stop came first, \+0\.50 R if the target did/,
  ],
  [
    'that loses when fills are looked up on finer candles',
    { finer: winner.finer.map((one) => (one.kind === 'fills' ? { ...one, metrics: losing } : one)) },
    'KILL',
    'unproven',
    /^It made money, but not on finer candles\. With the same signals filled on 30m candles it made −0\.10 R/,
  ],
  [
    'that loses at equal clock time',
    { finer: winner.finer.map((one) => (one.kind === 'equal-clock' ? { ...one, metrics: losing } : one)) },
    'KILL',
    'unproven',
    /the same lengths of time counted in 30m candles it made −0\.10 R/,
  ],
  [
    'that loses on as many finer candles is kept: that is another strategy',
    { finer: winner.finer.map((one) => (one.kind === 'same-count' ? { ...one, metrics: losing } : one)) },
    'KEEP',
    'all-gates',
    /made/,
  ],
  [
    'that makes no trades on finer candles',
    { finer: winner.finer.map((one) => (one.kind === 'fills' ? { ...one, metrics: nothing } : one)) },
    'NO VERDICT',
    'not-available',
    /^One question has no answer: .*30m candles made no trades/,
  ],
  ['that was not run on finer candles', { finer: [] }, 'NO VERDICT', 'not-available', /30m candles was not run/],
  ['of a study without finer candles', { finer: [], study: { confirm: [] } }, 'KEEP', 'all-gates', /made/],
  [
    'held so long that the span has too few blocks',
    { study: { cell: { ...studyOf().cell, maxHold: 24 * 10 } } },
    'NO VERDICT',
    'not-available',
    /the span has 9 blocks of 10 days, and 20 are needed/,
  ],
  [
    'of a span without room for rotations',
    { rotation: drawsOf('rotation', USUAL_DRAWS.slice(0, 5)) },
    'NO VERDICT',
    'not-available',
    /room for 5 rotations of the signals, too few for a p-value below 0\.05/,
  ],
  ['that never fired', { trades: [] }, 'NO VERDICT', 'never-fired', /never true together/],
];

describe('the verdict on a winner', () => {
  test.each(stories)('%s', (_, { trades: own, study, ...parts }, word, ground, sentence) => {
    const base = own === undefined ? winner : outcomeOf(own);
    const { verdict, criticism } = judged({ ...base, ...parts }, studyOf(study));
    expect([verdict.word, verdict.ground]).toEqual([word, ground]);
    expect(verdict.sentence).toMatch(sentence);
    expect(verdict.line.length).toBeLessThanOrEqual(LINE_LENGTH);
    expect(`${verdict.sentence}${verdict.line}${criticism.map(({ text }) => text).join()}`).not.toMatch(
      /NaN|undefined|null|Infinity|e-\d/,
    );
  });

  test('signals that all came to nothing are told from signals that never came', () => {
    const silent = outcomeOf([]);
    const refused = { ...silent.backtest, refusals: { 'below-minimum': 7 }, conflicts: 2, lapses: 1 };
    const { verdict } = judged({ ...silent, backtest: refused });
    expect(verdict.line).toBe('no trade out of 10 signals');
    expect(verdict.sentence).toContain(
      '7 were refused by the risk rules, 2 said long and short at once, 1 had no next',
    );
  });

  test('a strategy that threw has no verdict, and says what it said', () => {
    const error = {
      message: "strategies/broken.ts: cannot read\n'of' of undefined, and much more than a line holds",
      details: [],
      hint: undefined,
    };
    const { verdict, gates } = judged({ name: 'broken', error });
    expect(verdict).toMatchObject({ word: 'NO VERDICT', ground: 'failed' });
    expect(verdict.line).toBe("failed: strategies/broken.ts: cannot read 'of' of undefined…");
    expect(gates).toEqual([]);
  });
});

describe('gates', () => {
  test('come in the order in which they are shown, each with its number', () => {
    expect(judged(winner).gates.map(({ id, status, decides, value }) => [id, status, decides, value])).toEqual([
      ['look-ahead', 'passed', true, 0],
      ['trades', 'passed', true, 150],
      ['power', 'passed', false, 150],
      ['weeks', 'passed', true, 13],
      ['expectancy', 'passed', true, expect.closeTo(0.3, 0)],
      ['rotation', 'passed', true, 1 / 200],
      ['coin-flip', 'passed', false, 1 / 200],
      ['fills', 'passed', true, 0.5],
      ['equal-clock', 'passed', true, 0.5],
      ['same-count', 'passed', false, 0.5],
      ['candle-order', 'passed', true, 0.5],
    ]);
  });

  test('the number of trades that it takes comes from the coins, not from the strategy', () => {
    const calm = judged({ ...winner, coinFlip: drawsOf('coin-flip', USUAL_DRAWS, 0.4) });
    const wild = judged({ ...winner, coinFlip: drawsOf('coin-flip', USUAL_DRAWS, 4) });
    expect([gateOf(calm, 'power').threshold, gateOf(wild, 'power').threshold]).toEqual([30, 1100]);
  });

  test('whether it sees the future comes first; where that cannot be shown, nothing is kept', () => {
    const replayed = judged({ ...winner, lookAhead: { kind: 'replayed', candles: 6_480 } });
    expect(replayed.gates[0]).toMatchObject({ id: 'look-ahead', valueText: 'replayed on 6,480 candles' });
    expect(replayed.verdict.word).toBe('KEEP');
    const unknown = judged({ ...winner, lookAhead: { kind: 'too-few-candles' } });
    expect(unknown.gates[0]).toMatchObject({ id: 'look-ahead', status: 'not available', value: null });
    expect(unknown.verdict).toMatchObject({
      word: 'NO VERDICT',
      ground: 'not-available',
      line: 'not available: cannot see the future',
    });
  });

  test('a strategy without trades has gates without numbers, each with its reason', () => {
    const { gates, pValues, power } = judged(outcomeOf([], { finer: [] }));
    expect(gates.map(({ status, valueText }) => [status, valueText])).toEqual([
      ['passed', 'by construction'],
      ['failed', '0'],
      ['failed', '0'],
      ['failed', '0'],
      ...Array(7).fill(['not available', 'n/a']),
    ]);
    for (const gate of gates) expect(gate.reason).not.toContain('NaN');
    expect(pValues).toEqual({ coinFlip: null, rotation: null, family: null });
    expect(power?.smallestEdgeR).toBeNull();
  });
});

describe('a family', () => {
  test('of several strategies raises the bar: the same result passes alone, and fails among lucky neighbours', () => {
    const lucky = outcomeOf(trades(150, 0.36), {
      rotation: drawsOf(
        'rotation',
        USUAL_DRAWS.map((r) => r - 0.01),
      ),
    });
    expect(gateOf(judged(lucky), 'rotation').status).toBe('passed');
    const others = Array.from({ length: 9 }, (_, k) => {
      // The draws of each neighbour in an order of its own, so that their luck comes at other times.
      const draws = USUAL_DRAWS.map((__, b) => USUAL_DRAWS[(b * (2 * k + 3)) % 199] as number);
      return outcomeOf(trades(150, 0.3), { name: `neighbour-${k}`, rotation: drawsOf('rotation', draws) });
    });
    const study = judgeStudy(studyOutcomeOf(lucky, ...others), studyOf(), THRESHOLDS, 1);
    const gate = gateOf(study.strategies[0] as StrategyVerdict, 'rotation');
    expect(study.family).toEqual({ method: 'westfall-young', strategies: 10 });
    expect(gate.status).toBe('failed');
    expect(gate.reason).toMatch(/\(p = 0\.0\d\d; 0\.\d\d\d corrected for 10 strategies\)/);
  });

  test('without joint draws is corrected by Holm', () => {
    const other = outcomeOf(trades(150, 0.3), {
      name: 'other',
      rotation: drawsOf('rotation', USUAL_DRAWS.slice(0, 150)),
    });
    const study = judgeStudy(studyOutcomeOf(winner, other), studyOf(), THRESHOLDS, 1);
    expect(study.family.method).toBe('holm');
    expect(study.strategies[0]?.pValues).toMatchObject({ rotation: 1 / 200, family: 2 / 200 });
  });

  test('adding a strategy changes no bound of another, and a failure is not counted', () => {
    const failure = { name: 'broken', error: { message: 'broke', details: [], hint: undefined } };
    const alone = judged(winner);
    const study = judgeStudy(studyOutcomeOf(failure, winner), studyOf(), THRESHOLDS, 1);
    expect(study.family.strategies).toBe(1);
    expect(study.strategies[1]).toEqual(alone);
  });
});

test('the verdict is plain data: it comes back from JSON as it was', () => {
  const study = judgeStudy(studyOutcomeOf(winner, outcomeOf([], { name: 'silent' })), studyOf(), THRESHOLDS, 1);
  expect(JSON.parse(JSON.stringify(study))).toEqual(study);
});

test('property: whatever the numbers, a line fits and only a strategy that passed every gate is kept', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const mean = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), share, mean, mean, (count, winShare, finerR, drawnR) => {
      const own = trades(count, winShare);
      const finer = metricsOfTrades([tradeOf({ r: finerR })]);
      const { verdict, gates } = judged(
        outcomeOf(own, {
          finer: winner.finer.map((one) => ({ ...one, metrics: finer })),
          rotation: drawsOf(
            'rotation',
            USUAL_DRAWS.map((r) => r + drawnR),
          ),
        }),
      );
      const passed = gates.filter(({ decides }) => decides).every(({ status }) => status === 'passed');
      expect(verdict.word === 'KEEP').toBe(passed);
      expect(verdict.line.length).toBeLessThanOrEqual(LINE_LENGTH);
      expect(verdict.sentence).not.toMatch(/NaN|undefined|Infinity/);
    }),
    { numRuns: 60 },
  );
});
