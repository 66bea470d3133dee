import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { systemClock } from '../src/domain/clock.ts';
import type { Chunk, ChunkResult, SweepWork } from '../src/optimize/contract.ts';
import { type QueueRunnerOptions, queueRunner } from '../src/optimize/queue/coordinator.ts';
import type { QueueLog } from '../src/optimize/queue/keys.ts';
import { type ServeOptions, serveQueue } from '../src/optimize/queue/worker.ts';
import { evaluateStandIn, FAST, PROGRAM, standIn } from './queue-work.ts';
import type { WorkerArguments } from './queue-worker.ts';

const PATIENCE_MS = 30_000;

/** Collects what a queue says. */
export class Diary implements QueueLog {
  readonly lines: string[] = [];

  info(text: string): void {
    this.lines.push(text);
  }

  warn(text: string): void {
    this.lines.push(text);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  count(part: string): number {
    return this.lines.filter((line) => line.includes(part)).length;
  }

  async has(part: string): Promise<void> {
    await until(
      () => this.count(part) > 0,
      () => `'${part}' in:\n${this.text}`,
    );
  }
}

export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: () => string = () => `${isTrue}`,
): Promise<void> {
  const latestMs = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > latestMs) throw new Error(`waited in vain for ${what()}`);
    await delay(20);
  }
}

/** What one core makes of it, by the first combination of each chunk. */
export function onOneCore(work: SweepWork, chunks: readonly Chunk[]): Map<number, ChunkResult> {
  return new Map(chunks.map((chunk) => [chunk.first, evaluateStandIn(work, chunk)]));
}

export interface Coordination {
  readonly results: Map<number, ChunkResult>;
  readonly diary: Diary;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** A coordinator in this process; a chunk that it hands over twice is an error. */
export function coordinate(
  url: string,
  work: SweepWork,
  chunks: readonly Chunk[],
  parts: Partial<QueueRunnerOptions> = {},
): Coordination {
  const results = new Map<number, ChunkResult>();
  const diary = new Diary();
  const stop = new AbortController();
  const options = {
    log: diary,
    workerCommand: 'candor worker --queue …',
    timing: FAST,
    program: () => PROGRAM,
    ...parts,
  };
  const onResult = (chunk: Chunk, result: ChunkResult): void => {
    if (results.has(chunk.first)) throw new Error(`chunk ${chunk.first} came twice`);
    results.set(chunk.first, result);
  };
  const ended = queueRunner(url, options)(work, chunks, onResult, stop.signal);
  ended.catch(() => {});
  return { results, diary, stop, ended };
}

export interface Service {
  readonly diary: Diary;
  /** Stops the worker and waits for it. */
  stop(): Promise<void>;
}

/** A worker in this process, with its folders in one. */
export function serve(url: string, folder: string, parts: Partial<ServeOptions> = {}): Service {
  const diary = new Diary();
  const stopped = new AbortController();
  const ended = serveQueue(url, {
    ...foldersIn(folder),
    workers: 2,
    signal: stopped.signal,
    clock: systemClock,
    log: diary,
    timing: FAST,
    openEvaluators: standIn(),
    program: () => PROGRAM,
    ...parts,
  });
  ended.catch(() => {});
  return {
    diary,
    stop: async () => {
      stopped.abort();
      await ended;
    },
  };
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly diary: Diary;
  readonly exitCode: Promise<number | null>;
}

/** A worker in a process of its own. */
export function startWorker(url: string, folder: string, parts: Partial<WorkerArguments> = {}): WorkerProcess {
  const given: WorkerArguments = { url, ...foldersIn(folder), workers: 2, delayMs: 20, ...parts };
  return startProgram('queue-worker.ts', [JSON.stringify(given)]);
}

export function startProgram(file: string, args: readonly string[]): WorkerProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const diary = new Diary();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => diary.lines.push(...text.trimEnd().split('\n')));
  }
  return { child, diary, exitCode: new Promise((resolve) => child.once('exit', resolve)) };
}

function foldersIn(folder: string): { readonly strategiesDirectory: string; readonly cacheDirectory: string } {
  return { strategiesDirectory: join(folder, 'strategies'), cacheDirectory: join(folder, 'columns') };
}

/** Asks a Redis something. */
export async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
