import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { resultOf } from '../backtest/fast/result.ts';
import type { RunResult } from '../backtest/run.ts';
import type { Trade } from '../domain/trade.ts';
import type { MicroUsd } from '../domain/units.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { valuesAt } from './reference-metrics.ts';
import { type FastRunOf, replay, sampleOf } from './replay.ts';

const { work, plan } = await sweepWork(sweepOf());
const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
const rows = evaluator.evaluate({ first: 0, count: plan.count });
const busiest = Array.from({ length: plan.count }, (_, i) => i).sort(
  (a, b) => valuesAt(rows, b).trades - valuesAt(rows, a).trades,
)[0] as number;

const taskOf = (index: number) => ({ index, found: valuesAt(rows, index), isBest: false });

/** The fast engine with one thing wrong. */
const wrongly =
  (fault: (run: RunResult) => Partial<RunResult>): FastRunOf =>
  (of, index) => {
    const run = resultOf(of.runFast(index));
    return { ...run, ...fault(run) };
  };

const changed = (trades: readonly Trade[], at: number, parts: Partial<Trade>): Trade[] =>
  trades.map((trade, i) => (i === at ? { ...trade, ...parts } : trade));

describe('a replay through the reference engine', () => {
  it('agrees with every combination of the sweep', () => {
    for (let index = 0; index < plan.count; index++) {
      expect(replay(evaluator, taskOf(index)).difference).toBeUndefined();
    }
  });

  it.each<[string, (run: RunResult) => Partial<RunResult>]>([
    ['trade 3, feesUsd', ({ trades }) => ({ trades: changed(trades, 2, { feesUsd: 1 as MicroUsd }) })],
    ['trade 1, maeR', ({ trades }) => ({ trades: changed(trades, 0, { maeR: 0.125 }) })],
    ['trade 1, leg', ({ trades }) => ({ trades: trades.slice(1).map((trade) => ({ ...trade, leg: 7 })) })],
    [
      'the ledger, fundingUsd',
      ({ ledger }) => ({ ledger: { ...ledger, fundingUsd: (ledger.fundingUsd + 1) as MicroUsd } }),
    ],
    ['the refusals, max-open', () => ({ refusals: { 'max-open': 1 } })],
    ['the counts, lapses', ({ lapses }) => ({ lapses: lapses + 1 })],
    [
      'the account at close 7',
      ({ equityUsd }) => ({ equityUsd: equityUsd.map((usd, i) => (i === 6 ? usd + 1e-9 : usd)) }),
    ],
  ])('finds what is wrong: %s', (where, fault) => {
    const { difference } = replay(evaluator, taskOf(busiest), wrongly(fault));
    expect(difference?.where).toBe(where);
  });

  it('finds a trade too many, and a metric that is a bit off', () => {
    const twice = wrongly(({ trades }) => ({ trades: [...trades, trades.at(-1) as Trade] }));
    const { difference, runs } = replay(evaluator, taskOf(busiest), twice);
    expect(difference).toMatchObject({ where: `trade ${(runs?.reference.trades.length ?? 0) + 1}`, reference: null });
    const found = { ...valuesAt(rows, busiest), netReturn: valuesAt(rows, busiest).netReturn * (1 + 2 ** -52) };
    expect(replay(evaluator, { ...taskOf(busiest), found }).difference?.where).toBe('the metric netReturn');
  });
});

describe('the sample', () => {
  it('is 1 % of the combinations, the same for the same seed, and none of those that are replayed anyway', () => {
    expect(sampleOf(7_200, 1, [])).toHaveLength(72);
    expect(sampleOf(7_200, 1, [])).toEqual(sampleOf(7_200, 1, []));
    expect(sampleOf(7_200, 2, [])).not.toEqual(sampleOf(7_200, 1, []));
    expect(sampleOf(1_000_000, 1, [])).toHaveLength(200);
    expect(sampleOf(12, 1, [0, 1, 2])).toHaveLength(1);
    expect(sampleOf(3, 1, [0, 1, 2])).toEqual([]);
    const anyway = Array.from({ length: 600 }, (_, i) => i);
    expect(Math.min(...sampleOf(700, 1, anyway))).toBeGreaterThanOrEqual(600);
  });
});
