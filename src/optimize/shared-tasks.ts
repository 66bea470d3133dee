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
  /** How many are taken from the front × 2^32 + how many from the back, in shared memory. */
  readonly taken: BigInt64Array;
  readonly workers: number;
  /** Whether this thread takes from the back. */
  readonly isAtBack: boolean;
}

/** What a thread says when it has carried out one of them. */
export interface SharedResult {
  readonly place: number;
  readonly result: ChunkResult | Replay;
}

const FRONT = 32n;
const BACK = 2n ** FRONT - 1n;
/** So many are said to be taken of tasks that nobody wants any more. */
const STOPPED = 2n ** 62n;

/**
 * Takes tasks and carries them out, until all are taken. Neighbours are taken together, because they share signals: at
 * first a good part of what is left, and fewer as the end is near, where whoever took too many would be waited for.
 * Some threads begin at the back: far apart they meet fewer entries in common, whose exits each would find for itself.
 */
export function* workOff(evaluator: ChunkEvaluator, shared: SharedTasks): Generator<SharedResult> {
  const { tasks, taken, workers, isAtBack } = shared;
  for (;;) {
    const before = Atomics.load(taken, 0);
    const front = Number(before >> FRONT);
    const back = tasks.length - Number(before & BACK);
    if (front >= back) return;
    const count = Math.ceil((back - front) / (2 * workers));
    const after = before + (BigInt(count) << (isAtBack ? 0n : FRONT));
    if (Atomics.compareExchange(taken, 0, before, after) !== before) continue;
    const from = isAtBack ? back - count : front;
    const to = from + count;
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
