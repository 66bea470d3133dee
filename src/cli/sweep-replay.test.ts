import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STRATEGIES, sweepOf, sweepWork } from '../../test/sweeps.ts';
import { inTemporaryFolder } from '../../test/temporary-folder.ts';
import { resultOf } from '../backtest/fast/result.ts';
import type { Trade } from '../domain/trade.ts';
import type { MicroUsd } from '../domain/units.ts';
import { coresReplayer, type Replayer } from '../optimize/cores.ts';
import { ChunkEvaluator } from '../optimize/evaluate.ts';
import { columnsOf, rank } from '../optimize/ranking.ts';
import { type FastRunOf, replay } from '../optimize/replay.ts';
import { valuesOf } from '../optimize/sweep-result.ts';
import { EnginesDifferError, type ReplayRequest, replaySweep } from './sweep-replay.ts';

const { work, plan } = await sweepWork(sweepOf());
const evaluator = await ChunkEvaluator.open(work, STRATEGIES);
const columns = columnsOf(evaluator.evaluate({ first: 0, count: plan.count }));

const request = (resultsPath: string, parts: Partial<ReplayRequest> = {}): ReplayRequest => ({
  ...{ evaluator, columns, resultsPath, identity: 'ab'.repeat(32) },
  ranking: rank(columns, 'expectancyR', []),
  signal: new AbortController().signal,
  onProgress: () => {},
  replayer: coresReplayer(STRATEGIES, 1),
  ...parts,
});

/** The replays of this thread, on an engine with a fault. */
const replayerWith =
  (fastRunOf: FastRunOf): Replayer =>
  async (_, tasks, onReplay) => {
    for (const task of tasks) onReplay(task, replay(evaluator, task, fastRunOf));
  };

/** One micro-dollar in the fee of the second trade of one combination. */
const faultIn =
  (wrong: number): FastRunOf =>
  (of, index) => {
    const run = resultOf(of.runFast(index));
    if (index !== wrong) return run;
    const trades = run.trades.map(
      (trade, i): Trade => (i === 1 ? { ...trade, feesUsd: (trade.feesUsd + 1) as MicroUsd } : trade),
    );
    return { ...run, trades };
  };

describe('the comparison of a sweep with the reference engine', () => {
  it('gives the runs of the ten best, the best first, and how many others agree', async () => {
    const steps: string[] = [];
    const replays = await replaySweep(
      request('/nowhere', { onProgress: (done, total) => steps.push(`${done}/${total}`) }),
    );
    const { places } = rank(columns, 'expectancyR', []);
    expect([...(replays?.best.keys() ?? [])]).toEqual([...places.subarray(0, 10)]);
    expect(replays?.sampled).toBe(1);
    expect(steps.at(-1)).toBe('11/11');
  });

  it('ends the sweep at a difference of one micro-dollar, and writes down how to see it again', () =>
    inTemporaryFolder({}, async (folder) => {
      const { places } = rank(columns, 'expectancyR', []);
      const wrong = [...places.subarray(0, 10)].find((place) => (columns.trades[place] as number) > 1) as number;
      const error: unknown = await replaySweep(request(folder, { replayer: replayerWith(faultIn(wrong)) })).catch(
        (e) => e,
      );
      expect(error).toBeInstanceOf(EnginesDifferError);
      const { block, params, cell } = plan.combinationAt(wrong);
      expect((error as EnginesDifferError).details[1]).toMatch(/^trade 2, feesUsd: \d+, reference: \d+$/);
      const [path] = globSync('*.json', { cwd: folder });
      const written = JSON.parse(readFileSync(join(folder, path as string), 'utf8'));
      expect(written).toMatchObject({
        combination: { index: wrong, strategy: block.name, coins: block.coins, interval: block.interval, params },
        data: { fingerprint: work.data.fingerprint, isSynthetic: true },
        costs: work.costs,
        difference: { where: 'trade 2, feesUsd' },
      });
      expect(written.combination.rules).toEqual(cell.rules);
      expect(written.difference.fast).toBe(written.difference.reference + 1);
      expect(written.trades.reference).toHaveLength(columns.trades[wrong] as number);
      expect(written.trades.fast[1].feesUsd).toBe(written.difference.fast);
    }));

  it('finds the same on threads', async () => {
    const one = await replaySweep(request('/nowhere'));
    const tasks = [...(one?.best.keys() ?? [])].map((index) => ({
      index,
      found: valuesOf(columns, index),
      isBest: true,
    }));
    const runs = new Map<number, unknown>();
    const threads = coresReplayer(STRATEGIES, 2, 0);
    await threads(
      work,
      tasks,
      (_, { index, runs: both }) => runs.set(index, both?.reference),
      new AbortController().signal,
    );
    expect(new Map(tasks.map(({ index }) => [index, runs.get(index)]))).toEqual(one?.best);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    expect(await replaySweep(request('/nowhere', { signal: stop.signal, onProgress }))).toBeUndefined();
  });
});
