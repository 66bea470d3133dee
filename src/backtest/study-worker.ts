import { workerData } from 'node:worker_threads';
import { openBenches } from './choice.ts';
import type { DrawChunk } from './draws.ts';
import { MarketRoom } from './market-room.ts';
import type { Probes } from './probes.ts';
import type { StrategyBench } from './strategy-bench.ts';
import { carryOut, type Judged, type StudySetting, type Task } from './study-tasks.ts';

const setting = workerData as StudySetting;
const room = new MarketRoom(setting.data);
const known = new Map<string, Promise<readonly StrategyBench[]>>();

/** The entry of a worker thread: a strategy is loaded and evaluated once, however many tasks name it. */
export default async function work(task: Task): Promise<Judged | DrawChunk | Probes> {
  const key = JSON.stringify(task.strategy);
  const benches = known.get(key) ?? openBenches(room, setting, task.strategy, task.fileSha256);
  known.set(key, benches);
  return carryOut(task, await benches, setting);
}
