import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { runReference } from '../backtest/reference.ts';
import { closeTimeAt } from '../domain/candle.ts';
import type { Sweep } from '../domain/sweep.ts';
import { epochMs } from '../domain/units.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { columnsOf, rank } from './ranking.ts';
import type { SweepResult } from './result.ts';
import { buildResult } from './sweep-result.ts';

async function resultOf(parts: Partial<Sweep> = {}): Promise<{ result: SweepResult; evaluator: ChunkEvaluator }> {
  const { work, plan } = await sweepWork(sweepOf(parts));
  const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
  const columns = columnsOf(evaluator.evaluate({ first: 0, count: plan.count }));
  const ranking = rank(columns, 'expectancyR', []);
  const first = ranking.places[0] as number;
  const best = new Map([[first, runReference(evaluator.referenceSpec(first))]]);
  const result = buildResult(evaluator, columns, best, {
    ...{ identity: 'id', strategies: [], ranking, warnings: [], versions: {}, commit: null, workers: 1 },
    ...{ createdAtMs: epochMs(0), replays: { best: 1, sampled: 0 }, revised: [] },
    timings: { loadMs: 0, sweepMs: 0, replayMs: 0 },
  });
  return { result, evaluator };
}

describe('the result of a sweep', () => {
  it('says along which params and rules the combinations of each block differ', async () => {
    const { result } = await resultOf();
    expect(result.blocks).toHaveLength(8);
    expect(result.blocks[0]).toEqual({
      interval: '1h',
      coins: ['BTC'],
      strategy: 'breakout-volume',
      first: 0,
      count: 12,
      axes: [
        { kind: 'param', name: 'lookback', labels: ['10', '20'] },
        { kind: 'param', name: 'surge', labels: ['1', '1.5'] },
        { kind: 'rule', name: 'stop', labels: ['1 %', '2 %', '2 ATR(14)'] },
      ],
    });
    // One value of a param is no axis.
    expect(result.blocks[1]?.axes.map(({ name }) => name)).toEqual(['fast', 'stop']);
    for (const { axes, count } of result.blocks) {
      expect(axes.reduce((product, { labels }) => product * labels.length, 1)).toBe(count);
    }
  });

  it('takes cells that are no product of rules as what they are', async () => {
    const cells = sweepOf().grid.map((cell, i) => ({ ...cell, at: { ...cell.at, target: `${i % 2}` } }));
    const { result } = await resultOf({ grid: cells, coins: ['BTC'] });
    const axis = result.blocks[0]?.axes.at(-1);
    expect(axis).toEqual({ kind: 'rule', name: 'cell', labels: ['1 %, 0', '2 %, 1', '2 ATR(14), 0'] });
  });

  it('bears the trades and the account of the best, and the facts of every series', async () => {
    const { result, evaluator } = await resultOf();
    const [best] = result.best;
    const { index, interval, coins } = best as NonNullable<typeof best>;
    expect(best?.trades).toHaveLength(result.columns.trades[index] as number);
    const grid = evaluator.room.grid(interval);
    expect(best?.equityUsd).toHaveLength(grid.to - grid.from);
    const candles = evaluator.room.candles(interval, coins[0] as string);
    expect(best?.equityFirstCloseMs).toBe(closeTimeAt(candles, grid.from));
    expect(result.data.series.map((series) => `${series.coin} ${series.interval}`)).toEqual([
      'BTC 1h',
      'ETH 1h',
      'BTC 2h',
      'ETH 2h',
    ]);
  });

  it('names sets of params that never gave a signal', async () => {
    const { result } = await resultOf({
      strategies: [{ name: 'breakout-volume', params: { lookback: [10, 20, 30, 40], surge: [1, 1_000] } }],
      coins: ['BTC'],
      intervals: ['1h'],
    });
    expect(result.silent).toEqual([
      {
        ...{ interval: '1h', coins: ['BTC'], strategy: 'breakout-volume', count: 4 },
        examples: [10, 20, 30].map((lookback) => ({ lookback, surge: 1_000 })),
      },
    ]);
  });
});
