import { workerData } from 'node:worker_threads';
import type { Chunk, ChunkResult, SweepWork } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { type Replay, type ReplayTask, replay } from './replay.ts';

/** What a worker thread is told once. */
export interface CoresSetting {
  readonly work: SweepWork;
  readonly strategiesDirectory: string;
}

let evaluator: Promise<ChunkEvaluator> | undefined;

/** The entry of a worker thread: all of its tasks share one evaluator. */
export default async function carryOut(task: Chunk | ReplayTask): Promise<ChunkResult | Replay> {
  const { work, strategiesDirectory } = workerData as CoresSetting;
  evaluator ??= ChunkEvaluator.open(work, strategiesDirectory);
  return 'found' in task ? replay(await evaluator, task) : (await evaluator).evaluate(task);
}
