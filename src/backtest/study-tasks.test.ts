import { beforeAll, describe, expect, test } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import type { Study } from '../domain/study.ts';
import { loadStrategy } from '../strategy/load.ts';
import type { FastRun } from './fast/spec.ts';
import { MarketRoom } from './market-room.ts';
import { EngineDifference } from './replay.ts';
import type { RunResult } from './run.ts';
import { StrategyBench } from './strategy-bench.ts';
import { judgeTask, rotationTask } from './study-tasks.ts';

/** The fast engine with a row too many in its count of held ones, on one draw or on the strategy's own run. */
class FaultyBench extends StrategyBench {
  faultyDraw = Number.POSITIVE_INFINITY;
  isOwnRunFaulty = false;
  #draws = 0;

  override run(...args: Parameters<StrategyBench['run']>): RunResult {
    const result = super.run(...args);
    return this.isOwnRunFaulty ? { ...result, heldRows: result.heldRows + 1 } : result;
  }

  override draw(...args: Parameters<StrategyBench['draw']>): FastRun {
    const run = super.draw(...args);
    return this.#draws++ === this.faultyDraw ? { ...run, heldRows: run.heldRows + 1 } : run;
  }
}

let bench: () => FaultyBench;

beforeAll(async () => {
  const sweep = sweepOf();
  const { work } = await sweepWork(sweep);
  const study: Study = {
    ...sweep,
    interval: '1h',
    confirm: [],
    strategies: [{ name: 'breakout-volume', params: {} }],
    controls: { draws: 400, seed: 1 },
  };
  const loaded = await loadStrategy('breakout-volume', STRATEGIES);
  bench = () => new FaultyBench(new MarketRoom(work.data), study, work.costs, loaded, {});
});

const plans = Array.from({ length: 400 }, (_, i) => ({ kind: 'shift', offset: 24 + i }) as const);

describe('what the fast engine said is run again on the reference engine', () => {
  test('and where the two agree, nothing is heard of it', async () => {
    const honest = bench();
    expect((await judgeTask([honest])).outcome.backtest.metrics.trades).toBeGreaterThan(0);
    expect(rotationTask([honest], 0, plans, [0]).draws).toBe(400);
  });

  test("a strategy's own run always", async () => {
    const faulty = bench();
    faulty.isOwnRunFaulty = true;
    await expect(judgeTask([faulty])).rejects.toThrow(EngineDifference);
    await expect(judgeTask([faulty])).rejects.toThrow("do not agree on the verdict run of 'breakout-volume'");
  });

  test.each([0, 100, 300])('and one draw of every chunk: of the one from draw %i', (firstDraw) => {
    const chunk = plans.slice(firstDraw, firstDraw + 25);
    const caught: string[] = [];
    for (let draw = 0; draw < chunk.length; draw++) {
      const faulty = bench();
      faulty.faultyDraw = draw;
      try {
        rotationTask([faulty], firstDraw, chunk, [0]);
      } catch (error) {
        expect(error).toBeInstanceOf(EngineDifference);
        expect((error as Error).message).toContain(`draw ${firstDraw + draw} of the rotation of 'breakout-volume'`);
        caught.push((error as Error).message);
      }
    }
    expect(caught).toHaveLength(1);
  });
});
