import { workerData } from 'node:worker_threads';
import { loadCheckedStrategy } from '../strategy/load.ts';
import type { DrawChunk } from './draws.ts';
import { MarketRoom } from './market-room.ts';
import { StrategyBench } from './strategy-bench.ts';
import { carryOut, type Judged, type StudySetting, type Task } from './study-tasks.ts';

const setting = workerData as StudySetting;
const room = new MarketRoom(setting.data);
const benches = new Map<string, Promise<StrategyBench>>();

/** The entry of a worker thread: a strategy is loaded and evaluated once, however many tasks name it. */
export default async function work(task: Task): Promise<Judged | DrawChunk> {
  const key = JSON.stringify(task.strategy);
  const bench = benches.get(key) ?? makeBench(task);
  benches.set(key, bench);
  return carryOut(task, await bench);
}

async function makeBench({ strategy: { name, params }, fileSha256 }: Task): Promise<StrategyBench> {
  const loaded = await loadCheckedStrategy(name, setting.strategiesDirectory, fileSha256);
  return new StrategyBench(room, setting.study, setting.costs, loaded, params);
}
