import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { smallOptimization } from '../../test/optimizations.ts';
import { STRATEGIES } from '../../test/sweeps.ts';
import { assembleStudyData } from '../backtest/candle-source.ts';
import { planSpan, type StudyData } from '../backtest/study-data.ts';
import { syntheticCandles } from '../backtest/synthetic-source.ts';
import type { CandleColumns } from '../domain/candle.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS } from '../domain/time.ts';
import { type LoadedStrategy, loadStrategy } from '../strategy/load.ts';
import { type Comparison, compare } from './comparison.ts';
import { walkForward } from './forward.ts';
import { ForwardBench, type ForwardWork } from './forward-bench.ts';
import { type ForwardPlan, windowsOf } from './forward-plan.ts';
import { ForwardTable, meanOf } from './forward-table.ts';
import { luckOf } from './luck.ts';
import { planOptimization, requireDays, spanRequestOf } from './optimize-plan.ts';

const OPTIMIZATION = smallOptimization({ candidates: 12 });
const UNCHANGED = { params: null, isTrading: true, fileSha256: null, change: null };
/** Days of candles after the newest window. */
const LATER_DAYS = 10;

let loaded: LoadedStrategy;
let work: ForwardWork;
let forward: ForwardPlan;

beforeAll(async () => {
  loaded = await loadStrategy('breakout-volume', STRATEGIES);
  const planned = planOptimization(OPTIMIZATION, { name: 'breakout-volume', params: {} }, loaded, UNCHANGED);
  forward = planned.forward;
  const { coins, settlings, candidates } = planned;
  const source = syntheticCandles({ coins, intervals: ['1h'], days: 60, seed: 4 });
  const spans = coins.map((coin) => source.span(coin, '1h'));
  const { fromMs, toMs } = requireDays(planned, spans);
  const span = { fromMs: (fromMs - LATER_DAYS * DAY_MS) as typeof fromMs, toMs };
  const data = assembleStudyData(
    { coins, intervals: ['1h'] },
    planSpan({ ...spanRequestOf(planned), span }, settlings, spans),
    source,
  );
  work = {
    strategy: { name: 'breakout-volume', fileSha256: loaded.sha256 },
    ...{ sets: candidates.sets, coins: OPTIMIZATION.coins, interval: '1h', cell: OPTIMIZATION.cell },
    costs: { takerFee: 0.00045, makerFee: 0.00015, slippageBps: 2 },
    depositUsd: OPTIMIZATION.depositUsd,
    ...{ data, windows: windowsOf(forward) },
  };
});

function tableOf(given: ForwardWork): ForwardTable {
  const table = new ForwardTable(given.sets.length, given.windows);
  table.take(0, new ForwardBench(given, loaded.strategy).run({ first: 0, count: given.sets.length }));
  return table;
}

function comparisonOf(given: ForwardWork): Comparison {
  return compare(tableOf(given), forward, {
    ...{ threshold: 0.2, floorR: 0.02, riskFraction: 0.01, minTrades: 3, isTrading: true },
    luckOf: (differences) => luckOf(differences, 2, new Prng(1)),
  });
}

/** Other prices from a row on: the old ones times a factor that wanders. */
function withOtherFuture(data: StudyData, fromRow: number, seed: number): StudyData {
  const rng = new Prng(seed);
  const grids = data.grids.map((grid) => {
    const candles = [...grid.candles].map(([coin, columns]): [string, CandleColumns] => {
      const [open, high, low, close] = [columns.open, columns.high, columns.low, columns.close].map((column) =>
        column.slice(),
      );
      const volume = columns.volume.slice();
      let factor = 1;
      for (let row = fromRow; row < columns.length; row++) {
        factor *= 1 + 0.02 * rng.normal();
        for (const column of [open, high, low, close]) {
          if (column !== undefined) column[row] = (column[row] as number) * factor;
        }
        volume[row] = (volume[row] as number) * rng.uniform() * 4;
      }
      return [coin, { ...columns, open, high, low, close, volume } as CandleColumns];
    });
    return { ...grid, candles: new Map(candles) };
  });
  return { ...data, grids: grids as unknown as StudyData['grids'] };
}

describe('walking forward', () => {
  it('trades in its windows, and not always the same', () => {
    const table = tableOf(work);
    const scores = new Set(Array.from({ length: table.candidates }, (_, candidate) => table.score(candidate, 0)));
    expect(scores.size).toBeGreaterThan(table.candidates / 2);
    for (const window of work.windows.keys()) expect(table.trades(0, window)).toBeGreaterThan(0);
  });

  it('decides the same whatever happens after its newest day', () => {
    const row = work.data.grids[0].from + forward.days * 24;
    expect(row).toBeLessThan(work.data.grids[0].to);
    const decided = comparisonOf(work);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const other = withOtherFuture(work.data, row, seed);
        expect(comparisonOf({ ...work, data: other })).toEqual(decided);
      }),
      { numRuns: 20, seed: 1 },
    );
    // And the change is one that can be seen: a day earlier it makes a difference.
    const earlier = withOtherFuture(work.data, row - 24, 7);
    expect(comparisonOf({ ...work, data: earlier })).not.toEqual(decided);
  });

  it('chooses in each fold without a look at the days that test it', () => {
    const [{ test }] = forward.folds as [ForwardPlan['folds'][number]];
    const row = work.data.grids[0].from + test.from * 24;
    const [first] = comparisonOf(work).folds;
    for (const seed of [1, 2, 3]) {
      const [other] = comparisonOf({ ...work, data: withOtherFuture(work.data, row, seed) }).folds;
      expect([other?.candidate, other?.trainScore]).toEqual([first?.candidate, first?.trainScore]);
      expect(other?.test).not.toBe(first?.test);
    }
  });

  it('has the returns of an account: together they are what the run made', () => {
    const table = tableOf(work);
    for (const window of work.windows.keys()) {
      const returns = table.returns(0, window);
      expect(returns.length).toBe(
        (work.windows[window] as { to: number }).to - (work.windows[window] as { from: number }).from,
      );
      expect(table.score(0, window)).toBeCloseTo(meanOf(returns), 15);
      expect(returns.every((value) => value > -0.2 && value < 0.2)).toBe(true);
    }
  });

  it('is the same on one thread and on several, and agrees with the reference engine', async () => {
    const progress: string[] = [];
    const all = work.sets.flatMap((_, candidate) => work.windows.map((_, window) => ({ candidate, window })));
    const on = (workers: number) =>
      walkForward({
        work,
        strategiesDirectory: STRATEGIES,
        workers,
        conclude: (table) => ({ conclusion: table.rows.length, replays: all.slice(0, 20) }),
        signal: new AbortController().signal,
        onProgress: (done, total) => progress.push(`${done} of ${total}`),
      });
    const one = await on(1);
    expect(progress.at(-1)).toBe('32 of 32');
    const three = await on(3);
    expect(three.table.rows).toEqual(one.table.rows);
    expect(one.table.rows).toEqual(tableOf(work).rows);
    expect(one.conclusion).toBe(one.table.rows.length);
  });

  it('is broken off by its signal', async () => {
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    const conclude = (): never => expect.fail('there is nothing to conclude');
    const run = {
      work,
      strategiesDirectory: STRATEGIES,
      workers: 1,
      conclude,
      signal: stop.signal,
      onProgress: () => {},
    };
    await expect(walkForward(run)).rejects.toThrow('stopped');
  });
});
