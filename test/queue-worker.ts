import { systemClock } from '../src/domain/clock.ts';
import type { QueueLog } from '../src/optimize/queue/keys.ts';
import { serveQueue } from '../src/optimize/queue/worker.ts';
import { FAST, PROGRAM, standIn } from './queue-work.ts';

/** A worker as a process of its own, so that a test can kill it: with the real queue, and a stand-in for the engine. */
export interface WorkerArguments {
  readonly url: string;
  readonly strategiesDirectory: string;
  readonly cacheDirectory: string;
  readonly workers: number;
  readonly delayMs: number;
}

const { url, delayMs, ...rest } = JSON.parse(process.argv[2] ?? '{}') as WorkerArguments;
const stopped = new AbortController();
for (const stop of ['SIGTERM', 'SIGINT'] as const) process.once(stop, () => stopped.abort());
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const log: QueueLog = { info: say, warn: say };
await serveQueue(url, {
  ...rest,
  signal: stopped.signal,
  clock: systemClock,
  log,
  timing: FAST,
  openEvaluators: standIn(delayMs),
  program: () => PROGRAM,
});
say('ended');
// As the command does: a connection that BullMQ gave up may still be trying to come back.
process.exit();
