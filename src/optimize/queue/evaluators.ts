import { openPool } from '../../backtest/pool.ts';
import type { Chunk, ChunkResult, SweepWork } from '../contract.ts';
import type { OpeningError } from '../cores-worker.ts';
import type { CoresSetting } from '../shared-tasks.ts';

/** What works on chunks on this machine, several at a time, and never in the thread that talks to Redis. */
export interface Evaluators {
  readonly threads: number;
  evaluate(chunk: Chunk): Promise<ChunkResult>;
  close(): Promise<void>;
}

/** @param code hash of the code that every thread must have loaded, those that replace others included */
export type OpenEvaluators = (
  work: SweepWork,
  strategiesDirectory: string,
  threads: number,
  code: string,
) => Promise<Evaluators>;

/** The same threads that a sweep on one machine has. */
export const openCores: OpenEvaluators = async (work, strategiesDirectory, threads, code) => {
  const setting: CoresSetting = { work, strategiesDirectory, code };
  const entry = new URL('../cores-worker.ts', import.meta.url);
  const pool = await openPool({ entry, workerData: setting, threads });
  return {
    threads: pool.threads,
    evaluate: (chunk) => pool.run<ChunkResult>(chunk),
    close: () => pool.close(),
  };
};

/** Did a thread fail before it worked on anything? Of the class of an error, threads tell the name. */
export function isOpeningError(error: unknown): boolean {
  return (error as Error).name === ('OpeningError' satisfies OpeningError['name']);
}

/** Was it this machine that failed, rather than the work? */
export function isOutOfMemory(error: unknown): boolean {
  const code = (fault: unknown): unknown => (fault as NodeJS.ErrnoException | undefined)?.code;
  return [error, (error as Error).cause].some((fault) => code(fault) === 'ERR_WORKER_OUT_OF_MEMORY');
}
