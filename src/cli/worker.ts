import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { serveQueue } from '../optimize/queue/worker.ts';
import type { Context, ExitCode } from './context.ts';
import { credentialsOf, type QueueOptions } from './queue.ts';

export interface WorkerOptions extends QueueOptions {
  readonly workers?: number;
}

/** Works on the sweeps of a queue until it is told to stop, which is how it ends and no failure. */
export async function run(options: WorkerOptions, context: Context): Promise<ExitCode> {
  const { root, signal, clock, log } = context;
  await serveQueue(options.queue, {
    ...credentialsOf(options, context),
    strategiesDirectory: join(root, 'strategies'),
    cacheDirectory: join(root, 'data', 'columns'),
    workers: options.workers ?? availableParallelism(),
    signal,
    clock,
    log,
  });
  return 0;
}
