import { workerData } from 'node:worker_threads';
import { loadCheckedStrategy } from '../strategy/load.ts';
import { type CandidateRange, ForwardBench, type ForwardReplay, type ForwardWork } from './forward-bench.ts';

/** What a worker is told once. */
export interface ForwardSetting {
  readonly work: ForwardWork;
  readonly strategiesDirectory: string;
}

let bench: Promise<ForwardBench> | undefined;

/** The entry of a worker thread: candidates give the rows of their table; a replay gives nothing, or throws. */
export default async function work(task: CandidateRange | ForwardReplay): Promise<Float64Array | undefined> {
  bench ??= open(workerData as ForwardSetting);
  const opened = await bench;
  if ('count' in task) return opened.run(task);
  opened.replay(task);
  return undefined;
}

async function open({ work, strategiesDirectory }: ForwardSetting): Promise<ForwardBench> {
  const { name, fileSha256 } = work.strategy;
  const { strategy } = await loadCheckedStrategy(name, strategiesDirectory, fileSha256);
  return new ForwardBench(work, strategy);
}
