import { workerData } from 'node:worker_threads';
import type { Chunk, ChunkResult, SweepWork } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';

/** What a worker thread is told once. */
export interface CoresSetting {
  readonly work: SweepWork;
  readonly strategiesDirectory: string;
}

let evaluator: Promise<ChunkEvaluator> | undefined;

/** The entry of a worker thread: all of its chunks share one evaluator. */
export default async function evaluate(chunk: Chunk): Promise<ChunkResult> {
  const { work, strategiesDirectory } = workerData as CoresSetting;
  evaluator ??= ChunkEvaluator.open(work, strategiesDirectory);
  return (await evaluator).evaluate(chunk);
}
