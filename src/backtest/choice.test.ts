import { beforeAll, describe, expect, test } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import type { Study } from '../domain/study.ts';
import { loadStrategy } from '../strategy/load.ts';
import { CHOICE_FLOOR_TRADES, chosenOf, combinationsOf, contenderOf, openBenches } from './choice.ts';
import type { DrawChunk } from './draws.ts';
import { MarketRoom } from './market-room.ts';
import type { StrategyBench } from './strategy-bench.ts';
import { coinFlipTask, judgeTask, rotationTask } from './study-tasks.ts';

const CHOSEN = { name: 'breakout-volume', params: { surge: 1 }, choose: { lookback: [10, 20, 40] } };

describe('what a strategy is tried with', () => {
  test('every combination, the last list moving fastest, with what is fixed', () => {
    expect(combinationsOf({ name: 'x', params: { c: 9 }, choose: { a: [1, 2], b: ['low', 'high'] } })).toEqual([
      { c: 9, a: 1, b: 'low' },
      { c: 9, a: 1, b: 'high' },
      { c: 9, a: 2, b: 'low' },
      { c: 9, a: 2, b: 'high' },
    ]);
  });

  test('its params alone, where nothing is chosen', () => {
    expect(combinationsOf({ name: 'x', params: { c: 9 } })).toEqual([{ c: 9 }]);
  });
});

describe('the one that is chosen', () => {
  const enough = CHOICE_FLOOR_TRADES;

  test.each([
    [
      'has the highest mean R',
      [
        [enough, 0.1],
        [enough, 0.3],
        [200, 0.2],
      ],
      1,
    ],
    [
      'has enough trades, however good those with fewer are',
      [
        [enough - 1, 2],
        [enough, -0.5],
      ],
      1,
    ],
    [
      'has the most trades, where none has enough',
      [
        [3, 2],
        [9, -1],
        [5, 1],
      ],
      1,
    ],
    [
      'is the first of equals',
      [
        [enough, 0.2],
        [enough, 0.2],
      ],
      0,
    ],
    [
      'may have no trades at all, where none has any',
      [
        [0, Number.NaN],
        [0, Number.NaN],
      ],
      0,
    ],
  ] as const)('%s', (_, contenders, chosen) => {
    expect(chosenOf(contenders.map(([trades, expectancyR]) => ({ trades, expectancyR })))).toBe(chosen);
  });
});

describe('a study that chooses', () => {
  let benches: readonly StrategyBench[];
  let alone: readonly StrategyBench[];
  const plans = Array.from({ length: 60 }, (_, i) => ({ kind: 'shift', offset: 24 + 5 * i }) as const);

  beforeAll(async () => {
    const sweep = sweepOf();
    const { work } = await sweepWork(sweep);
    const study: Study = {
      ...sweep,
      interval: '1h',
      confirm: [],
      strategies: [CHOSEN],
      controls: { draws: plans.length, seed: 1 },
    };
    const { sha256 } = await loadStrategy(CHOSEN.name, STRATEGIES);
    const open = (strategy: Study['strategies'][number]): Promise<readonly StrategyBench[]> => {
      const setting = {
        study: { ...study, strategies: [strategy] },
        costs: work.costs,
        strategiesDirectory: STRATEGIES,
      };
      return openBenches(new MarketRoom(work.data), setting, strategy, sha256);
    };
    benches = await open(CHOSEN);
    alone = await Promise.all(
      combinationsOf(CHOSEN).map(async (params) => (await open({ name: CHOSEN.name, params }))[0] as StrategyBench),
    );
  });

  test('judges the best, and says of every other what it came to', async () => {
    const { outcome } = await judgeTask(benches);
    const each = await Promise.all(alone.map(async (bench) => (await judgeTask([bench])).outcome));
    expect(each.every(({ choice }) => choice === undefined)).toBe(true);
    expect(outcome.choice?.lists).toEqual(CHOSEN.choose);
    expect(outcome.choice?.combinations).toEqual(
      each.map(({ params, backtest: { metrics } }) => ({
        params,
        trades: metrics.trades,
        expectancyR: metrics.expectancyR,
      })),
    );
    const best = chosenOf(each.map(({ backtest }) => backtest.metrics));
    const { choice, walkForward, ...judged } = outcome;
    expect(choice?.chosen).toBe(best);
    const { walkForward: walkAlone, ...judgedAlone } = each[best] as typeof outcome;
    expect(judged).toEqual(judgedAlone);
    // Walking forward it chooses from the lists of the study, and alone from its own ranges.
    expect([walkForward, walkAlone]).toMatchObject([{ combinations: 9 }, { combinations: 36 }]);
  });

  /** Draw for draw, the best of the combinations that were drawn alone. */
  function expectBestOfEach(together: DrawChunk, apart: readonly DrawChunk[]): Set<number> {
    const seen = new Set<number>();
    for (let draw = 0; draw < together.draws; draw++) {
      const at = (chunk: DrawChunk, metric: 'trades' | 'expectancyR' | 'sdR'): number =>
        chunk.metrics[metric][draw] as number;
      const best = chosenOf(
        apart.map((chunk) => ({ trades: at(chunk, 'trades'), expectancyR: at(chunk, 'expectancyR') })),
      );
      seen.add(best);
      for (const metric of ['trades', 'expectancyR', 'sdR'] as const) {
        expect(at(together, metric)).toBe(at(apart[best] as DrawChunk, metric));
      }
    }
    return seen;
  }

  test('chooses anew in every rotation, all combinations under the same one', () => {
    const together = rotationTask(benches, 0, plans, [0]);
    const chosen = expectBestOfEach(
      together,
      alone.map((bench) => rotationTask([bench], 0, plans, [0])),
    );
    expect(chosen.size).toBeGreaterThan(1);
  });

  test('and in every coin flip', async () => {
    const { coinFlip } = await judgeTask(benches);
    const together = coinFlipTask(benches, 0, 40, coinFlip, [0]);
    const apart = alone.map((bench, i) => coinFlipTask([bench], 0, 40, coinFlip.slice(i, i + 1), [0]));
    expect(expectBestOfEach(together, apart).size).toBeGreaterThan(1);
  });

  test('by the bits that the metrics of a run have', () => {
    for (const bench of alone) {
      const { trades, expectancyR } = contenderOf(bench.draw(bench.study.cell, bench.bits));
      const result = bench.run(bench.study.cell);
      expect(trades).toBe(result.trades.length);
      expect(expectancyR).toBe(result.trades.reduce((sum, { rMultiple }) => sum + rMultiple, 0) / trades);
    }
  });
});
