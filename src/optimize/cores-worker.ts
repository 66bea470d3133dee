import { workerData } from 'node:worker_threads';
import { CandorError } from '../domain/errors.ts';
import type { Chunk, ChunkResult, SweepWork } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { thisProgram } from './program.ts';
import { type Replay, type ReplayTask, replay } from './replay.ts';

/** What a worker thread is told once. */
export interface CoresSetting {
  readonly work: SweepWork;
  readonly strategiesDirectory: string;
  /** Hash of the code that the thread must have loaded; without it, it is the code that lies there. */
  readonly code?: string;
}

/** The thread cannot begin: that says something about this machine, and nothing about the work. */
export class OpeningError extends CandorError {
  override readonly name = 'OpeningError';
}

let evaluator: Promise<ChunkEvaluator> | undefined;

/** The entry of a worker thread: all of its tasks share one evaluator. */
export default async function carryOut(task: Chunk | ReplayTask): Promise<ChunkResult | Replay> {
  evaluator ??= open(workerData as CoresSetting);
  return 'found' in task ? replay(await evaluator, task) : (await evaluator).evaluate(task);
}

async function open({ work, strategiesDirectory, code }: CoresSetting): Promise<ChunkEvaluator> {
  try {
    const opened = await ChunkEvaluator.open(work, strategiesDirectory);
    // Asked when everything is imported, and in every thread: one that died is replaced by one that imports anew.
    if (code !== undefined && thisProgram().code !== code) {
      throw new CandorError('the files of Candor changed before a thread had loaded them');
    }
    return opened;
  } catch (error) {
    const { message, details = [], hint } = error as Partial<CandorError> & Error;
    throw new OpeningError(message, { details, ...(hint === undefined ? {} : { hint }), cause: error });
  }
}
