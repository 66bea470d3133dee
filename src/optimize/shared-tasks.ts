import type { Chunk, ChunkResult, SweepWork } from './contract.ts';
import type { ChunkEvaluator } from './evaluate.ts';
import { type Replay, type ReplayTask, replay } from './replay.ts';

/** What a worker thread is told once. */
export interface CoresSetting {
  readonly work: SweepWork;
  readonly strategiesDirectory: string;
  /** Hash of the code that the thread must have loaded; without it, it is the code that lies there. */
  readonly code?: string;
}

export type Task = Chunk | ReplayTask;

/** Tasks of which each thread takes some that nobody has taken: so none waits until another one has time for it. */
export interface SharedTasks {
  readonly tasks: readonly Task[];
  /** How many are taken, in shared memory. */
  readonly taken: Int32Array;
  readonly workers: number;
}

/** What a thread says when it has carried out one of them. */
export interface SharedResult {
  readonly place: number;
  readonly result: ChunkResult | Replay;
}

/** So many are said to be taken of tasks that nobody wants any more. */
const STOPPED = 0x7fffffff;

/**
 * Takes tasks and carries them out, until all are taken. Neighbours are taken together, because they share signals: at
 * first a good part of what is left, and fewer as the end is near, where whoever took too many would be waited for.
 */
export function* workOff(evaluator: ChunkEvaluator, { tasks, taken, workers }: SharedTasks): Generator<SharedResult> {
  for (;;) {
    const from = Atomics.load(taken, 0);
    if (from >= tasks.length) return;
    const to = from + Math.ceil((tasks.length - from) / (2 * workers));
    if (Atomics.compareExchange(taken, 0, from, to) !== from) continue;
    const last = tasks[to - 1] as Task;
    for (let place = from; place < to; place++) {
      yield { place, result: carryOut(evaluator, tasks[place] as Task, 'found' in last ? undefined : endOf(last)) };
      if (Atomics.load(taken, 0) === STOPPED) return;
    }
  }
}

/** Nobody takes another one of them; those that are being carried out are done. */
export function stop({ taken }: SharedTasks): void {
  Atomics.store(taken, 0, STOPPED);
}

function endOf({ first, count }: Chunk): number {
  return first + count;
}

/** @param expected the combination up to which its successors will be asked for */
export function carryOut(evaluator: ChunkEvaluator, task: Task, expected?: number): ChunkResult | Replay {
  return 'found' in task ? replay(evaluator, task) : evaluator.evaluate(task, expected);
}
