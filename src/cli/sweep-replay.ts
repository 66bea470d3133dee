import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '../backtest/run.ts';
import { CandorError } from '../domain/errors.ts';
import type { Replayer } from '../optimize/cores.ts';
import type { ChunkEvaluator } from '../optimize/evaluate.ts';
import { requireNoLookAhead } from '../optimize/look-ahead.ts';
import type { MetricColumns } from '../optimize/ranking.ts';
import { type Replay, sampleOf } from '../optimize/replay.ts';
import type { Ranking } from '../optimize/result.ts';
import { valuesOf } from '../optimize/sweep-result.ts';
import type { LoadedStrategy } from '../strategy/load.ts';
import type { Context } from './context.ts';

/** So many of the best are compared, whatever the sample. */
const BEST_REPLAYED = 10;

/** No number of the sweep can be trusted. */
export class EnginesDifferError extends CandorError {
  override readonly name = 'EnginesDifferError';
}

/** What the reference engine said: its runs of the best combinations, and how many others it agreed on. */
export interface Replays {
  readonly best: ReadonlyMap<number, RunResult>;
  readonly sampled: number;
}

export interface ReplayRequest {
  readonly evaluator: ChunkEvaluator;
  readonly columns: MetricColumns;
  readonly ranking: Ranking;
  readonly identity: string;
  /** Where the case of a difference is written. */
  readonly resultsPath: string;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  readonly replayer: Replayer;
}

/**
 * Runs the ten best and the sample through the reference engine, before a number is printed.
 *
 * @returns undefined when it was stopped
 * @throws CandorError at the first difference, with the file that reproduces it
 */
export async function replaySweep(request: ReplayRequest): Promise<Replays | undefined> {
  const { evaluator, columns, ranking, signal, onProgress, replayer } = request;
  const top = [...ranking.places.subarray(0, BEST_REPLAYED)];
  const { plan, work } = evaluator;
  const sample = sampleOf(plan.count, work.sweep.seed, top);
  // In the order of the sweep: neighbours are about the same candles.
  const tasks = [...top, ...sample]
    .sort((a, b) => a - b)
    .map((index) => ({ index, found: valuesOf(columns, index), isBest: top.includes(index) }));
  const runs = new Map<number, RunResult>();
  let done = 0;
  const onReplay = (_: unknown, replay: Replay): void => {
    if (replay.difference !== undefined) throw enginesDiffer(request, replay);
    if (replay.runs !== undefined) runs.set(replay.index, replay.runs.reference);
    onProgress(++done, tasks.length);
  };
  await replayer(work, tasks, onReplay, signal);
  if (signal.aborted) return undefined;
  return { best: new Map(top.map((index) => [index, runs.get(index) as RunResult])), sampled: sample.length };
}

function enginesDiffer(request: ReplayRequest, { index, difference, runs }: Replay): EnginesDifferError {
  const { evaluator, identity, resultsPath } = request;
  const { plan, work } = evaluator;
  const { block, params, cell } = plan.combinationAt(index);
  const { interval, coins, name } = block;
  const path = join(resultsPath, `${work.sweep.name}-difference-${index}-${identity.slice(0, 8)}.json`);
  const { isSynthetic, asSeen, source, fingerprint, fromMs, toMs, grids } = work.data;
  const file = {
    what: 'the fast and the reference engine differ on this combination',
    combination: { index, interval, coins, strategy: name, params, rules: cell.rules },
    strategyFileSha256: work.strategies[block.strategy]?.fileSha256,
    depositUsd: work.sweep.depositUsd,
    costs: work.costs,
    data: { isSynthetic, asSeen, source, fingerprint, fromMs, toMs, grids: grids.map(gridFacts) },
    difference,
    metricsOfTheSweep: valuesOf(request.columns, index),
    trades: { fast: runs?.fast.trades, reference: runs?.reference.trades },
  };
  mkdirSync(resultsPath, { recursive: true });
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  return new EnginesDifferError(
    'the fast engine does not agree with the reference engine, so none of its numbers counts',
    {
      details: [
        `combination ${index}: ${name} on ${coins.join(', ')} ${interval}`,
        `${difference?.where}: ${shown(difference?.fast)}, reference: ${shown(difference?.reference)}`,
        `reproducible case: ${path}`,
      ],
      hint: 'This is a fault in Candor: please report it with that file. What the sweep had stored was taken back.',
    },
  );
}

/**
 * Plays the best combinations again as they would trade live, those with code of their own: candle by candle, without
 * the future.
 *
 * @throws LookAheadError with the candle at which a strategy knew what it could not know
 */
export async function replayAsLive(
  evaluator: ChunkEvaluator,
  strategies: readonly LoadedStrategy[],
  best: Iterable<number>,
  { out, signal }: Context,
): Promise<void> {
  let bar: ReturnType<typeof out.progress> | undefined;
  const onProgress = (done: number, total: number): void => {
    bar ??= out.progress('replayed without the future', total);
    bar.update(done);
  };
  try {
    await requireNoLookAhead(evaluator, strategies, best, { onProgress, signal });
  } finally {
    bar?.stop();
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

function gridFacts({ interval, candles, from, to }: ChunkEvaluator['work']['data']['grids'][0]) {
  const [first] = candles.values();
  return { interval, anchorMs: first?.firstOpenMs, from, to };
}
