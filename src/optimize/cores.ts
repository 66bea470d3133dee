import { setImmediate } from 'node:timers/promises';
import { openPool } from '../backtest/pool.ts';
import type { Chunk, ChunkResult, Runner, SweepWork } from './contract.ts';
import type { CoresSetting } from './cores-worker.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { type Replay, type ReplayTask, replay } from './replay.ts';

/** As a runner carries out chunks, in any order; each result is handed over once. */
export type Replayer = CarryOut<ReplayTask, Replay>;

type CarryOut<Task, Result> = (
  work: SweepWork,
  tasks: readonly Task[],
  onResult: (task: Task, result: Result) => void,
  signal: AbortSignal,
) => Promise<void>;

/** So many tasks wait at each worker, that none has to wait for the next one to be handed over. */
const TASKS_AHEAD = 2;
/** Replays of fewer candles are done before threads have started. */
const QUICK_REPLAY_ROWS = 5_000_000;

/** A runner on the cores of this machine; one worker is this thread itself. */
export function coresRunner(strategiesDirectory: string, workers: number): Runner {
  if (workers > 1) return onThreads<Chunk, ChunkResult>(strategiesDirectory, workers);
  return inThisThread<Chunk, ChunkResult>(strategiesDirectory, (evaluator, chunk) => evaluator.evaluate(chunk));
}

/**
 * The same for replays, whose cost grows with candles.
 *
 * @param quickRows replays of fewer candles, all together, stay in this thread
 */
export function coresReplayer(
  strategiesDirectory: string,
  workers: number,
  quickRows: number = QUICK_REPLAY_ROWS,
): Replayer {
  const here = inThisThread<ReplayTask, Replay>(strategiesDirectory, (evaluator, task) => replay(evaluator, task));
  const threads = onThreads<ReplayTask, Replay>(strategiesDirectory, workers);
  return (work, tasks, onResult, signal) => {
    const rows = tasks.length * Math.max(...work.data.grids.map(({ to }) => to));
    return (workers === 1 || rows < quickRows ? here : threads)(work, tasks, onResult, signal);
  };
}

function inThisThread<Task, Result>(
  strategiesDirectory: string,
  carryOut: (evaluator: ChunkEvaluator, task: Task) => Result,
): CarryOut<Task, Result> {
  return async (work, tasks, onResult, signal) => {
    const evaluator = await ChunkEvaluator.open(work, strategiesDirectory);
    for (const task of tasks) {
      if (signal.aborted) return;
      onResult(task, carryOut(evaluator, task));
      // Ctrl-C and the bar get their turn.
      await setImmediate();
    }
  };
}

function onThreads<Task, Result>(strategiesDirectory: string, workers: number): CarryOut<Task, Result> {
  return async (work, tasks, onResult, signal) => {
    if (tasks.length === 0) return;
    const setting: CoresSetting = { work, strategiesDirectory };
    const entry = new URL('./cores-worker.ts', import.meta.url);
    const pool = await openPool({ entry, workerData: setting, threads: Math.min(workers, tasks.length) });
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const waiting = tasks.values();
    const keepBusy = async (): Promise<void> => {
      for (const task of waiting) {
        const result = await pool.run<Result>(task, { signal: stop });
        if (!stop.aborted) onResult(task, result);
      }
    };
    const watch = (line: Promise<void>): Promise<void> =>
      line.catch((error: unknown) => {
        if (!stop.aborted) failed.abort(error);
      });
    try {
      await Promise.all(Array.from({ length: pool.threads * TASKS_AHEAD }, () => watch(keepBusy())));
    } finally {
      await pool.close();
    }
    if (failed.signal.aborted) throw failed.signal.reason;
  };
}
