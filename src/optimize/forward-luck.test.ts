import { expect, it } from 'vitest';
import { smallOptimization } from '../../test/optimizations.ts';
import { STRATEGIES } from '../../test/sweeps.ts';
import { assembleStudyData } from '../backtest/candle-source.ts';
import { planSpan } from '../backtest/study-data.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import { Prng } from '../domain/prng.ts';
import { loadStrategy } from '../strategy/load.ts';
import { type Comparison, compare } from './comparison.ts';
import { ForwardBench, type ForwardWork } from './forward-bench.ts';
import { windowsOf } from './forward-plan.ts';
import { ForwardTable } from './forward-table.ts';
import { luckOf } from './luck.ts';
import { planOptimization, requireDays, spanRequestOf, spansOf } from './optimize-plan.ts';

const MARKETS = 20;
const ALPHA = 0.05;
const OPTIMIZATION = smallOptimization({ windows: { trainDays: 60, testDays: 20, folds: 6 } });

it('sees improvements on many markets without an edge, and on hardly any of them more than luck', async () => {
  const loaded = await loadStrategy('breakout-volume', STRATEGIES);
  const unchanged = { params: null, isTrading: true, fileSha256: null, change: null };
  const planned = planOptimization(OPTIMIZATION, { name: 'breakout-volume', params: {} }, loaded, unchanged);
  const { coins, settlings, candidates, forward } = planned;

  const comparisonOn = (seed: number): Comparison => {
    const source = syntheticCandles({ coins, intervals: ['1h'], days: 190, seed, edge: 0 });
    const spans = spansOf(planned, source);
    const span = requireDays(planned, spans);
    const spanPlan = planSpan({ ...spanRequestOf(planned), span }, settlings, spans);
    const work: ForwardWork = {
      strategy: { name: 'breakout-volume', fileSha256: loaded.sha256 },
      ...{ sets: candidates.sets, coins: OPTIMIZATION.coins, interval: '1h', cell: OPTIMIZATION.cell },
      costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
      depositUsd: OPTIMIZATION.depositUsd,
      data: assembleStudyData({ coins, intervals: ['1h'] }, spanPlan, source),
      windows: windowsOf(forward),
    };
    const table = new ForwardTable(work.sets.length, work.windows);
    table.take(0, new ForwardBench(work, loaded.strategy).run({ first: 0, count: work.sets.length }));
    return compare(table, forward, {
      ...{ threshold: 0.2, floorR: 0.02, riskFraction: 0.01, minTrades: 30, isTrading: true },
      luckOf: (differences) => luckOf(differences, forward.embargoDays, new Prng(seed).fork('luck')),
    });
  };

  const comparisons = Array.from({ length: MARKETS }, (_, market) => comparisonOn(1_000 + market));
  const isImproved = ({ outOfSample }: Comparison): boolean => outOfSample.difference > outOfSample.threshold;
  const isProved = ({ luck }: Comparison): boolean => luck.pValue !== null && luck.pValue < ALPHA;
  expect(comparisons.filter(isImproved).length).toBeGreaterThanOrEqual(4);
  // Five or more of twenty would come of a test that keeps its 5 % once in four hundred times.
  expect(comparisons.filter(isProved).length).toBeLessThanOrEqual(4);
  expect(comparisons.filter((one) => isImproved(one) && isProved(one)).length).toBeLessThan(
    comparisons.filter(isImproved).length,
  );
});
