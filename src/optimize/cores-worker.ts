import { parentPort, workerData } from 'node:worker_threads';
import { CandorError } from '../domain/errors.ts';
import type { ChunkResult } from './contract.ts';
import { ChunkEvaluator } from './evaluate.ts';
import { thisProgram } from './program.ts';
import type { Replay } from './replay.ts';
import { type CoresSetting, carryOut, type SharedTasks, type Task, workOff } from './shared-tasks.ts';

/** The thread cannot begin: that says something about this machine, and nothing about the work. */
export class OpeningError extends CandorError {
  override readonly name = 'OpeningError';
}

let evaluator: Promise<ChunkEvaluator> | undefined;

/** The entry of a worker thread: all of its tasks share one evaluator. Results of shared tasks are posted. */
export default async function work(task: Task | SharedTasks): Promise<ChunkResult | Replay | undefined> {
  evaluator ??= open(workerData as CoresSetting);
  if (!('taken' in task)) return carryOut(await evaluator, task);
  for (const result of workOff(await evaluator, task)) parentPort?.postMessage(result);
  return undefined;
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
