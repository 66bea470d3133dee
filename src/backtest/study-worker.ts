import { workerData } from 'node:worker_threads';
import { CandorError } from '../domain/errors.ts';
import type { StudyStrategy } from '../domain/study.ts';
import { loadStrategy } from '../strategy/load.ts';
import type { DrawChunk } from './draws.ts';
import { MarketRoom } from './market-room.ts';
import { failureOf, type StrategyFailure } from './outcome.ts';
import { StrategyBench } from './strategy-bench.ts';
import type { StudyData } from './study-data.ts';
import { carryOut, type Judged, type Task, type WorkerSetting } from './study-tasks.ts';

const setting = workerData as WorkerSetting & { readonly data: StudyData };
const room = new MarketRoom(setting.data);
const benches = new Map<string, Promise<StrategyBench>>();

/** Says that the worker could start at all. */
export function ready(): void {}

/**
 * The entry of a worker thread: a strategy is loaded and evaluated once, however many tasks name it. An error that is
 * thrown between threads keeps its message alone, so one that has more to say is handed over as data.
 */
export default async function work(task: Task): Promise<Judged | DrawChunk | StrategyFailure> {
  const { strategy } = task;
  const key = JSON.stringify(strategy);
  const bench = benches.get(key) ?? makeBench(strategy);
  benches.set(key, bench);
  try {
    return await carryOut(task, await bench);
  } catch (error) {
    if (error instanceof CandorError) return failureOf(strategy.name, error);
    throw error;
  }
}

async function makeBench(strategy: StudyStrategy): Promise<StrategyBench> {
  const loaded = await loadStrategy(strategy.name, setting.strategiesDirectory);
  return new StrategyBench(room, setting.study, setting.costs, loaded, strategy.params);
}
