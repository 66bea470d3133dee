import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { openPool } from '../backtest/pool.ts';
import type { Chunk, ChunkResult, Runner, SweepWork } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';
import type { Replay, ReplayTask } from './replay.ts';
import { type CoresSetting, type SharedResult, type SharedTasks, stop, workOff } from './shared-tasks.ts';

/** As a runner carries out chunks, in any order; each result is handed over once. */
export type Replayer = CarryOut<ReplayTask, Replay>;

type CarryOut<Task, Result> = (
  work: SweepWork,
  tasks: readonly Task[],
  onResult: (task: Task, result: Result) => void,
  signal: AbortSignal,
) => Promise<void>;

/** Replays of fewer candles are done before threads have started. */
const QUICK_REPLAY_ROWS = 5_000_000;

/** A runner on the cores of this machine. */
export function coresRunner(strategiesDirectory: string, workers: number): Runner {
  return onCores<Chunk, ChunkResult>(strategiesDirectory, workers);
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
  return (work, tasks, onResult, signal) => {
    const rows = tasks.length * Math.max(...work.data.grids.map(({ to }) => to));
    const onHowMany = rows < quickRows ? 1 : workers;
    return onCores<ReplayTask, Replay>(strategiesDirectory, onHowMany)(work, tasks, onResult, signal);
  };
}

/**
 * This thread works too: one less has to be started, and it begins while the others start. Each takes the next task
 * that nobody has taken, and results are handed over by this thread. But code of a strategy's own runs in threads alone
 * where there are any: it may take all memory, and a thread that dies of it can be told of, this one could not.
 */
function onCores<Task extends Chunk | ReplayTask, Result>(
  strategiesDirectory: string,
  workers: number,
): CarryOut<Task, Result> {
  return async (work, tasks, onResult, signal) => {
    if (tasks.length === 0 || signal.aborted) return;
    const setting: CoresSetting = { work, strategiesDirectory };
    const taken = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
    const shared: SharedTasks = { tasks, taken, workers: Math.min(workers, tasks.length), isAtBack: false };
    const failed = new AbortController();
    const ended = AbortSignal.any([signal, failed.signal]);
    const complete = Promise.withResolvers<void>();
    const end = (): void => {
      stop(shared);
      complete.resolve();
    };
    ended.addEventListener('abort', end, { once: true });

    const fail = (error: unknown): void => failed.abort(error);
    let missing = tasks.length;
    const handOver = ({ place, result }: SharedResult): void => {
      if (ended.aborted) return;
      try {
        onResult(tasks[place] as Task, result as Result);
      } catch (error) {
        fail(error);
      }
      if (--missing === 0) complete.resolve();
    };
    const evaluator = await ChunkEvaluator.open(work, strategiesDirectory);
    const isHere = shared.workers === 1 || !evaluator.hasOwnCode();
    const threads = isHere ? shared.workers - 1 : shared.workers;
    // The others first: they start while this thread is busy with its first task.
    const there = workOnThreads(setting, shared, threads, handOver).catch(fail);
    const here = isHere ? workHere(evaluator, shared, handOver).catch(fail) : undefined;
    await Promise.all([here, there, complete.promise]);
    if (failed.signal.aborted) throw failed.signal.reason;
  };
}

type HandOver = (result: SharedResult) => void;

async function workHere(evaluator: ChunkEvaluator, shared: SharedTasks, handOver: HandOver): Promise<void> {
  for (const result of workOff(evaluator, shared)) {
    handOver(result);
    // Ctrl-C, the bar and the results of the others get their turn.
    await setImmediate();
  }
}

async function workOnThreads(
  setting: CoresSetting,
  shared: SharedTasks,
  threads: number,
  handOver: HandOver,
): Promise<void> {
  if (threads === 0) return;
  const { work, strategiesDirectory } = setting;
  const strategies = work.strategies.map(({ name }) => pathToFileURL(join(strategiesDirectory, `${name}.ts`)));
  const pool = await openPool({
    entry: new URL('./cores-worker.ts', import.meta.url),
    imports: [...strategies, new URL('../index.ts', import.meta.url)],
    workerData: setting,
    threads,
    onMessage: (message) => handOver(message as SharedResult),
  });
  try {
    // The main thread, where it works too, is at the front.
    await Promise.all(Array.from({ length: threads }, (_, i) => pool.run({ ...shared, isAtBack: i % 2 === 0 })));
  } finally {
    await pool.close();
  }
}
